"""The learning curves of a run: which cells are points of which curve, and what is said of each.

Reads predictions that are loaded already; computes nothing that needs a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from synth_local.analyze.learning import Draws, Point, find_plateau, trace_points, value_in_rows
from synth_local.analyze.summary import LearningCurve
from synth_local.errors import UndefinedMetricError
from synth_local.evaluate.groups import Group
from synth_local.evaluate.summary import Condition
from synth_local.run.cells import CellPlan
from synth_local.train.sets.tags import NONE

CURVED = ("real", "synthetic")
Key = tuple[str, str, str, str, str]


def find_cuts(plans: Iterable[CellPlan]) -> set[Condition]:
    """Return the conditions that are points of learning curves and nothing else."""
    return {Condition.of(plan.cell) for plan in plans if plan.rows.is_point}


def trace_learning(groups: Sequence[Group], cuts: set[Condition]) -> tuple[LearningCurve, ...]:
    """Return the learning curves of a run.

    Args:
        groups: every condition that has predictions.
        cuts: those that are points of curves; a curve is shown where it has one of them.

    Returns:
        Curves in the order of the groups, those of real rows before others of their student.
    """
    draws = Draws()
    tables: dict[Key, dict[int, Group]] = {}
    for group in groups:
        one = group.condition
        # a real set that has its counts in its name has the label mix of a corpus: on no curve
        if one.source in CURVED and (one.source != "real" or one.strategy == NONE):
            tables.setdefault(_key(one), {})[one.num_train] = group
    curved = {
        key: members
        for key, members in tables.items()
        if any(member.condition in cuts for member in members.values())
    }
    traced = {
        key: trace_points(
            {rows: group.table for rows, group in members.items()},
            draws,
            {rows: group.condition.name for rows, group in members.items()},
        )
        for key, members in curved.items()
    }
    return tuple(
        _describe(key, points, traced.get((key[0], "real", NONE, NONE, key[4]), ()), draws.level)
        for key, points in traced.items()
    )


def _key(one: Condition) -> Key:
    return (one.task, one.source, one.generator, one.strategy, one.student)


def _describe(
    key: Key, points: tuple[Point, ...], real: tuple[Point, ...], level: float
) -> LearningCurve:
    """Return a curve with its plateau and, unless it is of real rows, with what it is worth."""
    curve = LearningCurve(
        condition="__".join(key),
        points=tuple(point.stored for point in points),
        flat_from=find_plateau(points, level),
    )
    if key[1] == "real":
        return curve
    try:
        worth = value_in_rows(real, points[-1], level)
    except UndefinedMetricError as error:
        return replace(curve, reason=f"real rows: {error.what}")
    ends = (real[0].stored.num_rows, real[-1].stored.num_rows)
    return replace(curve, worth=worth, real_ends=ends)
