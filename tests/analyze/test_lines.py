from __future__ import annotations

import itertools
import math
import random
import tracemalloc

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import linregress, norm, spearmanr, ttest_1samp
from scipy.stats import t as student

from synth_local.analyze import lines
from synth_local.analyze.lines import (
    Draws,
    bound_mean,
    bound_slope,
    expand_level,
    fit_line,
    permute_slope,
    rank_points,
    varies,
)
from synth_local.core.stats import FloatArray
from synth_local.errors import UndefinedMetricError

FEW = Draws(num_draws=200, num_permutations=199)


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
    assert (line.slope, line.intercept) == pytest.approx((0.5, 1.5))
    assert line.r_squared == pytest.approx(0.25)


@settings(deadline=None)
@given(points())
def test_lines_and_ranks_are_those_of_scipy(drawn: tuple[FloatArray, FloatArray]) -> None:
    x, y = drawn
    line, rho = fit_line(x, y), rank_points(x, y)
    theirs = linregress(x, y)
    assert (line.slope, line.intercept) == pytest.approx((theirs.slope, theirs.intercept))
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


@settings(max_examples=30, deadline=None)
@given(points(), st.randoms())
def test_resamples_do_not_depend_on_the_order_of_points(
    drawn: tuple[FloatArray, FloatArray], source: random.Random
) -> None:
    x, y = drawn
    order = np.array(source.sample(range(len(x)), len(x)))
    ours, theirs = bound_slope(x, y, FEW), bound_slope(x[order], y[order], FEW)
    assert (ours.low, ours.high) == (theirs.low, theirs.high)
    assert permute_slope(x, y, FEW) == permute_slope(x[order], y[order], FEW)


@settings(max_examples=30, deadline=None)
@given(points())
def test_turning_the_line_over_turns_its_interval_over_and_leaves_p(
    drawn: tuple[FloatArray, FloatArray],
) -> None:
    x, y = drawn
    wide = Draws(num_draws=200, num_permutations=4999)
    assert permute_slope(x, y, wide) == pytest.approx(permute_slope(x, -y, wide), abs=0.04)
    assert permute_slope(x, y, FEW) == pytest.approx(permute_slope(3 * x + 1, 5 * y + 2, FEW))
    assert bound_slope(x, y, FEW).point == pytest.approx(-bound_slope(x, -y, FEW).point)


def test_the_same_seed_gives_the_same_figures_and_another_seed_does_not() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.random(50), rng.random(50)
    other = Draws(FEW.num_draws, FEW.num_permutations, seed=1)
    assert bound_slope(x, y, FEW) == bound_slope(x, y, FEW)
    assert bound_slope(x, y, FEW) != bound_slope(x, y, other)
    assert permute_slope(x, y, FEW) == permute_slope(x, y, FEW)


def test_intervals_are_those_of_a_bootstrap_that_draws_points_one_by_one() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.choice([0.6, 0.8, 1.0], 100), rng.choice([-1.0, 0.0, 1.0], 100)
    drawn = rng.integers(0, 100, size=(20_000, 100))
    covariances = (x[drawn] * y[drawn]).mean(axis=1) - x[drawn].mean(axis=1) * y[drawn].mean(axis=1)
    most = max(np.sum(x == value) for value in (0.6, 0.8, 1.0))
    tail = (1 - expand_level(0.95, 100 - int(most))) / 2
    theirs = np.quantile(covariances / x[drawn].var(axis=1), [tail, 1 - tail])
    ours = bound_slope(x, y, Draws(num_draws=20_000))
    assert [ours.low, ours.high] == pytest.approx(list(theirs), abs=0.05)
    tail = (1 - expand_level(0.95, 100)) / 2
    theirs = np.quantile(y[drawn].mean(axis=1), [tail, 1 - tail])
    ours = bound_mean(y, Draws(num_draws=20_000))
    assert [ours.low, ours.high] == pytest.approx(list(theirs), abs=0.015)
    assert ours.point == pytest.approx(y.mean())


def test_the_interval_of_few_points_is_as_wide_as_students() -> None:
    y = np.random.default_rng(3).standard_normal(10)
    ours = bound_mean(y, Draws(num_draws=100_000))
    theirs = ttest_1samp(y, 0).confidence_interval()
    # ten standard normal numbers: a plain percentile interval has 0.83 of this width
    assert ours.high - ours.low == pytest.approx(theirs.high - theirs.low, rel=0.05)


def test_an_interval_is_expanded_the_less_the_more_points_there_are() -> None:
    levels = [expand_level(0.95, num) for num in (1, 2, 5, 20, 100, 10**6)]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] == levels[1] <= 1
    assert levels[-1] == pytest.approx(0.95, abs=1e-5)
    # what ExpandProbs of R's package resample is defined by: z sqrt((n - 1) / n) = t
    reach = norm.isf((1 - expand_level(0.95, 10)) / 2)
    assert reach * math.sqrt(9 / 10) == pytest.approx(student.isf(0.025, 9))


def test_a_lower_level_gives_a_narrower_interval() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.random(50), rng.random(50)
    wide, narrow = bound_slope(x, y, Draws()), bound_slope(x, y, Draws(level=0.5))
    assert wide.low < narrow.low < narrow.point < narrow.high < wide.high
    assert (wide.level, narrow.level) == (0.95, 0.5)


def test_resamples_in_which_x_does_not_vary_are_left_out() -> None:
    x, y = np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.2, 0.2, 0.2, 0.7])
    found = bound_slope(x, y, FEW)  # the fourth point is in 68 % of resamples
    assert (found.low, found.high) == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize(
    "y",
    [
        pytest.param([0.9, 0.1, 0.6, 0.2, 0.0, 0.1, 0.0], id="many values, points permuted"),
        pytest.param([1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0], id="few values, counts drawn"),
    ],
)
def test_p_approaches_the_full_enumeration_of_permutations(y: list[float]) -> None:
    x = np.array([0.6, 0.6, 0.8, 0.8, 1.0, 1.0, 1.0])

    def distance(values: FloatArray) -> float:
        left, right = values - values.mean(), np.array(y) - np.mean(y)
        return abs(float(left @ right)) / math.sqrt((left**2) @ (right**2))

    far = [distance(x[list(order)]) for order in itertools.permutations(range(7))]
    exact = np.mean(np.array(far) >= distance(x) - 1e-9)
    found = permute_slope(x, np.array(y), Draws(num_permutations=40_000))
    assert found == pytest.approx(exact, abs=0.01)


def test_counts_are_distributed_as_those_of_permuted_points() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.choice([-0.5, 0.0, 0.5], 60), rng.choice([-1.0, 0.0, 1.0], 60, p=[0.2, 0.7, 0.1])
    tables, permuted = (
        permute(x, y, 20_000, rng) for permute in (lines._permute_table, lines._permute_points)
    )
    shares = np.linspace(0.05, 0.95, 19)
    assert np.quantile(tables, shares) == pytest.approx(np.quantile(permuted, shares), abs=0.06)


def test_p_is_one_where_y_does_not_vary_and_where_the_slope_is_exactly_zero() -> None:
    x = np.repeat([0.6, 0.8, 1.0], 6)
    assert permute_slope(x, np.full(18, 0.5), FEW) == 1.0
    assert permute_slope(x, np.tile([0.0, 1.0], 9), FEW) == 1.0


def test_p_is_never_zero() -> None:
    x = np.linspace(0.5, 1, 60)
    assert permute_slope(x, -x, Draws(num_permutations=99)) == pytest.approx(0.01)


def test_blocks_of_resamples_do_not_grow_with_their_number() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.random(20_000), rng.random(20_000)
    tracemalloc.start()
    bound_slope(x, y, Draws(num_draws=300))
    permute_slope(x, y, Draws(num_permutations=300))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 45 << 20  # 300 resamples at once would be 48 MB, several times over


def test_permutations_do_not_depend_on_the_size_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.random(40), rng.random(40)
    whole = permute_slope(x, y, FEW), bound_slope(x, y, FEW)
    monkeypatch.setattr("synth_local.analyze.lines._BLOCK_ELEMENTS", 100)
    assert (permute_slope(x, y, FEW), bound_slope(x, y, FEW)) == whole
