"""The table of what conditions do over all tasks: mean gap, and exemplars against none by sign.

Pure. Stands in the report where a run has two tasks or more.
"""

from __future__ import annotations

from collections.abc import Iterator

from synth_local.analyze.over_tasks import ENOUGH_TASKS, OverTasks, SignTest
from synth_local.analyze.summary import Analysis
from synth_local.report.sections.results import CONDITION_NAMES
from synth_local.report.tables import Column, Table, Value

TITLE = "Over all tasks: mean gap, and exemplars against none"


def make_over_table(analysis: Analysis) -> Table:
    """Return one row per condition, and one more for each further strategy without exemplars."""
    return Table(
        name="over_tasks",
        caption="Mean over tasks of real minus this condition, macro-F1, with Student's interval "
        "over tasks; and in how many tasks a strategy with exemplars scores higher or lower than "
        "one without (exact binomial, two-sided; ties are left out). The task is the unit; no "
        "correction, and no verdict rests on it.",
        columns=(
            *CONDITION_NAMES[2:],
            Column("student", "Student"),
            Column("gap", "Mean gap", "interval", is_signed=True),
            Column("num_tasks", "Tasks", "count"),
            Column("against", "Exemplars against"),
            Column("num_higher", "Higher", "count"),
            Column("num_lower", "Lower", "count"),
            Column("num_ties", "Ties", "count"),
            Column("p", "p (signs)", "p"),
            Column("note", "Note"),
        ),
        rows=tuple(row for one in analysis.over for row in _list_rows(one)),
        num_headers=4,
    )


def _list_rows(one: OverTasks) -> Iterator[tuple[Value, ...]]:
    names = (None if part == "-" else part for part in one.condition.split("__"))
    gap = (one.interval or one.gap, one.num_tasks or None)
    first, *others = one.signs or (None,)
    yield (*names, *gap, *_spell_signs(first))
    for test in others:
        names = (None if part == "-" else part for part in one.condition.split("__"))
        yield (*names, None, None, *_spell_signs(test))


def _spell_signs(test: SignTest | None) -> tuple[Value, ...]:
    if test is None:
        return (None,) * 6
    note = None if test.can_tell else f"below {ENOUGH_TASKS} tasks p cannot reach .05"
    counts = (test.num_higher, test.num_lower, test.num_ties)
    return (test.against, *counts, test.p_value, note)
