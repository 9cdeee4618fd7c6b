"""How much people agree about the test items: a table, and what its words mean."""

from __future__ import annotations

from collections.abc import Callable

from synth_local.analyze.summary import SHARED_NOTE, Analysis, TaskSubjectivity
from synth_local.report import columns as col
from synth_local.report.tables import Columns, Table, Value, make_table, or_undefined

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


def make_task_table(analysis: Analysis) -> Table:
    """Return one row per task: how much its annotators agree; the most agreed first."""
    columns: Columns[TaskSubjectivity] = (
        col.text("task", "Task", lambda one: one.task),
        col.score("pair_agreement", "Pair agreement", _read(lambda one: one.pair_agreement)),
        col.score(
            "alpha",
            "Krippendorff's alpha",
            lambda one: or_undefined(one.alpha, one.reason or "no variation"),
        ),
        col.score("mean_agreement", "Mean agreement", _read(lambda one: one.mean_share)),
        col.score("mean_entropy", "Mean entropy (bits)", _read(lambda one: one.mean_entropy)),
        col.number("mean_ratings", "Ratings per item", _read(lambda one: one.mean_ratings)),
        col.count("num_items", "Test items", lambda one: one.num_items),
        col.count("num_rated", "Rated", lambda one: one.num_rated),
        col.count("num_ties", "Ties", lambda one: one.num_ties),
        col.score("ceiling", "One annotator: accuracy", lambda one: one.ceiling),
        col.score("ceiling_macro_f1", "Macro-F1", lambda one: one.ceiling_macro_f1),
        col.text("origin", "Ratings from", lambda one: one.origin or None),
    )
    caption = "How much people agree about the test items, from the most to the least."
    ordered = sorted(analysis.tasks, key=lambda one: -(one.pair_agreement or 0))
    return make_table("subjectivity", caption, columns, ordered)


def _read(get: Callable[[TaskSubjectivity], float | None]) -> Callable[[TaskSubjectivity], Value]:
    """Return what reads a value of a task, or why it has none."""
    return lambda one: or_undefined(get(one), one.reason)
