"""The learning curves of a run: which cells are points of which curve, and what is said of each.

Reads predictions that are loaded already; computes nothing that needs a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from synth_local.analyze.learning import Draws, Point, find_plateau, trace_points, value_in_rows
from synth_local.analyze.summary import LearningCurve, LearningPoint
from synth_local.errors import UndefinedMetricError
from synth_local.evaluate.groups import Group
from synth_local.evaluate.summary import Condition
from synth_local.records import Interval
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
        key: trace_points({rows: group.table for rows, group in members.items()}, draws)
        for key, members in curved.items()
    }
    found = []
    for key, points in traced.items():
        names = {rows: group.condition.name for rows, group in curved[key].items()}
        shown = tuple(
            LearningPoint(names[one.num_rows], one.num_rows, one.score, one.sd) for one in points
        )
        real = traced.get((key[0], "real", NONE, NONE, key[4]), ())
        worth, ends, reason = _value(key, points, real, draws.level)
        flat_from = find_plateau(points, draws.level)
        found.append(LearningCurve("__".join(key), shown, flat_from, worth, ends, reason))
    return tuple(found)


def _key(one: Condition) -> Key:
    return (one.task, one.source, one.generator, one.strategy, one.student)


def _value(
    key: Key, points: tuple[Point, ...], real: tuple[Point, ...], level: float
) -> tuple[Interval | None, tuple[int, int] | None, str]:
    if key[1] == "real":
        return None, None, ""
    try:
        worth = value_in_rows(real, points[-1], level)
    except UndefinedMetricError as error:
        return None, None, f"real rows: {error.what}"
    ends = (worth.smallest, worth.largest)
    return Interval(worth.rows, worth.low, worth.high, level), ends, ""
