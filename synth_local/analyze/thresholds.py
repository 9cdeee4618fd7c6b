"""The study's curves: a student's accuracy on items with at least so much agreement.

A picture, not a test: the points of a curve are nested subsets of the same items, each contained
in the one before, and so lie near a line by construction. The test stands in ``gaps``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synth_local.analyze.lines import fit_line, rank_points
from synth_local.core.stats import FloatArray

MIN_ITEMS = 10
#: A line through two points fits whatever they are.
MIN_POINTS = 3


@dataclass(frozen=True, slots=True)
class ThresholdPoint:
    """A student's accuracy on the items with at least so much agreement.

    Attributes:
        threshold: gamma, in (0, 1].
        num_items: with agreement of at least ``threshold``.
        accuracy: mean over these items and all seeds, in [0, 1].
    """

    threshold: float
    num_items: int
    accuracy: float


@dataclass(frozen=True, slots=True)
class ThresholdCurve:
    """Accuracy over thresholds of agreement, with the line through the points.

    Attributes:
        points: in rising order of the threshold.
        slope: of the unweighted least-squares line: accuracy per unit of agreement.
        intercept: of the same line, at threshold 0.
        r_squared: share of the points' variance on the line, in [0, 1].
        spearman: rank correlation of threshold and accuracy, in [-1, 1].
        reason: why some of the four are ``None``; empty where none is.
    """

    points: tuple[ThresholdPoint, ...]
    slope: float | None
    intercept: float | None
    r_squared: float | None
    spearman: float | None
    reason: str = ""


def trace_curve(
    agreement: FloatArray, correct: npt.NDArray[np.generic], min_items: int = MIN_ITEMS
) -> ThresholdCurve:
    """Return a student's accuracy on the items with agreement of at least each threshold.

    Thresholds are the values that agreement takes. Points share items: a p value of the line or
    of the correlation would take them for independent and mean nothing, so that none is given, and
    R^2 and the correlation describe the picture only.

    Args:
        agreement: (items,) a_i in (0, 1].
        correct: (items, seeds) 1 where the student is right, else 0.
        min_items: thresholds that keep fewer items are left out.

    Returns:
        The curve. Without a line where fewer than three points are left; without R^2 and
        correlation where accuracy is the same at all points.

    Raises:
        ValueError: shapes that do not fit, no seeds, or values other than 0 and 1.
    """
    if agreement.ndim != 1 or correct.ndim != 2 or len(correct) != len(agreement):
        msg = f"agreement {agreement.shape} and correct {correct.shape} do not fit"
        raise ValueError(msg)
    if not correct.shape[1] or not np.isin(correct, (0, 1)).all():
        raise ValueError("correct holds 0 and 1, for at least one seed")
    points = _measure_points(agreement, correct.astype(np.int64), min_items)
    if len(points) < MIN_POINTS:
        reason = (
            f"a line needs {MIN_POINTS} thresholds that keep {min_items} items, "
            f"there are {len(points)}"
        )
        return ThresholdCurve(points, None, None, None, None, reason)
    thresholds = np.array([point.threshold for point in points])
    accuracies = np.array([point.accuracy for point in points])
    line = fit_line(thresholds, accuracies)
    reason = "" if line.r_squared is not None else "accuracy is the same at all thresholds"
    return ThresholdCurve(
        points=points,
        slope=line.slope,
        intercept=line.intercept,
        r_squared=line.r_squared,
        spearman=rank_points(thresholds, accuracies),
        reason=reason,
    )


def _measure_points(
    agreement: FloatArray, correct: npt.NDArray[np.int64], min_items: int
) -> tuple[ThresholdPoint, ...]:
    num_seeds = correct.shape[1]
    points = []
    for threshold in np.unique(agreement):
        kept = correct[agreement >= threshold]
        if len(kept) >= min_items:
            # one division of two integers: equal accuracies are equal numbers, and equal ranks
            accuracy = int(kept.sum()) / (len(kept) * num_seeds)
            points.append(ThresholdPoint(float(threshold), len(kept), accuracy))
    return tuple(points)
