"""The study's table: every synthetic condition beside real, tasks from objective to subjective.

Pure. Which measure orders the tasks is said in the table; tasks that nobody measured come last.
"""

from __future__ import annotations

from collections.abc import Sequence

from synth_local.analyze.summary import Analysis
from synth_local.report.conditions import Condition, Measured, find_partner, group_conditions
from synth_local.report.tables import Column, Table, Undefined, Value

JUDGED, AGREED, RUN_FILE = "judgements", "agreement", "run file"


def rank_objectivity(analysis: Analysis | None) -> tuple[str, dict[str, float]]:
    """Return what orders the tasks, and each task's value: the higher, the more objective.

    People's judgements of the tasks come first, else how often two annotators of a test item
    agree; values of the two are never mixed.
    """
    if analysis is None:
        return RUN_FILE, {}
    if analysis.judged is not None:
        strengths = {one.task: one.strength.point for one in analysis.judged.tasks if one.strength}
        if strengths:
            return JUDGED, strengths
    agreed = {
        one.task: one.pair_agreement for one in analysis.tasks if one.pair_agreement is not None
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
    found = [
        _make_row(one, group, values, measure)
        for group in group_conditions(_order(conditions, values)).values()
        for one in group
        if one.source == "synthetic"
    ]
    return Table(
        name="study",
        caption=f"Synthetic beside real, the same student on the same test items. "
        f"{captions[measure]} Differences are synthetic minus real.",
        columns=(
            Column("task", "Task"),
            Column("student", "Student"),
            Column("generator", "Generator"),
            Column("strategy", "Strategy"),
            Column("objectivity", titles[measure], "score"),
            Column("real_macro_f1", "Macro-F1, real", "score"),
            Column("macro_f1", "Macro-F1, synthetic", "score"),
            Column("macro_f1_difference", "Difference", "interval", is_signed=True),
            Column("real_accuracy", "Accuracy, real", "score"),
            Column("accuracy", "Accuracy, synthetic", "score"),
            Column("accuracy_difference", "Difference", "interval", is_signed=True),
        ),
        rows=tuple(found),
        num_headers=4,
    )


def _order(conditions: Sequence[Condition], values: dict[str, float]) -> list[Condition]:
    """Return conditions by their tasks' value, falling; the rest behind them in their order."""
    return sorted(conditions, key=lambda one: (one.task not in values, -values.get(one.task, 0.0)))


def _make_row(
    one: Condition, group: Sequence[Condition], values: dict[str, float], measure: str
) -> tuple[Value, ...]:
    real = find_partner(group, one)
    unknown = None if measure == RUN_FILE else Undefined("nobody says")
    return (
        one.task,
        one.student,
        one.generator or None,
        one.strategy or None,
        values.get(one.task, unknown),
        _point(real.macro_f1 if real else None),
        _point(one.macro_f1),
        _difference(one, "macro_f1"),
        _point(real.accuracy if real else None),
        _point(one.accuracy),
        _difference(one, "accuracy"),
    )


def _point(measured: Measured | None) -> Value:
    if measured is None:
        return Undefined("no real condition")
    return Undefined(measured.reason) if measured.value is None else measured.value.point


def _difference(one: Condition, metric: str) -> Value:
    found = one.find_difference(metric)
    return found.value if found else Undefined("not compared with real")
