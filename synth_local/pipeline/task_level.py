"""The analysis of whole tasks: judgements of them, and the gap from task to task.

Two things may say how objective a task is: how far its annotators agree, and what people judge of
the task itself. Each has its own line, marked as what it is; they are never mixed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synth_local.analyze.judgements import measure_judgements
from synth_local.analyze.summary import AGREEMENT, JUDGED, AcrossTasks, Analysis
from synth_local.analyze.tasks import TaskPoint, fit_tasks
from synth_local.evaluate.groups import CellPredictions, Group, group_cells
from synth_local.pipeline.annotation_files import read_judgements
from synth_local.pipeline.context import Context
from synth_local.pipeline.gap_groups import mark_correct, pair_with_real

Points = dict[str, dict[str, TaskPoint]]  # by condition without its task, then by task


def judge_tasks(context: Context) -> Analysis:
    """Return what people judge of the run's tasks, with what is missing named.

    Args:
        context: the opened run.

    Returns:
        The part of the analysis that is about judgements; nothing for a run with one task.

    Raises:
        DataError: the file of judgements is missing or wrong.
    """
    judgements = read_judgements(context)
    if judgements is None:
        if len(context.tasks) < 2:
            return Analysis()
        template = context.run.task_pairs.relative_to(context.run.root)
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
    judged = measure_judgements(tuple(context.tasks), judgements.rows)
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
        strengths = {one.task: one.strength.point for one in analysis.judged.tasks if one.strength}
        found += _fit(_place_by_strength(strengths, group_cells(cells)), JUDGED)
    return tuple(found)


def _place_by_agreement(analysis: Analysis) -> Points:
    agreement = {
        one.task: one.pair_agreement for one in analysis.tasks if one.pair_agreement is not None
    }
    points: Points = {}
    for trend in analysis.trends:
        task, source, generator, strategy, student = trend.condition.split("__")[:5]
        if trend.mean_gap is not None and task in agreement:
            name = "__".join((source, generator, strategy, student))
            # a row with ties follows the one without and replaces it: all rated items count here
            points.setdefault(name, {})[task] = TaskPoint(task, agreement[task], trend.mean_gap)
    return points


def _place_by_strength(strengths: Mapping[str, float], groups: Sequence[Group]) -> Points:
    points: Points = {}
    for group, partner, _ in pair_with_real(groups):
        condition = group.condition
        if partner is not None and condition.task in strengths:
            name = "__".join(condition.name.split("__")[1:5])
            gap = float(mark_correct(partner).mean() - mark_correct(group).mean())
            point = TaskPoint(condition.task, strengths[condition.task], gap)
            points.setdefault(name, {})[condition.task] = point
    return points


def _fit(points: Points, measure: str) -> list[AcrossTasks]:
    found = []
    for name, mine in points.items():
        trend = fit_tasks(list(mine.values()))
        found.append(
            AcrossTasks(
                name,
                len(trend.points),
                trend.slope,
                trend.spearman,
                trend.reason,
                measure,
            )
        )
    return found
