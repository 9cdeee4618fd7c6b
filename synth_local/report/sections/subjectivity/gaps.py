"""The gap to real and people's agreement, item by item and task by task: tables and figures.

Pure. Conditions come by their names, as cells spell them; what is undefined says why.
"""

from __future__ import annotations

from collections.abc import Iterable

from synth_local.analyze.summary import AcrossTasks, Analysis, Level, Trend
from synth_local.records import Cell
from synth_local.report import columns as col
from synth_local.report.panels import Dot, DotPanel
from synth_local.report.table_text import slugify
from synth_local.report.tables import Columns, Table, make_table, or_undefined

NO_GAP = "too few items, or the same gap on all"
#: What names a condition over all tasks.
OVER_TASKS = ("source", "generator", "strategy", "student")


def make_trend_table(analysis: Analysis) -> Table:
    """Return the primary analysis: one row per condition, with ties and without."""
    columns: Columns[Trend] = (
        *col.condition(),
        col.text("ties", "Tied items", lambda one: "in" if one.ties else "left out"),
        col.difference("slope", "Slope", lambda one: or_undefined(one.slope, one.reason)),
        col.score("spearman", "Spearman", lambda one: one.spearman, is_signed=True),
        col.p_value("p", "p", lambda one: one.p_value),
        col.score("mean_gap", "Mean gap", lambda one: one.mean_gap, is_signed=True),
        col.count("num_items", "Items", lambda one: one.num_items),
    )
    caption = (
        "Does the gap to real fall with agreement? Item by item; the primary analysis "
        "leaves out items whose annotators are tied, which are the most disputed ones."
    )
    return make_table("gap_by_agreement", caption, columns, analysis.trends, num_headers=6)


def make_level_table(analysis: Analysis) -> Table:
    """Return correctness by level of agreement."""
    columns: Columns[Level] = (
        *col.condition(),
        col.text("agreement", "Agreement", format_level),
        col.score("ceiling", "One annotator", lambda one: one.ceiling),
        col.score("real", "Real", lambda one: one.real),
        col.score("synthetic", "This condition", lambda one: one.synthetic),
        col.difference("gap", "Gap", lambda one: or_undefined(one.gap, NO_GAP)),
        col.score("real_soft", "Annotators with real", lambda one: one.real_soft),
        col.score("synthetic_soft", "Annotators with this", lambda one: one.synthetic_soft),
        col.count("num_items", "Items", lambda one: one.num_items),
    )
    caption = (
        "Correctness on the test items of each level of agreement, beside how often one "
        "annotator says what most of the others say: a gap is read against that ceiling."
    )
    return make_table("agreement_levels", caption, columns, analysis.levels, num_headers=6)


def make_across_table(analysis: Analysis) -> Table:
    """Return how the mean gap goes with how objective tasks are, from task to task."""
    columns: Columns[AcrossTasks] = (
        col.text("measure", "Objectivity by", lambda one: one.measure),
        *col.condition(OVER_TASKS),
        col.difference("slope", "Slope", lambda one: or_undefined(one.slope, one.reason)),
        col.score(
            "spearman",
            "Spearman",
            lambda one: or_undefined(one.spearman, one.reason),
            is_signed=True,
        ),
        col.count("num_tasks", "Tasks", lambda one: one.num_tasks),
    )
    caption = (
        "Is the mean gap smaller for more objective tasks? One point per task; the "
        "interval speaks of other tasks like these. The slope is per unit of what objectivity is "
        "measured by."
    )
    return make_table("gap_across_tasks", caption, columns, analysis.across, num_headers=5)


def put_mixtures_last(names: Iterable[str]) -> list[str]:
    """Return each condition's name once: where a page has no room for all, these are left out."""
    unmixed = ("real", "synthetic")
    return sorted(dict.fromkeys(names), key=lambda name: Cell.parse(name).source not in unmixed)


def format_condition(name: str) -> str:
    """Return a condition as titles of figures have it: task, student, and what it was made of."""
    names = Cell.parse(name)
    return f"{names.task}, {names.student}, {' '.join(names.made_of)}"


def make_gap_panels(analysis: Analysis) -> tuple[DotPanel, ...]:
    """Return one figure per condition, mixtures last: the gap to real by level of agreement.

    Levels without an interval are not drawn; nor are conditions with fewer than two such levels.
    """
    panels = []
    drawn = [level for level in analysis.levels if level.gap is not None]
    for name in put_mixtures_last(one.condition for one in drawn):
        mine = [one for one in drawn if one.condition == name]
        if len(mine) < 2:
            continue
        dots = tuple(
            Dot(f"agreement {format_level(one)} · {one.num_items:,}", "synthetic", one.gap)
            for one in mine
        )
        panels.append(
            DotPanel(
                name=f"gap__{slugify(name)}",
                title=f"Gap by agreement: {format_condition(name)}",
                x_label="share right, real minus this condition",
                dots=dots,
                reference=0.0,
            )
        )
    return tuple(panels)


def format_level(one: Level) -> str:
    """Return a level of agreement as people read it."""
    if one.lowest == one.highest:
        return f"{one.lowest:.2f}"
    return f"{one.lowest:.2f} to {one.highest:.2f}"
