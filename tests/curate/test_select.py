"""Which slots become rows: order decides, not time, and nothing is lost."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_local.core.text import match_key, shingles
from synth_local.curate.counts import LabelCounts, count_outcomes, find_near_test
from synth_local.curate.duplicates import DuplicateFinder, choose_bands, keep_distinct
from synth_local.curate.reasons import REASONS
from synth_local.curate.reference import Reference
from synth_local.curate.select import Selection, select
from synth_local.errors import DataError
from synth_local.records import Example, Turn
from tests.curate.made_turns import LABELS, make_turn

WORDS = ("free", "prize", "call", "mum", "late", "train", "home", "tonight", "now", "win")
TEXT = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)


def pick(turns: list[Turn], ham: int = 3, spam: int = 3, near: float = 0.7) -> Selection:
    return select(turns, {"ham": ham, "spam": spam}, near, LABELS)


def accepted_ids(selection: Selection, label: str | None = None) -> list[str]:
    return [
        outcome.turn.slot.id
        for outcome in selection.accepted
        if label in (None, outcome.turn.slot.label)
    ]


def plan(texts: list[str]) -> list[Turn]:
    """Give the texts to ham 0, spam 0, ham 1, spam 1, ..."""
    return [make_turn(text, LABELS[i % 2], i // 2) for i, text in enumerate(texts)]


def test_a_repeat_names_the_earlier_slot_across_labels() -> None:
    selection = pick([make_turn("See you!", "ham", 0), make_turn("see YOU", "spam", 1)])
    verdict = selection.drops[0].verdict
    assert (verdict.reason, verdict.culprit_kind) == ("duplicate", "slot")
    assert verdict.culprit_id == selection.accepted[0].turn.slot.id
    assert selection.missing == {"ham": 2, "spam": 3}


def test_a_near_repeat_is_dropped_from_the_threshold_on() -> None:
    first, second = "the train is late again tonight", "the train is late again today"
    both = shingles(first) | shingles(second)
    jaccard = len(shingles(first) & shingles(second)) / len(both)
    turns = [make_turn(first, "ham", 0), make_turn(second, "ham", 1)]
    verdict = pick(turns, near=jaccard).drops[0].verdict
    assert (verdict.reason, verdict.culprit_id) == ("near_duplicate", turns[0].slot.id)
    assert not pick(turns, near=jaccard + 1e-9).drops
    assert not pick(turns, near=1).drops


def test_of_several_similar_texts_the_earliest_is_named() -> None:
    finder = DuplicateFinder(0.5)
    common = "the train to town is late again"
    assert finder.admit("first", f"{common} 111 222 333 444 5") is None
    assert finder.admit("second", f"{common} aaa bbb ccc ddd e") is None
    clash = finder.admit("third", common)
    assert clash is not None
    assert clash.id == "first"


def test_what_was_dropped_before_is_nobodys_original() -> None:
    turns = [
        make_turn("call me at home", "ham", 0, reason="verbatim_copy"),
        make_turn("call me at home", "ham", 1),
    ]
    selection = pick(turns)
    assert [one.verdict.reason for one in selection.drops] == ["verbatim_copy"]
    assert accepted_ids(selection) == [turns[1].slot.id]


def test_beyond_its_number_a_label_has_surplus_that_blocks_nobody() -> None:
    turns = [
        make_turn("mum is home", "ham", 0),
        make_turn("train is late", "ham", 1),
        make_turn("train is late", "spam", 2),
    ]
    selection = pick(turns, ham=1)
    assert [one.verdict.reason for one in selection.drops] == ["surplus"]
    assert accepted_ids(selection, "spam") == [turns[2].slot.id]


def test_rounds_are_read_off_positions() -> None:
    turns = [make_turn(f"{word} {word}", "ham", i) for i, word in enumerate(WORDS[:5])]
    rounds = [{"ham": 2, "spam": 1}, {"ham": 1}, {"ham": 2}]
    selection = select(turns, {"ham": 5, "spam": 0}, 1, LABELS, rounds)
    assert [outcome.round for outcome in selection.accepted] == [0, 0, 1, 2, 2]


def test_a_slot_that_stands_twice_or_has_a_foreign_label_is_an_error() -> None:
    turn = make_turn("home", "ham", 0)
    with pytest.raises(DataError, match="stands twice"):
        pick([turn, turn])
    with pytest.raises(DataError, match="'ham' is not one of"):
        select([turn], {"spam": 1}, 0.7, ("spam",))


@given(st.lists(TEXT, max_size=24), st.randoms(use_true_random=False), st.integers(0, 4))
def test_the_order_in_which_rows_arrive_decides_nothing(
    texts: list[str], source: random.Random, ham: int
) -> None:
    turns = plan(texts)
    shuffled = source.sample(turns, len(turns))
    assert pick(shuffled, ham) == pick(turns, ham)


@given(st.lists(TEXT, max_size=24), st.integers(0, 24), st.integers(0, 3), st.integers(0, 3))
def test_slots_after_a_label_is_full_change_nothing(
    texts: list[str], cut: int, ham: int, spam: int
) -> None:
    turns = plan(texts)
    short = pick(turns[:cut], ham, spam)
    whole = pick(turns, ham, spam)
    for label in LABELS:
        if not short.missing[label]:
            assert accepted_ids(whole, label) == accepted_ids(short, label)


@given(st.lists(TEXT, max_size=20, unique_by=match_key), st.integers(0, 5))
def test_the_number_of_one_label_does_not_move_another(texts: list[str], ham: int) -> None:
    turns = plan(texts)
    assert accepted_ids(pick(turns, ham, near=1), "spam") == accepted_ids(
        pick(turns, near=1), "spam"
    )


@given(st.lists(TEXT, max_size=24), st.sampled_from([0.3, 0.5, 0.7, 0.9]))
def test_selection_agrees_with_brute_force(texts: list[str], near: float) -> None:
    kept: list[str] = []
    for text in texts:
        similar = [
            len(shingles(text) & shingles(one)) / len(shingles(text) | shingles(one))
            for one in kept
        ]
        repeats = match_key(text) in map(match_key, kept)
        if not repeats and max(similar, default=0) < near:
            kept.append(text)
    selection = pick(plan(texts), 99, 99, near)
    assert [outcome.verdict.text for outcome in selection.accepted] == kept


@given(st.lists(TEXT, max_size=24), st.lists(st.sampled_from(["", "", "refusal"]), min_size=24))
def test_every_slot_has_one_outcome_and_counts_add_up(texts: list[str], reasons: list[str]) -> None:
    turns = [
        make_turn(text, LABELS[i % 2], i // 2, reason)
        for i, (text, reason) in enumerate(zip(texts, reasons, strict=False))
    ]
    selection = pick(turns)
    outcomes = [*selection.accepted, *selection.drops]
    assert sorted(one.turn.slot.id for one in outcomes) == sorted(one.slot.id for one in turns)
    assert all(one.verdict.reason in REASONS for one in selection.drops)
    counts = count_outcomes(selection, LABELS)
    assert sum(one.admitted for one in counts.values()) == len(turns)
    assert all(one.admitted == one.accepted + sum(one.drops.values()) for one in counts.values())


def test_counts_are_by_label_and_in_the_order_of_reasons() -> None:
    turns = [
        make_turn("home", "spam", 0),
        make_turn("home", "spam", 1),
        make_turn("I cannot", "spam", 2, "refusal"),
        make_turn("win", "spam", 3, "from_another_version"),
    ]
    counts = count_outcomes(pick(turns), LABELS)
    assert counts["ham"] == LabelCounts(0, 0, {})
    assert counts["spam"] == LabelCounts(
        4, 1, {"refusal": 1, "duplicate": 1, "from_another_version": 1}
    )
    assert list(counts["spam"].drops)[:2] == ["refusal", "duplicate"]


def test_rows_near_the_test_split_are_listed() -> None:
    reference = Reference.build((), (), (Example("t", "we meet at the old station at six", "ham"),))
    rows = [Example("a", "we meet at the old station at 6", "ham"), Example("b", "no idea", "ham")]
    near = find_near_test(rows, reference, 0.8)
    assert [(one.id, one.test_id) for one in near] == [("a", "t")]
    assert 0.8 < near[0].share < 1


def test_real_texts_are_deduplicated_by_the_same_rule() -> None:
    texts = [
        "see you at the station",
        "SEE YOU at the station!",
        "see you at the stations",
        ":)",
        ":(",
    ]
    kept = keep_distinct([Example(text, text, "ham") for text in texts], 0.7)
    assert [one.text for one in kept] == [texts[0], ":)", ":("]


def test_near_repeats_are_found_among_many_texts() -> None:
    rng = random.Random(0)
    syllables = ["ka", "lo", "mi", "ten", "ru", "sa", "bel", "dor", "fi", "gan", "zu", "pe"]
    words = ["".join(rng.choices(syllables, k=3)) for _ in range(600)]
    finder = DuplicateFinder(0.7)
    texts = [" ".join(rng.choices(words, k=14)) for _ in range(400)]
    assert not any(finder.admit(f"{i}", text) for i, text in enumerate(texts))
    for i, text in enumerate(texts):
        changed = text.split()
        changed[7] = "other"
        clash = finder.admit(f"new {i}", " ".join(changed))
        assert clash is not None
        assert clash.id == f"{i}"


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.99])
def test_bands_miss_few_pairs_at_the_threshold(threshold: float) -> None:
    bands, rows = choose_bands(threshold)
    assert bands * rows <= 128
    assert (1 - threshold**rows) ** bands <= 1e-3
