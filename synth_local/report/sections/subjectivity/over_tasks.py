"""The table of what conditions do over all tasks: mean gap, and exemplars against none by sign.

Pure. Stands in the report where a run has two tasks or more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from synth_local.analyze.over_tasks import ENOUGH_TASKS, OverTasks, SignTest
from synth_local.analyze.summary import Analysis
from synth_local.records import Cell
from synth_local.report import columns as col
from synth_local.report.sections.subjectivity.gaps import OVER_TASKS
from synth_local.report.tables import Columns, Table, Value, make_table

TITLE = "Over all tasks: mean gap, and exemplars against none"
TOO_FEW = f"below {ENOUGH_TASKS} tasks p cannot reach .05"


@dataclass(frozen=True, slots=True)
class Row:
    """A condition beside one sign test; its gap stands with the first test alone."""

    over: OverTasks
    test: SignTest | None
    is_first: bool = True


def make_over_table(analysis: Analysis) -> Table:
    """Return one row per condition, and one more for each further strategy without exemplars."""
    columns: Columns[Row] = (
        *col.names(OVER_TASKS, lambda row: Cell.parse(row.over.condition)),
        col.difference("gap", "Mean gap", _gap),
        col.count("num_tasks", "Tasks", _num_tasks),
        col.text("against", "Exemplars against", _read(lambda test: test.against)),
        col.count("num_higher", "Higher", _read(lambda test: test.num_higher)),
        col.count("num_lower", "Lower", _read(lambda test: test.num_lower)),
        col.count("num_ties", "Ties", _read(lambda test: test.num_ties)),
        col.p_value("p", "p (signs)", _read(lambda test: test.p_value)),
        col.text("note", "Note", _read(lambda test: None if test.can_tell else TOO_FEW)),
    )
    caption = (
        "Mean over tasks of real minus this condition, macro-F1, with Student's interval "
        "over tasks; and in how many tasks a strategy with exemplars scores higher or lower than "
        "one without (exact binomial, two-sided; ties are left out). The task is the unit; no "
        "correction, and no verdict rests on it."
    )
    rows = [row for one in analysis.over for row in _list_rows(one)]
    return make_table("over_tasks", caption, columns, rows, num_headers=4)


def _list_rows(one: OverTasks) -> list[Row]:
    first, *others = one.signs or (None,)
    return [Row(one, first), *(Row(one, test, is_first=False) for test in others)]


def _gap(row: Row) -> Value:
    return (row.over.interval or row.over.gap) if row.is_first else None


def _num_tasks(row: Row) -> Value:
    return row.over.num_tasks or None if row.is_first else None


def _read(get: Callable[[SignTest], Value]) -> Callable[[Row], Value]:
    """Return what reads a value of a row's sign test; empty where there is none."""
    return lambda row: get(row.test) if row.test else None
