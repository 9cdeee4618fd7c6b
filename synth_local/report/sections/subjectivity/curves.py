"""Threshold curves, as in the study: accuracy on the items with at least so much agreement.

Pure. The points of a curve share items, and no p value is given.
"""

from __future__ import annotations

from collections.abc import Iterator

from synth_local.analyze.summary import Analysis, Curve
from synth_local.records import Cell, Interval
from synth_local.report import columns as col
from synth_local.report.panels import Dot, DotPanel
from synth_local.report.sections.subjectivity.gaps import format_condition, put_mixtures_last
from synth_local.report.table_text import slugify
from synth_local.report.tables import Columns, Table, Value, make_table, or_undefined

FEW_POINTS = "fewer than three levels of agreement with ten items or more"
Point = tuple[float, float, int]


def list_points(one: Curve) -> Iterator[Point]:
    """Return threshold, accuracy and number of items of each point."""
    return zip(one.thresholds, one.accuracies, one.counts, strict=True)


def make_curve_table(analysis: Analysis) -> Table:
    """Return the points of all threshold curves, with the line through each."""
    columns: Columns[tuple[Curve, Point]] = (
        *col.names(col.CONDITION, lambda pair: Cell.parse(pair[0].condition)),
        col.score("threshold", "Agreement of at least", lambda pair: pair[1][0]),
        col.score("accuracy", "Accuracy", lambda pair: pair[1][1]),
        col.count("num_items", "Items", lambda pair: pair[1][2]),
        col.score("slope", "Slope of the line", lambda pair: _slope(pair[0]), is_signed=True),
        col.score("r_squared", "R squared", lambda pair: _r_squared(pair[0])),
        col.score("spearman", "Spearman", lambda pair: _spearman(pair[0]), is_signed=True),
    )
    caption = (
        "Accuracy on the items with at least so much agreement. The points of a curve share items."
    )
    points = [(curve, point) for curve in analysis.curves for point in list_points(curve)]
    return make_table("threshold_curves", caption, columns, points, num_headers=6, is_long=True)


def make_line_table(analysis: Analysis) -> Table:
    """Return the line through each threshold curve: one row per condition."""
    columns: Columns[Curve] = (
        *col.condition(),
        col.count("num_points", "Points", lambda one: len(one.thresholds)),
        col.score("slope", "Slope of the line", _slope, is_signed=True),
        col.score("r_squared", "R squared", _r_squared),
        col.score("spearman", "Spearman", _spearman, is_signed=True),
    )
    caption = "The line through the points of each threshold curve, and their rank correlation."
    return make_table("threshold_lines", caption, columns, analysis.curves, num_headers=5)


def _slope(one: Curve) -> Value:
    return or_undefined(one.slope, FEW_POINTS)


def _r_squared(one: Curve) -> Value:
    return or_undefined(one.r_squared, FEW_POINTS)


def _spearman(one: Curve) -> Value:
    return or_undefined(one.spearman, FEW_POINTS)


def make_curve_panels(analysis: Analysis) -> tuple[DotPanel, ...]:
    """Return one figure per threshold curve that has a line, mixtures last."""
    panels = []
    curves = {curve.condition: curve for curve in analysis.curves if curve.slope is not None}
    for one in (curves[name] for name in put_mixtures_last(curves)):
        source = Cell.parse(one.condition).source
        dots = tuple(
            Dot(f"at least {threshold:.2f} · {count:,}", source, Interval(*[accuracy] * 3))
            for threshold, accuracy, count in list_points(one)
        )
        panels.append(
            DotPanel(
                name=f"curve__{slugify(one.condition)}",
                title=f"Accuracy by least agreement: {format_condition(one.condition)}",
                x_label="accuracy on the items kept",
                dots=dots,
            )
        )
    return tuple(panels)
