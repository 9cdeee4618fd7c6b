"""The study's curves: a student's accuracy on items with at least so much agreement.

A picture, not a test: the points of a curve are nested subsets of the same items, each contained
in the one before, and so lie near a line by construction. The test stands in ``gaps``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from synth_local.analyze.lines import fit_line, rank_points
from synth_local.analyze.summary import Curve
from synth_local.core.stats import FloatArray

MIN_ITEMS = 10
#: A line through two points fits whatever they are.
MIN_POINTS = 3


def trace_curve(
    agreement: FloatArray,
    correct: npt.NDArray[np.generic],
    min_items: int = MIN_ITEMS,
    condition: str = "",
) -> Curve:
    """Return a student's accuracy on the items with agreement of at least each threshold.

    Thresholds are the values that agreement takes. Points share items: a p value of the line or
    of the correlation would take them for independent and mean nothing, so that none is given, and
    R^2 and the correlation describe the picture only.

    Args:
        agreement: (items,) a_i in (0, 1].
        correct: (items, seeds) 1 where the student is right, else 0.
        min_items: thresholds that keep fewer items are left out.
        condition: name that the record carries.

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
    curve = Curve(
        condition=condition,
        thresholds=tuple(threshold for threshold, _, _ in points),
        accuracies=tuple(accuracy for _, accuracy, _ in points),
        counts=tuple(num_items for _, _, num_items in points),
    )
    if len(points) < MIN_POINTS:
        return curve
    thresholds, accuracies = np.array(curve.thresholds), np.array(curve.accuracies)
    line = fit_line(thresholds, accuracies)
    return replace(
        curve,
        slope=line.slope,
        r_squared=line.r_squared,
        spearman=rank_points(thresholds, accuracies),
    )


def _measure_points(
    agreement: FloatArray, correct: npt.NDArray[np.int64], min_items: int
) -> list[tuple[float, float, int]]:
    """Return threshold, accuracy and items kept, in rising order of the threshold."""
    num_seeds = correct.shape[1]
    points = []
    for threshold in np.unique(agreement):
        kept = correct[agreement >= threshold]
        if len(kept) >= min_items:
            # one division of two integers: equal accuracies are equal numbers, and equal ranks
            accuracy = int(kept.sum()) / (len(kept) * num_seeds)
            points.append((float(threshold), accuracy, len(kept)))
    return points
