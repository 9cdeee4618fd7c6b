from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import linregress, spearmanr

from synth_local.analyze.thresholds import trace_curve
from synth_local.core.stats import FloatArray, IntArray


@st.composite
def answers(draw: st.DrawFn) -> tuple[FloatArray, IntArray]:
    num_items = draw(st.integers(1, 40))
    shares = st.sampled_from([0.4, 0.5, 0.6, 2 / 3, 0.75, 0.8, 1.0])
    row = st.lists(st.integers(0, 1), min_size=2, max_size=2)
    agreement = draw(st.lists(shares, min_size=num_items, max_size=num_items))
    return np.array(agreement), np.array(
        draw(st.lists(row, min_size=num_items, max_size=num_items))
    )


def test_a_curve_is_what_it_is_by_hand() -> None:
    agreement = np.array([0.5, 1.0, 0.75, 0.5, 1.0, 0.75])
    correct = np.array([[0, 0], [1, 1], [1, 0], [0, 1], [1, 1], [0, 0]])
    curve = trace_curve(agreement, correct, min_items=1)
    assert curve.thresholds == (0.5, 0.75, 1.0)
    assert curve.counts == (6, 4, 2)
    assert curve.accuracies == pytest.approx((6 / 12, 5 / 8, 1.0))
    # around the means: sum xy = 1/8, sum xx = 1/8, sum yy = 13/96, so that R^2 = 12/13
    assert curve.slope == pytest.approx(1.0)
    assert curve.r_squared == pytest.approx(12 / 13)
    assert curve.spearman == pytest.approx(1.0)


@settings(deadline=None)
@given(answers(), st.integers(1, 12))
def test_a_curve_keeps_what_lies_at_or_above_each_threshold_and_fits_what_scipy_fits(
    drawn: tuple[FloatArray, IntArray], min_items: int
) -> None:
    agreement, correct = drawn
    curve = trace_curve(agreement, correct, min_items)
    thresholds, accuracies = curve.thresholds, curve.accuracies
    for threshold, accuracy, count in zip(thresholds, accuracies, curve.counts, strict=True):
        kept = [row for share, row in zip(agreement, correct, strict=True) if share >= threshold]
        assert count == len(kept) >= min_items
        assert accuracy == pytest.approx(np.mean(kept))
    assert list(thresholds) == sorted(set(thresholds))
    if len(thresholds) < 3:
        assert curve.slope is curve.r_squared is curve.spearman is None
        return
    line = linregress(thresholds, accuracies)
    assert curve.slope == pytest.approx(line.slope)
    if len(set(accuracies)) == 1:
        assert curve.r_squared is curve.spearman is None
    else:
        assert curve.r_squared == pytest.approx(line.rvalue**2)
        assert curve.spearman == pytest.approx(spearmanr(thresholds, accuracies).statistic)


def test_thresholds_that_keep_too_few_items_are_left_out() -> None:
    agreement = np.repeat([0.4, 0.6, 0.8, 1.0], [5, 5, 1, 9])
    curve = trace_curve(agreement, np.ones((20, 1), dtype=int))
    assert curve.counts == (20, 15, 10)


@pytest.mark.parametrize(
    ("agreement", "correct"),
    [
        pytest.param([0.5, 1.0], [[1]], id="other items"),
        pytest.param([0.5], [[]], id="no seeds"),
        pytest.param([0.5], [[3]], id="no correctness"),
    ],
)
def test_tables_that_do_not_fit_are_refused(
    agreement: list[float], correct: list[list[int]]
) -> None:
    with pytest.raises(ValueError, match=r"fit|0 and 1"):
        trace_curve(np.array(agreement), np.array(correct))
