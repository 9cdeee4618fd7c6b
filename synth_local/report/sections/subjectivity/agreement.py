"""Tables and figures of subjectivity: how much people agree, and what the gap has to do with it.

Pure. Conditions come by their names, as cells spell them; what is undefined says why.
"""

from __future__ import annotations

from collections.abc import Iterable

from synth_local.analyze.summary import SHARED_NOTE, Analysis, Level, Trend
from synth_local.records import Interval
from synth_local.report.panels import Dot, DotPanel
from synth_local.report.sections.results import CONDITION_NAMES
from synth_local.report.tables import Column, Table, Undefined, Value, slugify

MEANINGS = (
    ("agreement", "the share of an item's annotators who chose its most frequent label, as in the "
     "study; items with fewer than two ratings have none. It rises as annotators get fewer"),
    ("pair agreement", "how often two annotators of one item agree; it does not depend on how many "
     "there are, and compares tasks, and items where their number varies"),
    ("gap", "correctness of the student trained on real texts minus that of the other, seeds "
     "averaged per item: positive where real is better"),
    ("one annotator", "how often one annotator says what most of the item's others say, ties among "
     "these shared: what a gap is read against. No bound: gold is surer than a few others, and "
     "with few annotators the figure of a level follows from the level; the task's is fairer"),
    ("annotators with", "the share of an item's annotators who chose what the student says"),
    ("slope", "how the gap changes from no to full agreement. Below zero: the gap is larger "
     "where people disagree, which is what the study found. The interval is over items"),
    ("p", "of the same t as the interval of the slope. Uncorrected"),
    ("threshold curve", SHARED_NOTE),
)  # fmt: skip
FEW_POINTS = "fewer than three levels of agreement with ten items or more"
NO_GAP = "too few items, or the same gap on all"


def split_condition(name: str) -> tuple[Value, ...]:
    """Return task, student, source, generator and strategy of a condition's name."""
    task, source, generator, strategy, student = name.split("__")[:5]
    return (task, student, *(None if one == "-" else one for one in (source, generator, strategy)))


def make_task_table(analysis: Analysis) -> Table:
    """Return one row per task: how much its annotators agree; the most agreed first."""
    ordered = sorted(analysis.tasks, key=lambda one: -(one.pair_agreement or 0))
    return Table(
        name="subjectivity",
        caption="How much people agree about the test items, from the most to the least.",
        columns=(
            Column("task", "Task"),
            Column("pair_agreement", "Pair agreement", "score"),
            Column("alpha", "Krippendorff's alpha", "score"),
            Column("mean_agreement", "Mean agreement", "score"),
            Column("mean_entropy", "Mean entropy (bits)", "score"),
            Column("mean_ratings", "Ratings per item", "number"),
            Column("num_items", "Test items", "count"),
            Column("num_rated", "Rated", "count"),
            Column("num_ties", "Ties", "count"),
            Column("ceiling", "One annotator: accuracy", "score"),
            Column("ceiling_macro_f1", "Macro-F1", "score"),
            Column("origin", "Ratings from"),
        ),
        rows=tuple(
            (
                one.task,
                _or_undefined(one.pair_agreement, one.reason),
                _or_undefined(one.alpha, one.reason or "no variation"),
                _or_undefined(one.mean_share, one.reason),
                _or_undefined(one.mean_entropy, one.reason),
                _or_undefined(one.mean_ratings, one.reason),
                one.num_items,
                one.num_rated,
                one.num_ties,
                one.ceiling,
                one.ceiling_macro_f1,
                one.origin or None,
            )
            for one in ordered
        ),
    )


def make_trend_table(analysis: Analysis) -> Table:
    """Return the primary analysis: one row per condition, with ties and without."""
    return Table(
        name="gap_by_agreement",
        caption="Does the gap to real fall with agreement? Item by item; the primary analysis "
        "leaves out items whose annotators are tied, which are the most disputed ones.",
        columns=(
            *CONDITION_NAMES,
            Column("ties", "Tied items"),
            Column("slope", "Slope", "interval", is_signed=True),
            Column("spearman", "Spearman", "score", is_signed=True),
            Column("p", "p", "p"),
            Column("mean_gap", "Mean gap", "score", is_signed=True),
            Column("num_items", "Items", "count"),
        ),
        rows=tuple(_trend_row(one) for one in analysis.trends),
        num_headers=6,
    )


def _trend_row(one: Trend) -> tuple[Value, ...]:
    return (
        *split_condition(one.condition),
        "in" if one.ties else "left out",
        Undefined(one.reason) if one.slope is None else one.slope,
        one.spearman,
        one.p_value,
        one.mean_gap,
        one.num_items,
    )


def make_level_table(analysis: Analysis) -> Table:
    """Return correctness by level of agreement."""
    return Table(
        name="agreement_levels",
        caption="Correctness on the test items of each level of agreement, beside how often one "
        "annotator says what most of the others say: a gap is read against that ceiling.",
        columns=(
            *CONDITION_NAMES,
            Column("agreement", "Agreement"),
            Column("ceiling", "One annotator", "score"),
            Column("real", "Real", "score"),
            Column("synthetic", "This condition", "score"),
            Column("gap", "Gap", "interval", is_signed=True),
            Column("real_soft", "Annotators with real", "score"),
            Column("synthetic_soft", "Annotators with this", "score"),
            Column("num_items", "Items", "count"),
        ),
        rows=tuple(
            (
                *split_condition(one.condition),
                spell_level(one),
                one.ceiling,
                one.real,
                one.synthetic,
                Undefined(NO_GAP) if one.gap is None else one.gap,
                one.real_soft,
                one.synthetic_soft,
                one.num_items,
            )
            for one in analysis.levels
        ),
        num_headers=6,
    )


def make_curve_table(analysis: Analysis) -> Table:
    """Return the points of all threshold curves, with the line through each."""
    rows: list[tuple[Value, ...]] = [
        (
            *split_condition(one.condition),
            threshold,
            accuracy,
            count,
            _or_undefined(one.slope, FEW_POINTS),
            _or_undefined(one.r_squared, FEW_POINTS),
            _or_undefined(one.spearman, FEW_POINTS),
        )
        for one in analysis.curves
        for threshold, accuracy, count in zip(
            one.thresholds, one.accuracies, one.counts, strict=True
        )
    ]
    return Table(
        name="threshold_curves",
        caption="Accuracy on the items with at least so much agreement. The points of a curve "
        "share items.",
        columns=(
            *CONDITION_NAMES,
            Column("threshold", "Agreement of at least", "score"),
            Column("accuracy", "Accuracy", "score"),
            Column("num_items", "Items", "count"),
            Column("slope", "Slope of the line", "score", is_signed=True),
            Column("r_squared", "R squared", "score"),
            Column("spearman", "Spearman", "score", is_signed=True),
        ),
        rows=tuple(rows),
        num_headers=6,
    )


def make_curve_line_table(analysis: Analysis) -> Table:
    """Return the line through each threshold curve: one row per condition."""
    return Table(
        name="threshold_lines",
        caption="The line through the points of each threshold curve, and their rank correlation.",
        columns=(
            *CONDITION_NAMES,
            Column("num_points", "Points", "count"),
            Column("slope", "Slope of the line", "score", is_signed=True),
            Column("r_squared", "R squared", "score"),
            Column("spearman", "Spearman", "score", is_signed=True),
        ),
        rows=tuple(
            (
                *split_condition(one.condition),
                len(one.thresholds),
                _or_undefined(one.slope, FEW_POINTS),
                _or_undefined(one.r_squared, FEW_POINTS),
                _or_undefined(one.spearman, FEW_POINTS),
            )
            for one in analysis.curves
        ),
        num_headers=5,
    )


def make_across_table(analysis: Analysis) -> Table:
    """Return how the mean gap goes with how objective tasks are, from task to task."""
    return Table(
        name="gap_across_tasks",
        caption="Is the mean gap smaller for more objective tasks? One point per task; the "
        "interval speaks of other tasks like these. The slope is per unit of what objectivity is "
        "measured by.",
        columns=(
            Column("measure", "Objectivity by"),
            *CONDITION_NAMES[2:],
            Column("student", "Student"),
            Column("slope", "Slope", "interval", is_signed=True),
            Column("spearman", "Spearman", "score", is_signed=True),
            Column("num_tasks", "Tasks", "count"),
        ),
        rows=tuple(
            (
                one.measure,
                *(None if part == "-" else part for part in one.condition.split("__")),
                Undefined(one.reason) if one.slope is None else one.slope,
                _or_undefined(one.spearman, one.reason),
                one.num_tasks,
            )
            for one in analysis.across
        ),
        num_headers=5,
    )


def _put_mixtures_last(names: Iterable[str]) -> list[str]:
    """Return each condition's name once: where a page has no room for all, these are left out."""
    unmixed = ("real", "synthetic")
    return sorted(dict.fromkeys(names), key=lambda name: name.split("__")[1] not in unmixed)


def make_gap_panels(analysis: Analysis) -> tuple[DotPanel, ...]:
    """Return one figure per condition, mixtures last: the gap to real by level of agreement.

    Levels without an interval are not drawn; nor are conditions with fewer than two such levels.
    """
    panels = []
    drawn = [one for one in analysis.levels if one.gap is not None]
    for name in _put_mixtures_last(one.condition for one in drawn):
        mine = [one for one in drawn if one.condition == name]
        if len(mine) < 2:
            continue
        task, student, *rest = split_condition(name)
        what = " ".join(str(part) for part in rest if part)
        dots = tuple(
            Dot(
                f"agreement {spell_level(one)} · {one.num_items:,}",
                "synthetic",
                one.gap,
            )
            for one in mine
        )
        panels.append(
            DotPanel(
                name=f"gap__{slugify(name)}",
                title=f"Gap by agreement: {task}, {student}, {what}",
                x_label="share right, real minus this condition",
                dots=dots,
                reference=0.0,
            )
        )
    return tuple(panels)


def make_curve_panels(analysis: Analysis) -> tuple[DotPanel, ...]:
    """Return one figure per threshold curve that has a line, mixtures last."""
    panels = []
    curves = {one.condition: one for one in analysis.curves if one.slope is not None}
    for one in (curves[name] for name in _put_mixtures_last(curves)):
        task, student, *rest = split_condition(one.condition)
        what = " ".join(str(part) for part in rest if part)
        dots = tuple(
            Dot(
                f"at least {threshold:.2f} · {count:,}",
                str(rest[0]),
                Interval(accuracy, accuracy, accuracy),
            )
            for threshold, accuracy, count in zip(
                one.thresholds, one.accuracies, one.counts, strict=True
            )
        )
        panels.append(
            DotPanel(
                name=f"curve__{slugify(one.condition)}",
                title=f"Accuracy by least agreement: {task}, {student}, {what}",
                x_label="accuracy on the items kept",
                dots=dots,
            )
        )
    return tuple(panels)


def spell_level(one: Level) -> str:
    """Return a level of agreement as people read it."""
    if one.lowest == one.highest:
        return f"{one.lowest:.2f}"
    return f"{one.lowest:.2f} to {one.highest:.2f}"


def _or_undefined(value: float | None, reason: str) -> Value:
    return Undefined(reason) if value is None else value
