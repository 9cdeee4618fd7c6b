"""Which verdict of several runs decides; pilots, students and picks do not overrule the data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synth_local.evaluate.verdicts.advice import Finding, answer_elsewhere, decide
from synth_local.evaluate.verdicts.verdict import Question, Verdict


def find(
    gap: float,
    half: float,
    question: Question = "instead_of_real",
    run: str = "runs/a",
    **about: object,
) -> Finding:
    """A finding whose verdict follows from a gap and the half width of its interval."""
    if question in ("with_all_real", "with_pool"):
        said = "helps" if gap + half < 0 else "harms" if gap - half > 0 else "open"
    else:
        said = "as_good" if gap + half <= 0.02 else "worse" if gap - half > 0.02 else "open"
    values = {
        "task": "t", "student": "bert", "question": question, "verdict": said,
        "gap": gap, "low": gap - half, "high": gap + half, "error": half / 1.96,
        "num_tried": 1, "num_train": 3000, "partner_num_train": 3000, "partner_score": 0.9,
        "condition": "t__synthetic__g__few_shot__bert__n3000",
        "partner": "t__real__-__-__bert__n3000",
    }  # fmt: skip
    return Finding(Verdict(**{**values, **about}), run)  # type: ignore[arg-type]


def test_a_pilot_with_fewer_rows_overrules_nothing() -> None:
    large = find(0.10, 0.015, run="runs/large")
    pilot = find(-0.02, 0.015, run="runs/pilot", partner_num_train=50, num_train=50)
    [alone] = decide([large])
    [both] = decide([large, pilot])
    assert alone.verdict.verdict == both.verdict.verdict == "worse"
    assert both.run == "runs/large"
    assert any("runs/pilot" in reason for reason in both.verdict.reasons)


def test_each_situation_has_a_line_of_its_own_and_harm_is_never_outranked() -> None:
    answers = decide(
        [
            find(0.30, 0.02),
            find(-0.05, 0.02, "with_pool", partner_num_train=300),
            find(0.05, 0.02, "with_all_real"),
        ]
    )
    said = {one.verdict.question: one.verdict.verdict for one in answers}
    assert said == {"instead_of_real": "worse", "with_all_real": "harms", "with_pool": "helps"}


def test_another_margin_is_applied_to_the_stored_interval() -> None:
    finding = find(0.03, 0.005)
    assert decide([finding])[0].verdict.verdict == "worse"
    [lenient] = decide([finding], 0.05)
    assert (lenient.verdict.verdict, lenient.verdict.margin) == ("as_good", 0.05)
    none = replace(finding, verdict=replace(finding.verdict, verdict="none"))
    assert decide([none], 0.05)[0].verdict.verdict == "none"


def test_a_lenient_margin_makes_no_good_answer_of_texts_that_carry_what_was_seen() -> None:
    seen = find(0.06, 0.005, seen="yes")
    assert decide([seen])[0].verdict.verdict == "worse"
    [lenient] = decide([seen], 0.2)
    assert lenient.verdict.verdict == "none"
    assert "seen" in lenient.verdict.reasons[0]


def test_the_student_is_picked_on_validation_texts_and_not_on_the_test_texts() -> None:
    lucky = find(0.0, 0.005, student="lucky", partner_score=0.95, partner_validation=0.80)
    good = find(0.1, 0.005, student="good", partner_score=0.94, partner_validation=0.85)
    [found] = decide([lucky, good])
    assert found.verdict.student == "good"
    assert any("validation texts" in reason for reason in found.verdict.reasons)


def test_the_best_of_several_runs_is_widened_for_all_of_them() -> None:
    one = find(0.010, 0.0098)
    assert decide([one])[0].verdict.verdict == "as_good"
    others = [find(0.012 + n / 100, 0.0098, run=f"runs/{n}") for n in range(5)]
    [best] = decide([one, *others])
    assert best.verdict.num_tried == 6
    assert best.verdict.verdict == "open"


def test_a_run_without_an_answer_does_not_hide_one_that_has_one() -> None:
    none = find(0.5, 0.01, run="runs/failed")
    none = replace(none, verdict=replace(none.verdict, verdict="none", gap=-0.5))
    [found] = decide([none, find(0.1, 0.01, run="runs/good")])
    assert (found.run, found.verdict.verdict) == ("runs/good", "worse")


@pytest.mark.parametrize(("gaps", "said"), [((), "none"), ((0.1, 0.3), "open")])
def test_other_tasks_show_what_may_happen_and_decide_nothing(
    gaps: tuple[float, ...], said: str
) -> None:
    found = answer_elsewhere("mine", [find(gap, 0.01) for gap in gaps])
    assert found.verdict == said
    assert found.gap is None
    assert found.settles
