"""The tables of labels: scores, confusions, and F1 beside that of real texts.

Pure. What is said of single labels stands outside of the families of tests.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from synth_local.evaluate.summary import LabelDifference, Summary
from synth_local.evaluate.verdicts.against import FEW_ITEMS
from synth_local.report import columns as col
from synth_local.report.conditions import Condition, LabelScores
from synth_local.report.data import ReportData
from synth_local.report.html import side_by_side
from synth_local.report.section import Page
from synth_local.report.sections.results.paired import OUTSIDE
from synth_local.report.tables import Columns, Table, group_rows, make_table, or_undefined

NO_ITEMS = "no items"


def make_label_table(conditions: Sequence[Condition]) -> Table:
    """Return precision, recall and F1 of every label and condition, one row each."""
    columns: Columns[tuple[Condition, LabelScores]] = (
        *col.names(col.CONDITION, lambda pair: pair[0]),
        col.text("label", "Label", lambda pair: pair[1].label),
        col.score("precision", "Precision", lambda pair: or_undefined(pair[1].precision, NO_ITEMS)),
        col.score("recall", "Recall", lambda pair: or_undefined(pair[1].recall, NO_ITEMS)),
        col.score("f1", "F1", lambda pair: or_undefined(pair[1].f1, NO_ITEMS)),
    )
    pairs = [(condition, scores) for condition in conditions for scores in condition.labels]
    caption = "Precision, recall and F1 by label, means over seeds."
    return make_table("labels", caption, columns, pairs, num_headers=6, is_long=True)


def make_confusion_table(data: ReportData, conditions: Sequence[Condition]) -> Table:
    """Return the confusions of all conditions, one row per pair of labels that occurs."""
    labels = {task.name: task.labels for task in data.tasks}
    columns: Columns[tuple[Condition, str, str, int]] = (
        *col.names(col.CONDITION, lambda row: row[0]),
        col.count("num_train", "Training rows", lambda row: row[0].num_train),
        col.text("gold", "Gold label", lambda row: row[1]),
        col.text("predicted", "Predicted label", lambda row: row[2]),
        col.count("count", "Items", lambda row: row[3]),
    )
    rows = [
        (condition, labels[condition.task][gold], labels[condition.task][predicted], count)
        for condition in conditions
        for gold, counts in enumerate(condition.confusion)
        for predicted, count in enumerate(counts)
        if count and condition.task in labels
    ]
    caption = (
        "Test items by gold and predicted label, summed over seeds; "
        "pairs that never occur are left out."
    )
    return make_table("confusions", caption, columns, rows, num_headers=5, is_long=True)


def make_label_differences(summary: Summary | None, task: str = "") -> Table:
    """Return F1 by label of conditions with synthetic texts, and of what each is compared with.

    Args:
        task: whose rows; all tasks where it is empty.
    """
    columns: Columns[LabelDifference] = (
        *col.names(col.CONDITION, lambda one: one.condition),
        col.text("partner", "Compared with", lambda one: one.partner.source),
        col.text("label", "Label", lambda one: one.label),
        col.count("num_items", "Test items", lambda one: one.num_items),
        col.score("f1", "F1", lambda one: one.f1),
        col.score("partner_f1", "Its F1", lambda one: one.partner_f1),
        col.difference("difference", "Difference", lambda one: one.interval or one.difference),
        col.text("caution", "Caution", _caution),
    )
    caption = (
        "F1 of each label, minus that of the real texts that the condition is compared "
        f"with. {OUTSIDE} Of many labels some lie apart by chance alone."
    )
    differences = summary.by_label if summary else ()
    shown = [difference for difference in differences if task in ("", difference.condition.task)]
    return make_table("label_differences", caption, columns, shown, num_headers=7)


def _caution(one: LabelDifference) -> str | None:
    if one.num_items >= FEW_ITEMS:
        return None
    return f"only {one.num_items} test texts: the interval is widened for it"


def write_labels(summary: Summary | None, task: str, page: Page) -> list[Markup]:
    """Return F1 by label of one task, folded; nothing where no label was compared."""
    return [
        page.show("labels", rows, fold=f"{task}: F1 by label, against real")
        for rows in group_rows(make_label_differences(summary, task)).values()
    ]


def write_confusions(
    labels: Sequence[str], conditions: Sequence[Condition], page: Page
) -> list[Markup]:
    """Return the confusions of one task and student, folded; nothing where there are none."""
    matrices = []
    for condition in conditions:
        if condition.confusion:
            num_seeds = len(condition.seeds)
            trainings = "one training" if num_seeds == 1 else f"all {num_seeds} seeds together"
            caption = f"{condition.name}: items by gold and predicted label, {trainings}."
            matrix = page.blocks.matrix(caption, labels, condition.confusion)
            matrices.append(page.fit("confusions", matrix, "tables/confusions.csv"))
    return [page.blocks.fold("Confusion matrices", side_by_side(matrices))] if matrices else []
