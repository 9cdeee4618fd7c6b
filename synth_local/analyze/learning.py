"""Learning curves: a student's macro-F1 against the number of rows, and what a corpus is worth.

Points of one curve are students trained on nested cuts of one training set, tested on the same
items. All draws are paired: every point of every curve of a task sees the same resamples of items.
Knows nothing of cells or files.

Axis letters in comments: B resamples, P points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from synth_local.analyze.summary import LearningPoint
from synth_local.core.hashing import derive_seed
from synth_local.core.stats import (
    FloatArray,
    LabelTable,
    bound_draws,
    draw_bootstrap,
    macro_f1_of,
    score_seeds,
    spread,
)
from synth_local.errors import UndefinedMetricError
from synth_local.records import Interval

MIN_POINTS = 2


@dataclass(frozen=True, slots=True)
class Draws:
    """How often test items are drawn.

    Attributes:
        num_draws: bootstrap resamples behind an interval.
        level: coverage that intervals aim at.
        seed: root of all draws, in [0, 2**63).
    """

    num_draws: int = 2000
    level: float = 0.95
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve as it is stored, with its resamples.

    Attributes:
        drawn: (draws,) the score on resampled items.
    """

    stored: LearningPoint
    drawn: FloatArray


def trace_points(
    tables: Mapping[int, LabelTable], draws: Draws, names: Mapping[int, str] | None = None
) -> tuple[Point, ...]:
    """Return the points of a curve, from the fewest rows to the most.

    Args:
        tables: predictions by number of training rows, on the same test items.
        draws: how many resamples, and from which seed.
        names: of conditions by number of rows, which the points carry.
    """
    names = names or {}
    seed = derive_seed(draws.seed, "learning")
    points = []
    for num_rows, table in sorted(tables.items()):
        by_seed = score_seeds(table, macro_f1_of)
        drawn = draw_bootstrap(table, (macro_f1_of,), draws.num_draws, seed)[0]
        score = Interval(float(by_seed.mean()), *bound_draws(drawn, draws.level), draws.level)
        sd = spread(by_seed) if len(by_seed) > 1 else None
        points.append(Point(LearningPoint(names.get(num_rows, ""), num_rows, score, sd), drawn))
    return tuple(points)


def find_plateau(points: tuple[Point, ...], level: float) -> int | None:
    """Return the number of rows from which on more rows brought nothing that could be measured.

    That is the first point from which on no point's score lies measurably below the last one's:
    the interval of each paired difference holds 0.

    Args:
        points: of one curve, in rising order.
        level: of the intervals, in (0, 1).

    Returns:
        Rows, or ``None`` where the curve still rises at its end, or has fewer than two points.
    """
    if len(points) < MIN_POINTS:
        return None
    last = points[-1]
    flat_from = None
    for point in reversed(points[:-1]):
        low, _ = bound_draws(last.drawn - point.drawn, level)
        if low > 0:
            break
        flat_from = point.stored.num_rows
    return flat_from


def value_in_rows(real: tuple[Point, ...], other: Point, level: float) -> Interval:
    """Return how many real rows a training set is worth.

    The real curve is made monotone (isotonic regression, each point counting the same) and read
    off between its points on a logarithmic scale of rows, once for every resample of test items.

    Args:
        real: the curve of real rows, in rising order.
        other: a point of another curve on the same items, from the same draws.
        level: of the interval, in (0, 1).

    Returns:
        Rows, with an interval over test items. A value at an end of the real curve means that end
        or beyond: nothing is extrapolated.

    Raises:
        UndefinedMetricError: the real curve has fewer than two points.

    References:
        R. Barlow et al. (1972), Statistical Inference under Order Restrictions.
    """
    if len(real) < MIN_POINTS:
        raise UndefinedMetricError(f"a curve needs {MIN_POINTS} points, this one has {len(real)}")
    rows = np.log([point.stored.num_rows for point in real])  # (P,)
    means = np.array([point.stored.macro_f1.point for point in real])
    drawn = np.stack([point.drawn for point in real], axis=1)  # (B, P)
    found = [_read_off(rows, one, score) for one, score in zip(drawn, other.drawn, strict=True)]
    low, high = bound_draws(np.exp(found), level)
    worth = float(np.exp(_read_off(rows, means, other.stored.macro_f1.point)))
    return Interval(worth, low, high, level)


def _read_off(rows: FloatArray, scores: FloatArray, wanted: float) -> float:
    """Return the logarithm of the first number of rows at which the curve reaches a score."""
    rising = isotonic_regression(scores).x
    place = int(np.searchsorted(rising, wanted))
    if place == 0:
        return float(rows[0])
    if place == len(rising):
        return float(rows[-1])
    share = (wanted - rising[place - 1]) / (rising[place] - rising[place - 1])
    return float(rows[place - 1] + share * (rows[place] - rows[place - 1]))
