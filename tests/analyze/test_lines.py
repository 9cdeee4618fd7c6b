from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import linregress, spearmanr, ttest_1samp
from scipy.stats import t as student
from statsmodels.regression.linear_model import OLS

from synth_local.analyze.lines import bound_mean, bound_slope, fit_line, rank_points, varies
from synth_local.core.stats import FloatArray
from synth_local.errors import UndefinedMetricError


@st.composite
def points(draw: st.DrawFn) -> tuple[FloatArray, FloatArray]:
    """Draw points on a coarse grid, so that values repeat."""
    num_points = draw(st.integers(2, 30))
    column = st.lists(st.integers(-6, 6), min_size=num_points, max_size=num_points)
    x, y = np.array(draw(column)) / 6, np.array(draw(column)) / 3
    assume(varies(x))
    return x, y


def test_a_line_is_what_it_is_by_hand() -> None:
    line = fit_line(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 2.0]))
    # around the means: sum xy = 1, sum xx = 2, sum yy = 2, so that R^2 = 1^2 / (2 * 2)
    assert line.slope == pytest.approx(0.5)
    assert line.r_squared == pytest.approx(0.25)


@settings(deadline=None)
@given(points())
def test_lines_and_ranks_are_those_of_scipy(drawn: tuple[FloatArray, FloatArray]) -> None:
    x, y = drawn
    line, rho = fit_line(x, y), rank_points(x, y)
    theirs = linregress(x, y)
    assert line.slope == pytest.approx(theirs.slope)
    if not varies(y):
        assert rho is None
        assert line.r_squared is None
        return
    assert rho == pytest.approx(spearmanr(x, y).statistic)
    assert line.r_squared == pytest.approx(theirs.rvalue**2)


def test_spearman_is_the_published_one_and_that_of_ranks_with_ties_by_hand() -> None:
    # hours of television a week against the intelligence quotient, the example of many textbooks
    quotient = np.array([106, 100, 86, 101, 99, 103, 97, 113, 112, 110.0])
    hours = np.array([7, 27, 2, 50, 28, 29, 20, 12, 6, 17.0])
    apart = quotient.argsort().argsort() - hours.argsort().argsort()
    assert rank_points(quotient, hours) == pytest.approx(-29 / 165)
    assert 1 - 6 * (apart @ apart) / (10 * 99) == pytest.approx(-29 / 165)
    # ranks 1.5 1.5 3 4 and 2 2 2 4 around 2.5: sum xy = 3, sum xx = 4.5, sum yy = 3
    tied = rank_points(np.array([0.5, 0.5, 0.7, 0.9]), np.array([0.0, 0.0, 0.0, 1.0]))
    assert tied == pytest.approx(3 / math.sqrt(4.5 * 3))


def test_a_line_over_one_value_of_x_is_undefined() -> None:
    with pytest.raises(UndefinedMetricError, match="of 3 points"):
        fit_line(np.full(3, 0.1), np.arange(3.0))
    with pytest.raises(UndefinedMetricError, match="of 0 points"):
        fit_line(np.array([]), np.array([]))


def test_the_interval_of_a_slope_is_student_s_with_the_hc3_error_by_hand() -> None:
    x = np.array([0.0, 0.0, 1.0, 1.0, 1.0, 2.0])
    y = np.array([0.0, 1.0, 1.0, 0.0, 2.0, 4.0])
    found = bound_slope(x, y)
    apart = x - x.mean()
    left_over = y - y.mean() - found.interval.point * apart
    leverage = 1 / 6 + apart**2 / (apart @ apart)
    error = np.sqrt(((apart * left_over / (1 - leverage)) ** 2).sum()) / (apart @ apart)
    # three of the six points are off x = 1, the commonest
    assert found.interval.high - found.interval.point == pytest.approx(
        student.isf(0.025, 2) * error
    )
    assert found.interval.low + found.interval.high == pytest.approx(2 * found.interval.point)
    assert found.p_value == pytest.approx(2 * student.sf(abs(found.interval.point) / error, 2))


def test_where_no_x_comes_twice_the_interval_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.random(9), rng.random(9)
    theirs = OLS(y, np.column_stack([np.ones(9), x])).fit(cov_type="HC3", use_t=True)
    found = bound_slope(x, y)
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(theirs.conf_int()[1]))
    assert found.p_value == pytest.approx(theirs.pvalues[1])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(5, 60))
def test_p_is_below_one_in_twenty_where_the_interval_leaves_zero_out(seed: int, num: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.choice([0.6, 0.8, 1.0], num), rng.standard_normal(num)
    x[:4] = 0.6, 0.8, 0.9, 1.0
    found = bound_slope(x, y + rng.uniform(-3, 3) * x)
    is_apart = not found.interval.low <= 0 <= found.interval.high
    assert is_apart == (found.p_value < 0.05)


def test_intervals_do_not_depend_on_the_order_of_points_or_on_their_units() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.random(50), rng.random(50)
    ours, order = bound_slope(x, y), rng.permutation(50)
    for one, factor in ((bound_slope(x[order], y[order]), 1), (bound_slope(2 * x + 1, y - 3), 2)):
        assert factor * one.interval.low == pytest.approx(ours.interval.low)
        assert factor * one.interval.high == pytest.approx(ours.interval.high)
        assert one.p_value == pytest.approx(ours.p_value)
    over = bound_slope(x, -y)
    assert over.interval.low == pytest.approx(-ours.interval.high)
    assert over.p_value == pytest.approx(ours.p_value)


def test_the_interval_of_a_mean_is_students() -> None:
    y = np.random.default_rng(3).standard_normal(10)
    ours, theirs = bound_mean(y), ttest_1samp(y, 0).confidence_interval()
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))
    assert ours.point == pytest.approx(y.mean())


def test_a_lower_level_gives_a_narrower_interval() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.random(50), rng.random(50)
    for wide, narrow in (
        (bound_slope(x, y).interval, bound_slope(x, y, 0.5).interval),
        (bound_mean(y), bound_mean(y, 0.5)),
    ):
        assert wide.low < narrow.low < narrow.point < narrow.high < wide.high
        assert (wide.level, narrow.level) == (0.95, 0.5)
