"""Least-squares lines, rank correlations and means, with intervals.

A point is whatever the caller's unit is: a test item, a task. Knows nothing of agreement or gaps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr
from scipy.stats import t as student
from statsmodels.regression.linear_model import OLS

from synth_local.core.stats import FloatArray
from synth_local.errors import UndefinedMetricError
from synth_local.records import Interval


@dataclass(frozen=True, slots=True)
class Line:
    """A least-squares line.

    Attributes:
        slope: change of y per unit of x.
        r_squared: share of the variance of y that the line explains, in [0, 1]; ``None`` where y
            does not vary.
    """

    slope: float
    r_squared: float | None


@dataclass(frozen=True, slots=True)
class Slope:
    """A least-squares slope, how sure it is, and whether it differs from 0.

    Attributes:
        interval: in units of y per unit of x.
        p_value: two-sided, in [0, 1]; at most 1 - level where the interval leaves 0 out.
    """

    interval: Interval
    p_value: float


def varies(values: FloatArray) -> bool:
    """Return whether ``values`` holds two different numbers."""
    return len(values) > 0 and bool(values.min() < values.max())


def fit_line(x: FloatArray, y: FloatArray) -> Line:
    """Return the least-squares line through the points.

    Args:
        x: (points,) finite values.
        y: (points,) finite values.

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
    return Line(slope, r_squared)


def rank_points(x: FloatArray, y: FloatArray) -> float | None:
    """Return Spearman's rank correlation, in [-1, 1]; ``None`` where x or y does not vary."""
    if not (varies(x) and varies(y)):
        return None
    return float(spearmanr(x, y).statistic)


def bound_slope(x: FloatArray, y: FloatArray, level: float = 0.95) -> Slope:
    """Return the least-squares slope with Student's interval and test, and a robust error.

    The standard error (HC3) lets y vary more at some x than at others: disputed items scatter more
    than clear ones, and so do subjective tasks. Interval and p value are of one t. It has one
    degree of freedom fewer than points off the commonest x, since a slope sets these against the
    rest: where no x comes twice that is two fewer than points.

    Args:
        x: (points,) finite values, two of them at least off the commonest.
        y: (points,) finite values that vary.
        level: coverage aimed at, in (0, 1).

    Raises:
        UndefinedMetricError: ``x`` does not vary.

    References:
        J. MacKinnon, H. White (1985), Some Heteroskedasticity-Consistent Covariance Matrix
        Estimators with Improved Finite Sample Properties. Journal of Econometrics 29, 305-325.
    """
    point = fit_line(x, y).slope
    design = np.column_stack([np.ones(len(x)), x])
    error = float(OLS(y, design).fit(cov_type="HC3").bse[1])
    chances = student(len(x) - int(np.unique(x, return_counts=True)[1].max()) - 1)
    half = float(chances.isf((1 - level) / 2)) * error
    p_value = float(2 * chances.sf(abs(point) / error)) if error else 0.0
    return Slope(Interval(point, point - half, point + half, level), p_value)


def bound_mean(values: FloatArray, level: float = 0.95) -> Interval:
    """Return the mean with Student's interval.

    Args:
        values: (points,) two or more.
        level: coverage aimed at, in (0, 1).

    Returns:
        The mean in the unit of ``values``.
    """
    mean = float(values.mean())
    error = float(values.std(ddof=1)) / np.sqrt(len(values))
    half = float(student.isf((1 - level) / 2, len(values) - 1) * error)
    return Interval(mean, mean - half, mean + half, level)
