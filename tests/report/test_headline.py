"""The answer of the page is its verdicts, and nothing that the page concludes by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synth_local.evaluate.summary import Condition, Confusion, FailedTraining
from synth_local.evaluate.verdicts.against import Origin
from synth_local.evaluate.verdicts.verdict import Verdict, pick_main
from synth_local.evaluate.verdicts.words import format_verdict
from synth_local.report.data import ReportData
from synth_local.report.headline import MOST_FAILED, Headline, write_headlines
from tests.report.made_report import judge, make_data, make_interval, make_task

REAL = Condition(
    task="sms_spam", source="real", generator="-", strategy="-", student="s", num_train=600
)
POOL = Condition(
    task="sms_spam", source="pool", generator="-", strategy="-", student="s", num_train=297
)
MADE = Condition(
    task="sms_spam",
    source="synthetic",
    generator="g",
    strategy="zero_shot",
    student="s",
    num_train=600,
)


def make_small() -> ReportData:
    return make_data((make_task(),), ("g",), ("zero_shot",), ("s",))


def make_headline(data: ReportData) -> Headline:
    [found] = write_headlines(data)
    return found


def set_gap(data: ReportData, apart: float, half: float) -> ReportData:
    """Return the report with this difference of synthetic to real."""
    assert data.summary is not None
    differences = tuple(
        replace(one, interval=make_interval(apart, half), error=half / 1.96)
        if one.condition.source == "synthetic"
        else one
        for one in data.summary.differences
    )
    return judge(data, differences=differences)


@pytest.mark.parametrize(
    ("counts", "only"),
    [(((5, 0), (3, 0)), "a"), (((0, 5), (0, 3)), "b"), (((5, 0), (2, 1)), ""), (((0, 0),), "")],
)
def test_a_confusion_knows_whether_all_items_were_called_the_same(
    counts: tuple[tuple[int, ...], ...], only: str
) -> None:
    assert Confusion(REAL, ("a", "b"), counts).only_label == only


@pytest.mark.parametrize(
    ("apart", "half", "answer", "claim"),
    [
        (-0.010, 0.005, "as_good", "As good as the same number of real texts within 0.02"),
        (-0.080, 0.020, "worse", "Worse than the same number of real texts by more than 0.02"),
        (-0.130, 0.170, "open", "Open"),
        (0.021, 0.018, "as_good", "As good as the same number of real texts within 0.02"),
    ],
)
def test_one_rule_gives_the_words_of_the_page(
    apart: float, half: float, answer: str, claim: str
) -> None:
    data = set_gap(make_small(), apart, half)
    found = make_headline(data)
    assert found.answer == answer
    assert found.claim == f"{claim}, for this corpus"
    told = format_verdict(data.verdicts[0])
    assert f"{found.claim}: {found.figures}".replace("\N{MINUS SIGN}", "-") == told


def test_a_failed_training_is_the_answer_and_gives_no_difference() -> None:
    failed = (FailedTraining(REAL, 1, "its macro-F1 is 0.502, that of its siblings 0.965"),)
    found = make_headline(judge(make_small(), failed=failed))
    assert (found.answer, found.claim, found.basis) == ("none", "No verdict", ())
    assert "1 of 3 trainings failed (seed 1: its macro-F1 is 0.502" in found.figures
    assert "train.min_steps" in found.figures
    assert found.failed == ()  # the sentence names it


def test_failed_trainings_of_other_conditions_are_named_and_very_many_are_counted() -> None:
    failed = (FailedTraining(POOL, 2, "it calls all test items ham"),)
    found = make_headline(judge(make_small(), failed=failed))
    assert found.failed == ("s, pool, 297 rows, seed 2: it calls all test items ham.",)
    many = tuple(FailedTraining(POOL, seed, "why") for seed in range(MOST_FAILED + 3))
    lines = make_headline(judge(make_small(), failed=many)).failed
    assert len(lines) == MOST_FAILED + 1
    assert lines[-1] == "3 more: see the table of results."


def test_a_second_failure_of_the_same_condition_is_named_beside_the_sentence() -> None:
    failed = (FailedTraining(REAL, 0, "first"), FailedTraining(REAL, 1, "second"))
    found = make_headline(judge(make_small(), failed=failed))
    assert found.failed == ("s, real, 600 rows, seed 1: second.",)


def test_what_limits_the_answer_is_what_the_verdict_says() -> None:
    origins = {MADE: Origin("unknown", "may have seen anything", "spam: 284 of 300 rows")}
    data = make_small()
    made = judge(data, origins)
    limits = make_headline(made).limits
    assert limits[0].startswith("for this corpus")
    assert "g may have seen anything." in limits
    assert "the corpus of g, zero_shot is incomplete: spam: 284 of 300 rows." in limits


def test_the_other_verdicts_have_a_line_each_and_their_reasons_once() -> None:
    found = make_headline(make_data((make_task(),), ("g",), ("zero_shot",), ("s", "t")))
    assert [row[:3] for row in found.others.rows] == [
        ("s", "added to the pool", "Open"),
        ("t", "instead of real", "Worse by more than 0.02"),
        ("t", "added to the pool", "Open"),
    ]
    [reason] = found.reasons
    assert reason.startswith("s, added to the pool; t, added to the pool: about 31 seeds")


def test_the_verdict_of_a_task_is_the_first_that_was_compared_not_the_best() -> None:
    def make(student: str, condition: str, gap: float) -> Verdict:
        return Verdict(task="t", student=student, question="instead_of_real", verdict="worse",
                       condition=condition, gap=gap)  # fmt: skip

    empty, first, best = make("a", "", 0.0), make("b", "x", 0.3), make("c", "y", 0.0)
    assert pick_main([empty, first, best]) is first
    assert pick_main([empty]) is empty
