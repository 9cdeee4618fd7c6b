"""Least-squares lines and rank correlations, with resamples of the points.

A point is whatever the caller's unit is: a test item, a task. Resamples depend on the points and a
seed, not on the order in which the points come. Knows nothing of agreement or gaps.

Axis letters in comments: B resamples, I points, P distinct points.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.stats import norm, spearmanr
from scipy.stats import t as student

from synth_local.core.hashing import derive_seed
from synth_local.core.stats import FloatArray, IntArray, bound_draws
from synth_local.errors import UndefinedMetricError
from synth_local.records import Interval

# Points of one block of resamples: 8 MiB in float64.
_BLOCK_ELEMENTS = 1 << 20


@dataclass(frozen=True, slots=True)
class Draws:
    """How often points are drawn and permuted.

    Attributes:
        num_draws: bootstrap resamples behind an interval.
        num_permutations: behind a p value, which is at least ``1 / (1 + num_permutations)``.
        level: coverage that intervals aim at.
        seed: root of all draws, in [0, 2**63).
    """

    num_draws: int = 2000
    num_permutations: int = 9999
    level: float = 0.95
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A least-squares line.

    Attributes:
        slope: change of y per unit of x.
        intercept: y at x = 0.
        r_squared: share of the variance of y that the line explains, in [0, 1]; ``None`` where y
            does not vary.
    """

    slope: float
    intercept: float
    r_squared: float | None


def varies(values: FloatArray) -> bool:
    """Return whether ``values`` holds two different numbers."""
    return len(values) > 0 and bool(values.min() < values.max())


def fit_line(x: FloatArray, y: FloatArray) -> Line:
    """Return the least-squares line through the points.

    Args:
        x: (points,) finite values.
        y: (points,) finite values.

    Returns:
        The line of ``y`` on ``x``.

    Raises:
        UndefinedMetricError: ``x`` does not vary.
    """
    if not varies(x):
        raise UndefinedMetricError(f"a slope needs two different values of x, of {len(x)} points")
    apart_x, apart_y = x - x.mean(), y - y.mean()
    slope = float(apart_x @ apart_y / (apart_x @ apart_x))
    r_squared = None
    if varies(y):
        left_over = apart_y - slope * apart_x
        r_squared = max(0.0, 1.0 - float(left_over @ left_over / (apart_y @ apart_y)))
    return Line(slope, float(y.mean() - slope * x.mean()), r_squared)


def rank_points(x: FloatArray, y: FloatArray) -> float | None:
    """Return Spearman's rank correlation, in [-1, 1]; ``None`` where x or y does not vary."""
    if not (varies(x) and varies(y)):
        return None
    return float(spearmanr(x, y).statistic)


def bound_slope(x: FloatArray, y: FloatArray, draws: Draws) -> Interval:
    """Return the least-squares slope with a percentile interval from a bootstrap over points.

    Points are drawn with both coordinates, so that y may vary more at some x than at others. A
    resample in which x does not vary has no slope and is left out.

    The interval is expanded as for a mean of as many points as lie off the commonest x: a slope
    sets these against the rest, and rests on them alone where they are few.

    Args:
        x: (points,) finite values, not all the same.
        y: (points,) finite values.
        draws: how many, and from which seed.

    Returns:
        The slope in units of y per unit of x.

    Raises:
        UndefinedMetricError: ``x`` does not vary, or does so in no resample.

    References:
        B. Efron, R. Tibshirani (1993), An Introduction to the Bootstrap, chapter 9 (pairs).
        T. Hesterberg (2015), What Teachers Should Know About the Bootstrap. The American
        Statistician 69, 371-386 (expanded percentile interval).
    """
    point = fit_line(x, y).slope
    slopes = _draw_slopes(x, y, draws)
    slopes = slopes[np.isfinite(slopes)]
    if not len(slopes):
        raise UndefinedMetricError(f"x varies in none of {draws.num_draws} resamples")
    num_apart = len(x) - int(np.unique(x, return_counts=True)[1].max())
    return Interval(point, *bound_draws(slopes, expand_level(draws.level, num_apart)), draws.level)


def bound_mean(values: FloatArray, draws: Draws) -> Interval:
    """Return the mean with an expanded percentile interval from a bootstrap over points.

    Args:
        values: (points,) at least one.
        draws: how many, and from which seed.

    Returns:
        The mean in the unit of ``values``.
    """
    columns, counts = np.unique(values, return_counts=True)
    sums = [weights @ columns for weights in _draw_weights(counts, draws)]
    means = np.concatenate(sums) / len(values)
    bounds = bound_draws(means, expand_level(draws.level, len(values)))
    return Interval(float(values.mean()), *bounds, draws.level)


def expand_level(level: float, num_points: int) -> float:
    """Return at which level to cut the draws of a mean of few points so that they cover ``level``.

    A bootstrap takes the spread of the points for that of the population, which is too small by
    ``sqrt((n - 1) / n)``, and knows it no better than n points can say: a percentile interval is
    as narrow as a normal one, where Student's is called for. Both are put right here.

    Args:
        level: coverage aimed at, in (0, 1).
        num_points: behind the mean; fewer than 2 count as 2.

    Returns:
        At least ``level``, at most 1; the same as ``level`` for many points.

    References:
        T. Hesterberg (2015), What Teachers Should Know About the Bootstrap. The American
        Statistician 69, 371-386.
    """
    num = max(num_points, 2)
    distance = student.isf((1 - level) / 2, num - 1) * np.sqrt(num / (num - 1))
    return float(1 - 2 * norm.sf(distance))


def permute_slope(x: FloatArray, y: FloatArray, draws: Draws) -> float:
    """Return the two-sided p value of the slope from permutations of x over the points.

    The statistic is the slope over its standard error in the form that lets the spread of y depend
    on x. Where x says nothing of y, the test is exact. Where x leaves the mean of y alone but not
    its spread (easy items hardly vary, hard ones do), it holds its level in large samples; the
    plain slope would not, and raises false alarms several times too often.

    Args:
        x: (points,) finite values.
        y: (points,) finite values.
        draws: how many, and from which seed.

    Returns:
        ``(1 + permutations at least as far from 0) / (1 + num_permutations)``, in (0, 1].

    References:
        C. DiCiccio, J. Romano (2017), Robust Permutation Tests for Correlation and Regression
        Coefficients. Journal of the American Statistical Association 112, 1211-1220.
        B. Phipson, G. Smyth (2010), Permutation P-values Should Never Be Zero.
        https://arxiv.org/abs/1603.05766
    """
    pairs = np.stack([x, y], axis=1)
    x, y = pairs[np.lexsort((y, x))].T
    x, y = x - x.mean(), y - y.mean()
    observed = _studentise(x @ y, x**2 @ y**2)
    rng = np.random.default_rng(derive_seed(draws.seed, "permute"))
    num_cells = len(np.unique(x)) * len(np.unique(y))
    permute = _permute_table if num_cells <= len(x) else _permute_points
    num_far = 0
    for size in _block_sizes(len(x), draws.num_permutations):
        num_far += int((permute(x, y, size, rng) >= observed - 1e-9).sum())
    return (1 + num_far) / (1 + draws.num_permutations)


def _permute_points(x: FloatArray, y: FloatArray, size: int, rng: Generator) -> FloatArray:
    """Return (size,) statistics of permuted points."""
    shuffled = rng.permuted(np.tile(x, (size, 1)), axis=1)  # (B, I)
    return _studentise(shuffled @ y, shuffled**2 @ y**2)


def _permute_table(x: FloatArray, y: FloatArray, size: int, rng: Generator) -> FloatArray:
    """Return (size,) statistics of permuted points that share few values of x and y.

    All that a permutation changes is how many points have which x and which y. Each such count is
    a hypergeometric draw, given those before it: the distribution is that of ``_permute_points``,
    and the cost no longer depends on the number of points.
    """
    columns, num_left = np.unique(y, return_counts=True)
    left = np.tile(num_left, (size, 1))  # (B, values of y): points not yet given an x
    top, scale = np.zeros(size), np.zeros(size)
    for row, num_row in zip(*np.unique(x, return_counts=True), strict=True):
        wanted, others = np.full(size, num_row), left.sum(axis=1)
        for place, column in enumerate(columns):
            others -= left[:, place]
            taken = rng.hypergeometric(left[:, place], others, wanted)
            left[:, place] -= taken
            wanted -= taken
            top += taken * (row * column)
            scale += taken * (row * column) ** 2
    return _studentise(top, scale)


def _studentise(top: FloatArray, scale: FloatArray) -> FloatArray:
    """Return distances of the slope from 0 in standard errors.

    Args:
        top: sums over points of x times y, both centred.
        scale: sums over points of the squares of the same.

    Returns:
        Values of at least 0, in the shape of both.
    """
    ratios = np.zeros_like(scale)
    np.divide(top, np.sqrt(scale), out=ratios, where=scale > 0)
    return np.asarray(np.abs(ratios))


def _draw_slopes(x: FloatArray, y: FloatArray, draws: Draws) -> FloatArray:
    """Return (num_draws,) slopes on resampled points; NaN where x does not vary."""
    pairs, counts = np.unique(np.stack([x, y], axis=1), axis=0, return_counts=True)  # (P, 2)
    x, y = (pairs - np.average(pairs, axis=0, weights=counts)).T
    columns = np.stack([x, y, x * y, x * x], axis=1)  # (P, 4)
    sums = np.concatenate([weights @ columns for weights in _draw_weights(counts, draws)])
    means = sums / counts.sum()  # (B, 4)
    spread_x = means[:, 3] - means[:, 0] ** 2
    spread_xy = means[:, 2] - means[:, 0] * means[:, 1]
    has_slope = spread_x > 1e-12 * (x * x).max()
    blank = np.full_like(spread_x, np.nan)
    slopes: FloatArray = np.divide(spread_xy, spread_x, out=blank, where=has_slope)
    return slopes


def _draw_weights(counts: IntArray, draws: Draws) -> Iterator[FloatArray]:
    """Yield (block, P) counts of how often a resample holds each distinct point.

    Drawing I points with replacement and counting them is one multinomial draw.
    """
    rng = np.random.default_rng(derive_seed(draws.seed, "bootstrap"))
    num_points = int(counts.sum())
    for size in _block_sizes(len(counts), draws.num_draws):
        weights = rng.multinomial(num_points, counts / num_points, size=size)
        yield weights.astype(np.float64)


def _block_sizes(num_points: int, num_draws: int) -> Iterator[int]:
    size = max(1, _BLOCK_ELEMENTS // num_points)
    for start in range(0, num_draws, size):
        yield min(size, num_draws - start)
