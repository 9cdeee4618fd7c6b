"""Does the mean gap fall from task to task, the more objective the tasks are?

Objectivity is whatever the caller measures it by: agreement on a task's items, or a strength
from judgements of whole tasks.

The unit is the task. A handful of tasks says little, whatever the number of texts in each: the
interval speaks of other tasks like these. A bootstrap of so few would be too narrow: with 4 to 15
tasks, 95 % of it held the true slope 89 to 92 times in 100. How often this interval does:
docs/analysis-controls.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from synth_local.analyze.lines import bound_slope, rank_points
from synth_local.analyze.summary import AGREEMENT, AcrossTasks
from synth_local.errors import DataError

MIN_TASKS = 4
#: Different objectivities among them: through two, every line fits.
MIN_VALUES = 3


@dataclass(frozen=True, slots=True)
class TaskPoint:
    """One task in the plane of objectivity and gap.

    Attributes:
        objectivity: share of agreeing pairs on its items, in [0, 1], or a Bradley-Terry strength.
        gap: real minus synthetic score, in [-1, 1].
    """

    task: str
    objectivity: float
    gap: float


def fit_tasks(
    points: Sequence[TaskPoint], condition: str = "", measure: str = AGREEMENT
) -> AcrossTasks:
    """Return how the gap changes with objectivity from task to task.

    Args:
        points: one per task, in any order.
        condition: name that the record carries.
        measure: what objectivity is measured by, as the record says it.

    Returns:
        The trend; without figures, and with the reason, where there are fewer than ``MIN_TASKS``
        tasks or fewer than ``MIN_VALUES`` different values of objectivity.

    Raises:
        DataError: a task stands twice.
    """
    names = [point.task for point in points]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"one point per task, but these stand twice: {', '.join(doubled)}")
    ordered = sorted(points, key=lambda point: (point.objectivity, point.task))
    objectivity = np.array([point.objectivity for point in ordered])
    gaps = np.array([point.gap for point in ordered])
    num_values = len(np.unique(objectivity))
    trend = AcrossTasks(condition=condition, num_tasks=len(ordered), measure=measure)
    if len(ordered) < MIN_TASKS:
        reason = f"a trend over tasks needs {MIN_TASKS} tasks, there are {len(ordered)}"
        return replace(trend, reason=reason)
    if num_values < MIN_VALUES:
        reason = f"a trend over tasks needs {MIN_VALUES} different values, found {num_values}"
        return replace(trend, reason=reason)
    spearman = rank_points(objectivity, gaps)
    return replace(
        trend,
        slope=bound_slope(objectivity, gaps).interval,
        spearman=spearman,
        reason="" if spearman is not None else "the gap is the same for all tasks",
    )
