"""The analysis of whole tasks: judgements of them, and the gap from task to task.

Two things may say how objective a task is: how far its annotators agree, and what people judge of
the task itself. Each has its own line, marked as what it is; they are never mixed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synth_local.analyze.judgements.ranking import measure_judgements
from synth_local.analyze.over_tasks import LEAST_TASKS, OverTasks, bound_gap, count_signs
from synth_local.analyze.real_partners import mark_correct, pair_with_real
from synth_local.analyze.summary import AGREEMENT, JUDGED, AcrossTasks, Analysis
from synth_local.analyze.tasks import TaskPoint, fit_tasks
from synth_local.evaluate.groups import CellPredictions, Group, group_cells
from synth_local.evaluate.summary import Condition, Difference, Summary
from synth_local.records import Cell
from synth_local.run.human.files import HumanFiles
from synth_local.store.run_dir import RunDir
from synth_local.train.students import BASELINE_STUDENTS

Points = dict[str, dict[str, TaskPoint]]  # by condition without its task, then by task


def judge_tasks(run: RunDir, files: HumanFiles) -> Analysis:
    """Return what people judge of the run's tasks, with what is missing named.

    Returns:
        The part of the analysis that is about judgements; nothing for a run with one task.

    Raises:
        DataError: the file of judgements is missing or wrong.
    """
    judgements = files.read_judgements()
    if judgements is None:
        if len(files.tasks) < 2:
            return Analysis()
        template = run.task_pairs.relative_to(run.root)
        ask = f"fill in {template}: analyze.judgements reads it"
        return Analysis(missing=(f"nobody says which task is more objective; {ask}",))
    notes = []
    if judgements.num_empty:
        notes.append(f"{judgements.num_empty} rows of the judgements have no answer")
    if judgements.num_others:
        names = ", ".join(judgements.others)
        notes.append(f"{judgements.num_others} judgements are about other tasks: {names}")
    if not judgements.rows:
        nothing = "the file of judgements has no answer about this run's tasks"
        return Analysis(missing=(nothing,), notes=tuple(notes))
    judged = measure_judgements(tuple(files.tasks), judgements.rows)
    return Analysis(judged=judged, notes=tuple(notes))


def fit_across(analysis: Analysis, cells: Sequence[CellPredictions]) -> tuple[AcrossTasks, ...]:
    """Return how the mean gap goes with objectivity from task to task, condition by condition.

    Args:
        analysis: of the single tasks, and the judgements.
        cells: all cells of the run that have predictions.

    Returns:
        One line per condition for pair agreement, and one for judged objectivity.
    """
    found = _fit(_place_by_agreement(analysis), AGREEMENT)
    if analysis.judged is not None:
        strengths = {
            task.task: task.strength.point for task in analysis.judged.tasks if task.strength
        }
        found += _fit(_place_by_strength(strengths, group_cells(cells)), JUDGED)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Averages:
    """What conditions do over all tasks, and why others have no row."""

    rows: tuple[OverTasks, ...] = ()
    missing: tuple[str, ...] = ()


def average_tasks(num_tasks: int, summary: Summary | None) -> Averages:
    """Return the mean gap over tasks and the sign tests of exemplars, condition by condition.

    Rests on the differences of the evaluate stage, so that its tables and this one agree.

    Args:
        num_tasks: of the run.
        summary: of the evaluate stage; ``None`` where the run was not evaluated.

    Returns:
        A row for each condition with a gap in two tasks or exemplars in two tasks; nothing for a
        run with one task. A condition with a failed training has no part in it.
    """
    if num_tasks < LEAST_TASKS or summary is None:
        return Averages()
    gaps, signs = _collect_gaps(summary), _collect_signs(summary)
    failed = {one.condition for one in summary.failed}
    left_out = [
        key.name
        for gap in _list_gaps(summary)
        for key in (gap.condition, gap.partner)
        if key in failed
    ]
    missing = [
        f"{name} has no part in what is said over tasks, since a training failed"
        for name in dict.fromkeys(left_out)
    ]
    missing += [
        f"{name}: no mean over tasks, since one task alone has a gap to real"
        for name, mine in gaps.items()
        if len(mine) < LEAST_TASKS
    ]
    rows = [
        _average(name, list(gaps.get(name, {}).values()), signs.get(name, {}))
        for name in dict.fromkeys([*gaps, *signs])
    ]
    return Averages(tuple(row for row in rows if row.num_tasks or row.signs), tuple(missing))


ByTask = dict[str, float]


def _list_gaps(summary: Summary) -> list[Difference]:
    """Return the differences to real texts that mean something, those of failed trainings too."""
    blind = {confusion.condition for confusion in summary.confusions if confusion.only_label}
    return [
        difference
        for difference in summary.differences
        if difference.metric == "macro_f1"
        and difference.family != "pool"
        and difference.condition.student not in BASELINE_STUDENTS
        and difference.partner not in blind
    ]


def _collect_gaps(summary: Summary) -> dict[str, ByTask]:
    """Return real minus condition by condition without its task, then by task."""
    failed = {one.condition for one in summary.failed}
    found: dict[str, ByTask] = {}
    for gap in _list_gaps(summary):
        if not failed & {gap.condition, gap.partner}:
            mine = found.setdefault(_name_without_task(gap.condition), {})
            mine.setdefault(gap.condition.task, -gap.interval.point)
    return found


def _collect_signs(summary: Summary) -> dict[str, dict[str, ByTask]]:
    """Return exemplars minus none: by condition without its task, what it is against, and task."""
    found: dict[str, dict[str, ByTask]] = {}
    for row in summary.paired:
        if row.kind == "exemplars":
            mine = found.setdefault(_name_without_task(row.condition), {})
            by_task = mine.setdefault(row.partner.strategy, {})
            by_task.setdefault(row.condition.task, row.difference)
    return found


def _average(name: str, gaps: Sequence[float], signs: Mapping[str, ByTask]) -> OverTasks:
    tests = tuple(
        count_signs(against, list(mine.values()))
        for against, mine in signs.items()
        if len(mine) >= LEAST_TASKS
    )
    if len(gaps) < LEAST_TASKS:
        return OverTasks(condition=name, signs=tests)
    return OverTasks(
        condition=name,
        num_tasks=len(gaps),
        gap=float(np.mean(gaps)),
        interval=bound_gap(gaps),
        signs=tests,
    )


def _name_without_task(one: Condition | Cell) -> str:
    return "__".join((one.source, one.generator, one.strategy, one.student))


def _place_by_agreement(analysis: Analysis) -> Points:
    agreement = {
        task.task: task.pair_agreement for task in analysis.tasks if task.pair_agreement is not None
    }
    points: Points = {}
    for trend in analysis.trends:
        cell = Cell.parse(trend.condition)
        if trend.mean_gap is not None and cell.task in agreement:
            point = TaskPoint(cell.task, agreement[cell.task], trend.mean_gap)
            # a row with ties follows the one without and replaces it: all rated items count here
            points.setdefault(_name_without_task(cell), {})[cell.task] = point
    return points


def _place_by_strength(strengths: Mapping[str, float], groups: Sequence[Group]) -> Points:
    points: Points = {}
    for group, partner, _ in pair_with_real(groups):
        condition = group.condition
        if partner is not None and condition.task in strengths:
            name = _name_without_task(condition)
            gap = float(mark_correct(partner).mean() - mark_correct(group).mean())
            point = TaskPoint(condition.task, strengths[condition.task], gap)
            points.setdefault(name, {})[condition.task] = point
    return points


def _fit(points: Points, measure: str) -> list[AcrossTasks]:
    return [fit_tasks(list(mine.values()), name, measure) for name, mine in points.items()]
