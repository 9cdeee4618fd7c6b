from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_local.analyze.advice import (
    Finding,
    decide_here,
    predict_elsewhere,
    predict_gap,
    widen,
)
from synth_local.records import Interval


def find(
    gap: tuple[float, float, float], gain: tuple[float, float, float] | None = None, **more: Any
) -> Finding:
    values: dict[str, object] = {"task": "t", "generator": "g", "strategy": "few_shot"}
    values |= {
        "student": "s",
        "real": 0.9,
        "gap": Interval(*gap),
        "gains": (Interval(*gain),) if gain else (),
    }
    return Finding(**values | more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gap", "gain", "verdict"),
    [
        ((0.0, -0.01, 0.015), None, "use"),
        ((0.0, -0.01, 0.03), None, "not known"),
        ((0.1, 0.05, 0.15), None, "do not use"),
        ((0.1, 0.05, 0.15), (0.04, 0.01, 0.07), "use with real"),
        ((0.1, 0.05, 0.15), (0.04, -0.01, 0.07), "do not use"),
        ((0.03, -0.05, 0.1), (-0.2, -0.3, -0.1), "not known"),
    ],
)
def test_the_verdict_says_what_the_intervals_carry(
    gap: tuple[float, float, float], gain: tuple[float, float, float] | None, verdict: str
) -> None:
    assert decide_here([find(gap, gain)]).verdict == verdict


def test_a_generator_that_has_seen_the_task_recommends_nothing_but_may_warn() -> None:
    good = find((0.0, -0.01, 0.015), (0.1, 0.05, 0.15), is_tainted=True)
    assert decide_here([good]).verdict == "not known"
    bad = find((0.1, 0.05, 0.15), (0.1, 0.05, 0.15), is_tainted=True)
    assert decide_here([bad]).verdict == "do not use"


def test_a_student_that_is_poor_with_real_texts_does_not_decide() -> None:
    good = find((0.3, 0.28, 0.32), student="bert", real=0.95)
    poor = find((0.0, -0.005, 0.005), student="bag", real=0.6)
    picked = decide_here([poor, good])
    assert (picked.verdict, picked.finding) == ("do not use", good)
    others = [replace(one, task=f"task{n}") for n in range(5) for one in (poor, good)]
    predicted = predict_elsewhere(others, None)
    assert predicted.gap is not None
    assert predicted.gap.point == pytest.approx(0.3)


def test_a_generator_that_has_not_seen_the_task_is_heard_before_one_that_has() -> None:
    tainted = find((0.0, -0.005, 0.005), is_tainted=True)
    assert decide_here([tainted, find((0.005, 0.0, 0.01))]).verdict == "use"
    assert decide_here([tainted, find((0.3, 0.28, 0.32))]).verdict == "do not use"


def test_the_best_of_many_needs_a_wider_interval() -> None:
    one = find((0.0, -0.018, 0.018))
    assert decide_here([one]).verdict == "use"
    rest = [find((0.05, 0.0, 0.1), strategy=f"s{n}") for n in range(9)]
    picked = decide_here([one, *rest])
    assert picked.verdict == "not known"
    assert picked.finding == one


def test_the_surest_of_several_gains_needs_a_wider_interval_too() -> None:
    gap, gain = (0.1, 0.05, 0.15), (0.04, 0.005, 0.075)
    assert decide_here([find(gap, gain)]).verdict == "use with real"
    both = find(gap, gains=(Interval(*gain), Interval(-0.1, -0.2, 0.0)))
    assert decide_here([both]).verdict == "do not use"


@given(st.floats(-0.5, 0.5), st.floats(0, 0.3), st.floats(0, 0.3), st.integers(1, 50))
def test_widening_keeps_the_point_and_never_narrows(
    point: float, below: float, above: float, num_tried: int
) -> None:
    one = Interval(point, point - below, point + above)
    wide = widen(one, num_tried)
    assert wide.point == one.point
    assert wide.low <= one.low + 1e-12
    assert wide.high >= one.high - 1e-12


def elsewhere(gaps: list[float], agreement: list[float | None], **more: Any) -> list[Finding]:
    return [
        find((gap, gap - 0.01, gap + 0.01), task=f"task{n}", agreement=agreed, **more)
        for n, (gap, agreed) in enumerate(zip(gaps, agreement, strict=True))
    ]


def test_without_evidence_nothing_is_known() -> None:
    advice = predict_elsewhere([], 0.9)
    assert (advice.verdict, advice.gap, advice.basis) == ("not known", None, "nothing")
    few = predict_elsewhere(elsewhere([0.1] * 3, [0.9] * 3), 0.9)
    assert (few.verdict, few.gap, few.num_tasks) == ("not known", None, 3)


def test_agreement_is_used_where_it_is_known_on_both_sides() -> None:
    agreement = [0.6, 0.7, 0.8, 0.9, 0.95, 1.0]
    findings = elsewhere([1 - one for one in agreement], [*agreement])
    by_agreement = predict_elsewhere(findings, 0.65)
    assert by_agreement.basis == "other tasks by agreement"
    assert by_agreement.gap is not None
    assert by_agreement.gap.point == pytest.approx(0.35)
    assert by_agreement.verdict == "do not use"
    assert predict_elsewhere(findings, 1.0).verdict == "use"
    blind = predict_elsewhere(findings, None)
    assert (blind.basis, blind.verdict) == ("other tasks", "not known")
    tainted = elsewhere([1 - one for one in agreement], [*agreement], is_tainted=True)
    assert predict_elsewhere(tainted, 1.0).verdict == "not known"
    assert predict_elsewhere(tainted, 0.65).verdict == "do not use"


@pytest.mark.slow
@pytest.mark.parametrize("num_tasks", [4, 6, 12])
@pytest.mark.parametrize("uses_agreement", [True, False])
def test_the_interval_holds_a_task_that_was_left_out(num_tasks: int, uses_agreement: bool) -> None:
    rng = np.random.default_rng(num_tasks)
    held, num_trials = 0, 1000
    for _ in range(num_trials):
        agreement = rng.uniform(0.6, 1.0, num_tasks + 1)
        gaps = (0.4 * (1 - agreement) if uses_agreement else 0.1) + rng.normal(
            0, 0.03, num_tasks + 1
        )
        x = agreement[1:] if uses_agreement else None
        found = predict_gap(x, gaps[1:], float(agreement[0]) if uses_agreement else None)
        held += found.low <= gaps[0] <= found.high
    # 95 % is aimed at: three standard errors of 1,000 trials on either side
    assert 0.929 <= held / num_trials <= 0.971
