"""Learning curves as tables, figures and a section: macro-F1 against rows, and what rows are worth.

Pure. Where nothing was asked for, the section says what to write into the run file.
"""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from synth_local.analyze.summary import Analysis, LearningCurve
from synth_local.report.html import Blocks, Section, paragraph, terms
from synth_local.report.panels import Line, LinePanel
from synth_local.report.sections.results import CONDITION_NAMES
from synth_local.report.sections.subjectivity.agreement import split_condition
from synth_local.report.tables import (
    Column,
    Table,
    Undefined,
    Value,
    drop_empty_columns,
    format_value,
    slugify,
)

KIND = "learning"
TITLE, LEAD = "Learning curves", "How many rows does it take, and what are synthetic rows worth?"
NOTHING = (
    "No learning curve was asked for: learning_curve: [50, 100, 200, 400] in the run file trains "
    "on so many rows per label too, without generating again."
)
MEANINGS = (
    ("one curve", "nested cuts of one training set; every point was trained for the same number "
     "of optimiser steps and tested on the same items"),
    ("flat from", "from so many rows on, no point lies measurably below the last one: the interval "
     "of each paired difference holds 0. Small test sets make curves look flat early"),
    ("worth in real rows", "where the curve of real rows, made monotone and read on a logarithmic "
     "scale, reaches the score of all rows of this corpus. Nothing is extrapolated: at an end of "
     "the real curve it reads ≤ or ≥. The interval resamples test items"),
)  # fmt: skip
_COUNT = Column("", "", "count")


def make_learning_table(analysis: Analysis) -> Table:
    """Return one row per curve: its ends, where it flattens, and its worth in real rows."""
    return Table(
        name="learning",
        caption="Learning curves: macro-F1 on the real test items against training rows.",
        columns=(
            *CONDITION_NAMES,
            Column("smallest", "Fewest rows", "count"),
            Column("first", "Macro-F1 there", "interval"),
            Column("largest", "Most rows", "count"),
            Column("last", "Macro-F1 at the most", "interval"),
            Column("flat_from", "Flat from", "count"),
            Column("worth", "Worth in real rows"),
        ),
        rows=tuple(_learning_row(one) for one in analysis.learning),
        num_headers=5,
    )


def _learning_row(one: LearningCurve) -> tuple[Value, ...]:
    first, last = one.points[0], one.points[-1]
    return (
        *split_condition(one.condition),
        first.num_rows,
        first.macro_f1,
        last.num_rows,
        last.macro_f1,
        Undefined("still rising") if one.flat_from is None else one.flat_from,
        spell_worth(one),
    )


def spell_worth(one: LearningCurve) -> Value:
    """Return what a corpus is worth in real rows, as people read it."""
    if one.worth is None or one.real_ends is None:
        return Undefined(one.reason) if one.reason else None
    ends = one.real_ends
    point, low, high = (
        _spell_rows(value, ends) for value in (one.worth.point, one.worth.low, one.worth.high)
    )
    return f"{point} [{low}; {high}]"


def _spell_rows(value: float, ends: tuple[int, int]) -> str:
    rows = round(value)
    sign = "≤ " if rows <= ends[0] else "≥ " if rows >= ends[1] else ""
    return sign + format_value(rows, _COUNT)


def make_point_table(analysis: Analysis) -> Table:
    """Return every point of every curve."""
    return Table(
        name="learning_points",
        caption="The points of the learning curves.",
        columns=(
            *CONDITION_NAMES,
            Column("num_train", "Rows", "count"),
            Column("macro_f1", "Macro-F1", "interval"),
            Column("macro_f1_sd", "SD (seeds)", "score"),
        ),
        rows=tuple(
            (*split_condition(curve.condition), one.num_rows, one.macro_f1, one.sd)
            for curve in analysis.learning
            for one in curve.points
        ),
        num_headers=6,
    )


def make_learning_panels(analysis: Analysis) -> tuple[LinePanel, ...]:
    """Return one figure per task and student, with a line for each curve."""
    groups: dict[tuple[str, str], list[LearningCurve]] = {}
    for one in analysis.learning:
        task, student = (str(part) for part in split_condition(one.condition)[:2])
        groups.setdefault((task, student), []).append(one)
    return tuple(
        LinePanel(
            name=f"learning__{slugify(task)}__{slugify(student)}",
            title=f"Macro-F1 by training rows: {task}, {student}",
            x_label="training rows",
            y_label="macro-F1",
            lines=tuple(_make_line(one) for one in curves),
        )
        for (task, student), curves in groups.items()
    )


def _make_line(one: LearningCurve) -> Line:
    source, *rest = split_condition(one.condition)[2:]
    label = " · ".join(str(part) for part in (source, *rest) if part)
    points = tuple((point.num_rows, point.macro_f1) for point in one.points)
    return Line(label, str(source), points)


def write_learning(
    analysis: Analysis | None,
    blocks: Blocks,
    fit: Callable[[str, Markup, str], Markup],
    draw: Callable[[str], Markup],
) -> Section:
    """Return the section.

    Args:
        analysis: what was found; ``None`` where nothing was analyzed.
        fit: leaves out what the page has no room for.

    Returns:
        A section, in any case.
    """
    if analysis is None or not analysis.learning:
        return Section(KIND, TITLE, LEAD, (paragraph(NOTHING, "undefined"),))
    table, points = make_learning_table(analysis), make_point_table(analysis)
    body = blocks.table(drop_empty_columns(table))
    folded = blocks.fold("Every point", blocks.table(drop_empty_columns(points)))
    found = (
        draw(KIND),
        fit(KIND, body, f"tables/{table.name}.csv"),
        fit(KIND, folded, f"tables/{points.name}.csv"),
        blocks.fold("How to read these curves", terms(MEANINGS)),
    )
    return Section(KIND, TITLE, LEAD, found)
