"""Learning curves as tables, figures and a section: macro-F1 against rows, and what rows are worth.

Pure. Where nothing was asked for, the section says what to write into the run file.
"""

from __future__ import annotations

from markupsafe import Markup

from synth_local.analyze.summary import Analysis, LearningCurve, LearningPoint
from synth_local.records import Cell
from synth_local.report import columns as col
from synth_local.report.data import ReportData
from synth_local.report.html import paragraph, terms
from synth_local.report.panels import Line, LinePanel
from synth_local.report.section import KB, Page, Section
from synth_local.report.table_text import format_value, slugify
from synth_local.report.tables import (
    Column,
    Columns,
    Table,
    Undefined,
    Value,
    make_table,
    or_undefined,
)

STILL_RISING = "still rising"
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
_COUNT: Column[int] = Column("", "", "count")


def make_learning_table(analysis: Analysis) -> Table:
    """Return one row per curve: its ends, where it flattens, and its worth in real rows."""
    columns: Columns[LearningCurve] = (
        *col.condition(),
        col.count("smallest", "Fewest rows", lambda one: one.points[0].num_rows),
        col.interval("first", "Macro-F1 there", lambda one: one.points[0].macro_f1),
        col.count("largest", "Most rows", lambda one: one.points[-1].num_rows),
        col.interval("last", "Macro-F1 at the most", lambda one: one.points[-1].macro_f1),
        col.count("flat_from", "Flat from", lambda one: or_undefined(one.flat_from, STILL_RISING)),
        col.text("worth", "Worth in real rows", format_worth),
    )
    caption = "Learning curves: macro-F1 on the real test items against training rows."
    return make_table("learning", caption, columns, analysis.learning, num_headers=5)


def format_worth(one: LearningCurve) -> Value:
    """Return what a corpus is worth in real rows, as people read it."""
    if one.worth is None or one.real_ends is None:
        return Undefined(one.reason) if one.reason else None
    ends = one.real_ends
    point, low, high = (
        _format_rows(value, ends) for value in (one.worth.point, one.worth.low, one.worth.high)
    )
    return f"{point} [{low}; {high}]"


def _format_rows(value: float, ends: tuple[int, int]) -> str:
    rows = round(value)
    sign = "≤ " if rows <= ends[0] else "≥ " if rows >= ends[1] else ""
    return sign + format_value(rows, _COUNT)


def make_point_table(analysis: Analysis) -> Table:
    """Return every point of every curve."""
    columns: Columns[tuple[LearningCurve, LearningPoint]] = (
        *col.names(col.CONDITION, lambda pair: Cell.parse(pair[0].condition)),
        col.count("num_train", "Rows", lambda pair: pair[1].num_rows),
        col.interval("macro_f1", "Macro-F1", lambda pair: pair[1].macro_f1),
        col.score("macro_f1_sd", "SD (seeds)", lambda pair: pair[1].sd),
    )
    points = [(curve, point) for curve in analysis.learning for point in curve.points]
    caption = "The points of the learning curves."
    return make_table("learning_points", caption, columns, points, num_headers=6, is_long=True)


def make_learning_panels(analysis: Analysis) -> tuple[LinePanel, ...]:
    """Return one figure per task and student, with a line for each curve."""
    groups: dict[tuple[str, str], list[LearningCurve]] = {}
    for one in analysis.learning:
        names = Cell.parse(one.condition)
        groups.setdefault((names.task, names.student), []).append(one)
    return tuple(
        LinePanel(
            name=f"learning__{slugify(task)}__{slugify(student)}",
            title=f"Macro-F1 by training rows: {task}, {student}",
            x_label="training rows",
            y_label="macro-F1",
            lines=tuple(_make_line(curve) for curve in curves),
        )
        for (task, student), curves in groups.items()
    )


def _make_line(one: LearningCurve) -> Line:
    names = Cell.parse(one.condition)
    points = tuple((point.num_rows, point.macro_f1) for point in one.points)
    return Line(" · ".join(names.made_of), names.source, points)


def render(data: ReportData, page: Page) -> list[Markup]:
    """Return the figures, a row for each curve, and every point."""
    if not data.found.learning:
        return [paragraph(NOTHING, "undefined")]
    return [
        page.draw("learning"),
        page.show("learning", make_learning_table(data.found)),
        page.show("learning", make_point_table(data.found), fold="Every point"),
        page.blocks.fold("How to read these curves", terms(MEANINGS)),
    ]


SECTION = Section(
    id="learning",
    title="Learning curves",
    lead="How many rows does it take, and what are synthetic rows worth?",
    render=render,
    tables=lambda data: [make_learning_table(data.found), make_point_table(data.found)],
    panels=lambda data: {"learning": make_learning_panels(data.found)},
    room={"learning": 150 * KB},
    figure_room={"learning": 150 * KB},
)
