"""Verdicts on single completions: form, length, leaks and copies, in that order."""

from __future__ import annotations

import pytest

from synth_local.curate.reasons import REASONS
from synth_local.curate.reference import MIN_SHINGLES, Reference
from synth_local.curate.rows import RowChecker, count_words, describe_checks
from synth_local.records import Completion, Example, FinishReason, Slot, Verdict
from synth_local.task import TaskFile
from tests.curate.made_turns import LABELS, make_completion, make_slot

TRAIN = (
    Example("train-1", "See you at the corner shop at noon, bring the blue bag.", "ham"),
    Example("train-2", "You have won a holiday for two, call 0800 555 now!", "spam"),
    Example("train-3", "ok", "ham"),
)
VALIDATION = (Example("validation-1", "The plumber comes on Tuesday, please be home.", "ham"),)
TEST = (Example("test-1", "Grandma says hi and asks about the garden chairs.", "ham"),)
REFERENCE = Reference.build(TRAIN, VALIDATION, TEST)


def check(
    text: str, *, finish: FinishReason = "stop", exemplars: tuple[str, ...] = (), max_words: int = 9
) -> Verdict:
    checker = RowChecker(LABELS, ("", ""), "text message", 2, max_words, 0.8, REFERENCE)
    return checker.check(make_slot("ham", exemplar_ids=exemplars), make_completion(text, finish))


def test_a_new_text_passes_and_comes_out_clean() -> None:
    assert check('Sure! Here is a text message:\n\n"home in five minutes"') == Verdict(
        "home in five minutes"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I'm sorry, but I can't assist with that.", "refusal"),
        ("ha", "too_short"),
        ("one " * 18, ""),
        ("one " * 19, "too_long"),
        ("...", "empty"),
        ("call [Your Name] back", "placeholder"),
    ],
)
def test_form_and_length_have_names(text: str, reason: str) -> None:
    verdict = check(text)
    assert verdict.reason == reason
    assert verdict.culprit_kind == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("home in five minutes and then we", "truncated"),
        ("<think>The user wants", "truncated"),
        ("call [Your Name] and then", "truncated"),
        ("I'm sorry, but I can't help with that. If you", "refusal"),
        ("1. home soon\n2. home late\n3. ho", "several_texts"),
    ],
)
def test_a_cut_completion_is_truncated_unless_its_form_says_more(text: str, expected: str) -> None:
    assert check(text, finish="length").reason == expected


@pytest.mark.parametrize("wrap", ["{}", "  {}!!", '"{}"'])
def test_verbatim_copies_and_leaks_name_the_real_text(wrap: str) -> None:
    copy = check(wrap.format(TRAIN[0].text.upper()))
    assert (copy.reason, copy.culprit_kind, copy.culprit_id) == (
        "verbatim_copy",
        "train",
        "train-1",
    )
    copy = check(wrap.format(VALIDATION[0].text))
    assert (copy.reason, copy.culprit_id) == ("verbatim_copy", "validation-1")
    leak = check(wrap.format(TEST[0].text))
    assert (leak.reason, leak.culprit_kind, leak.culprit_id) == ("test_leak", "test", "test-1")


def test_a_near_copy_names_the_exemplar_or_the_training_text() -> None:
    text = "See you at the corner shop at noon, bring the red bag."
    assert check(text) == Verdict(text, "near_copy", "train", "train-1")
    shown = check(text, exemplars=("train-2", "train-1"))
    assert shown == Verdict(text, "near_copy", "exemplar", "train-1")


def test_a_near_match_of_the_test_split_is_dropped_unless_it_is_to_be_kept() -> None:
    text = "Grandma says hi and asks about the garden table."
    share = REFERENCE.find_near_test(text)
    assert share is not None
    shown = {
        (above, drops): RowChecker(
            LABELS, ("", ""), "text", 2, 9, above, REFERENCE, drops_near_test=drops
        ).check(make_slot("ham"), make_completion(text))
        for above in (share.share - 0.01, share.share)
        for drops in (True, False)
    }
    refused = Verdict(text, "near_test_match", "test", "test-1")
    assert [one.reason for one in shown.values()] == [refused.reason, "", "", ""]
    assert shown[share.share - 0.01, True] == refused


def test_the_share_of_a_very_short_text_says_nothing() -> None:
    short = "bring the blue bag"
    assert len(short) - 4 < MIN_SHINGLES
    assert REFERENCE.find_copied(short) is None
    assert check(short) == Verdict(short)
    assert check("OK! ok?").reason == ""  # two words, and not the real text "ok"
    longer = "at noon, bring the blue bag"
    assert check(longer).reason == "near_copy"


def test_a_text_of_both_splits_is_a_leak_and_marks_alone_match_nothing() -> None:
    both = Reference.build(
        (Example("a", "same words", "ham"), Example("b", ":)", "ham")),
        (),
        (Example("c", "Same Words", "ham"),),
    )
    match = both.find_verbatim("same, words")
    assert match is not None
    assert (match.split, match.id) == ("test", "c")
    assert both.find_verbatim(":(") is None


def test_the_reference_digest_follows_texts_and_sides() -> None:
    same = Reference.build((*TRAIN,), VALIDATION, TEST)
    other = Reference.build(TRAIN, (), (*VALIDATION, *TEST))
    assert same.digest == REFERENCE.digest != other.digest


@pytest.mark.parametrize(
    ("text", "expected"), [("two words", 2), ("", 0), ("你好吗", 3), ("日本 ok 語", 4)]
)
def test_words_are_counted_without_blanks_too(text: str, expected: int) -> None:
    assert count_words(text) == expected


def test_the_settings_are_all_in_the_description() -> None:
    labels = {"ham": {"description": "wanted"}, "spam": {"description": "junk", "phrase": "junk"}}

    def describe(max_words: int, *, drops: bool = True) -> dict[str, object]:
        value = {"name": "sms", "labels": labels, "context": "messages", "kind": "text message"}
        length = {"min_words": 2, "max_words": max_words}
        data = {"train": "t.csv", "text": "text", "label": "label"}
        spec = TaskFile.model_validate({**value, "length": length, "data": data})
        return describe_checks(spec, 0.8, drops_near_test=drops)

    base = describe(9)
    assert base["labels"] == ["ham", "spam"]
    assert base["phrases"] == ["", "junk"]
    assert len({str(one) for one in (base, describe(10), describe(9, drops=False))}) == 3


def test_every_reason_has_one_line() -> None:
    assert all(text and "\n" not in text for text in REASONS.values())


def test_what_a_task_takes_out_of_real_texts_is_taken_out_of_synthetic_ones() -> None:
    checker = RowChecker(
        labels=("irony", "no"),
        phrases=("", ""),
        kind="tweet",
        min_words=1,
        max_words=None,
        max_copy=0.8,
        reference=Reference.build([], [], []),
        clean=(r"#irony\b",),
    )
    slot = Slot("t.z.0.000000", "t", "z", "irony", 0, 0, 0, 1)
    written = Completion(slot.id, "What a lovely queue #irony", 3, 3, "stop")
    assert checker.check(slot, written) == Verdict("What a lovely queue")
    bare = Completion(slot.id, "#irony", 3, 3, "stop")
    assert checker.check(slot, bare).reason == "empty"
