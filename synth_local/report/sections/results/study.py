"""The study's table: every synthetic condition beside real, tasks from objective to subjective.

Pure. Which measure orders the tasks is said in the table; tasks that nobody measured come last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from synth_local.analyze.summary import Analysis
from synth_local.report import columns as col
from synth_local.report.conditions import Condition, Measured, find_partner, group_conditions
from synth_local.report.tables import Columns, Table, Undefined, Value, make_table

JUDGED, AGREED, RUN_FILE = "judgements", "agreement", "run file"


def rank_objectivity(analysis: Analysis | None) -> tuple[str, dict[str, float]]:
    """Return what orders the tasks, and each task's value: the higher, the more objective.

    People's judgements of the tasks come first, else how often two annotators of a test item
    agree; values of the two are never mixed.
    """
    if analysis is None:
        return RUN_FILE, {}
    if analysis.judged is not None:
        strengths = {
            task.task: task.strength.point for task in analysis.judged.tasks if task.strength
        }
        if strengths:
            return JUDGED, strengths
    agreed = {
        task.task: task.pair_agreement for task in analysis.tasks if task.pair_agreement is not None
    }
    return (AGREED, agreed) if agreed else (RUN_FILE, {})


def make_study_table(conditions: Sequence[Condition], analysis: Analysis | None) -> Table:
    """Return one row per task, student, generator and strategy, the most objective task first."""
    measure, values = rank_objectivity(analysis)
    titles = {JUDGED: "Judged objectivity", AGREED: "Pair agreement", RUN_FILE: "Objectivity"}
    captions = {
        JUDGED: "Tasks stand from the most objective to the most subjective, as people judge them.",
        AGREED: "Tasks stand from the most to the least agreement of their annotators.",
        RUN_FILE: "Nobody says how subjective the tasks are: they stand as in the run file.",
    }
    unknown = None if measure == RUN_FILE else Undefined("nobody says")
    columns: Columns[tuple[Condition, Condition | None]] = (
        *col.names(("task", "student", "generator", "strategy"), lambda pair: pair[0]),
        col.score("objectivity", titles[measure], lambda pair: values.get(pair[0].task, unknown)),
        *_metric_columns("macro_f1", "Macro-F1", lambda one: one.macro_f1),
        *_metric_columns("accuracy", "Accuracy", lambda one: one.accuracy),
    )
    caption = (
        f"Synthetic beside real, the same student on the same test items. "
        f"{captions[measure]} Differences are synthetic minus real."
    )
    pairs = [
        (one, find_partner(group, one))
        for group in group_conditions(_order(conditions, values)).values()
        for one in group
        if one.source == "synthetic"
    ]
    return make_table("study", caption, columns, pairs, num_headers=4)


def _metric_columns(
    metric: str, title: str, get: Callable[[Condition], Measured]
) -> Columns[tuple[Condition, Condition | None]]:
    """Return the columns of one metric: of the real condition, of the synthetic one, apart."""
    return (
        col.score(
            f"real_{metric}",
            f"{title}, real",
            lambda pair: _point(get(pair[1]) if pair[1] else None),
        ),
        col.score(metric, f"{title}, synthetic", lambda pair: _point(get(pair[0]))),
        col.difference(
            f"{metric}_difference", "Difference", lambda pair: _difference(pair[0], metric)
        ),
    )


def _order(conditions: Sequence[Condition], values: dict[str, float]) -> list[Condition]:
    """Return conditions by their tasks' value, falling; the rest behind them in their order."""
    return sorted(conditions, key=lambda one: (one.task not in values, -values.get(one.task, 0.0)))


def _point(measured: Measured | None) -> Value:
    if measured is None:
        return Undefined("no real condition")
    return Undefined(measured.reason) if measured.value is None else measured.value.point


def _difference(one: Condition, metric: str) -> Value:
    found = one.find_difference(metric)
    return found.interval if found else Undefined("not compared with real")
