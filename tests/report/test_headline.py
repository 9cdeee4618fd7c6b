"""A headline claims no more than its students can carry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synth_local.evaluate.summary import Condition, Confusion
from synth_local.report.conditions import group_conditions, read_conditions
from synth_local.report.data import ReportData
from synth_local.report.headline import Headline, write_headline
from tests.report.made_report import make_data, make_interval, make_task

KEY = Condition("sms_spam", "real", "-", "-", "s", 600)


def make_headline(data: ReportData) -> Headline:
    conditions = group_conditions(read_conditions(data))["sms_spam", "s"]
    return write_headline(data, data.tasks[0], conditions)


def make_one_label(source: str) -> ReportData:
    """Return a report in which the students of one source call every item ham."""
    data = make_data((make_task(),), ("g",), ("zero_shot",), ("s",))
    assert data.summary is not None
    confusions = tuple(
        replace(one, counts=tuple((sum(row), 0) for row in one.counts))
        if one.condition.source == source
        else one
        for one in data.summary.confusions
    )
    return replace(data, summary=replace(data.summary, confusions=confusions))


@pytest.mark.parametrize(
    ("counts", "only"),
    [(((5, 0), (3, 0)), "a"), (((0, 5), (0, 3)), "b"), (((5, 0), (2, 1)), ""), (((0, 0),), "")],
)
def test_a_confusion_knows_whether_all_items_were_called_the_same(
    counts: tuple[tuple[int, ...], ...], only: str
) -> None:
    assert Confusion(KEY, ("a", "b"), counts).only_label == only


def test_a_student_that_learnt_nothing_from_real_texts_has_no_verdict() -> None:
    found = make_headline(make_one_label("real"))
    assert (found.verdict, found.difference) == ("blind", "")
    assert "calls all 1,000 test items ham" in found.sentences[0]
    assert "train.epochs" in found.sentences[0]
    assert not any("lower than real" in line for line in found.sentences)


def test_one_that_learnt_nothing_from_synthetic_texts_is_named_and_the_verdict_stands() -> None:
    found = make_headline(make_one_label("synthetic"))
    assert found.verdict == "below"
    assert any("nothing was learnt: synthetic" in line for line in found.cautions)


def test_students_that_learnt_have_neither() -> None:
    found = make_headline(make_one_label("nothing of that name"))
    assert found.verdict == "below"
    assert not any("nothing was learnt" in line for line in found.cautions)


@pytest.mark.parametrize(("p_holm", "verdict"), [(0.01, "above"), (0.2, "open")])
def test_ahead_of_real_means_ahead_after_correction_for_all_that_were_compared(
    p_holm: float, verdict: str
) -> None:
    data = make_data((make_task(),), ("g",), ("zero_shot",), ("s",))
    assert data.summary is not None
    higher = tuple(
        replace(one, interval=make_interval(0.03), p=0.004, p_holm=p_holm)
        if one.condition.source == "synthetic"
        else one
        for one in data.summary.differences
    )
    found = make_headline(replace(data, summary=replace(data.summary, differences=higher)))
    assert found.verdict == verdict
    assert any("higher than real" in line for line in found.sentences) == (verdict == "above")
    assert any("within chance" in line for line in found.sentences) == (verdict == "open")
