"""The tables of scores: conditions, pool + synthetic against both pools, labels, confusions.

Pure. A column that does not apply stays empty; a value that does not exist is ``Undefined``. No
table draws a conclusion of its own: where there is one, it is a verdict's.
"""

from __future__ import annotations

from collections.abc import Sequence

from synth_local.evaluate.summary import Summary
from synth_local.evaluate.verdicts.against import FEW_ITEMS
from synth_local.evaluate.verdicts.verdict import Verdict
from synth_local.evaluate.verdicts.words import name_answer
from synth_local.report.conditions import Condition, Difference, Measured
from synth_local.report.data import ReportData
from synth_local.report.tables import Column, Table, Undefined, Value

CONDITION_NAMES = (
    Column("task", "Task"),
    Column("student", "Student"),
    Column("source", "Source"),
    Column("generator", "Generator"),
    Column("strategy", "Strategy"),
)
# what a page or a paper has room for; the CSV has every column
SHOWN = (
    "task",
    "student",
    "source",
    "generator",
    "strategy",
    "num_train",
    "macro_f1",
    "macro_f1_sd",
    "failed",
    "partner",
    "partner_num_train",
    "difference",
    "difference_items_only",
    "p_holm",
    "accuracy",
    "brier",
)
#: Sources that others are compared with, and that are compared with nothing.
PARTNERS = ("real", "real_all", "pool", "pool_balanced")
DETERMINISTIC = "none (deterministic)"


def make_results_table(conditions: Sequence[Condition], summary: Summary | None = None) -> Table:
    """Return one row per condition: scores, spread over seeds, difference to its partner.

    Args:
        conditions: of any number of tasks.
        summary: that they were read from, for what the caption has to say of p values and of rare
            labels.

    Returns:
        The table; a condition with two partners stands with the first.
    """
    return Table(
        name="results",
        caption=_caption_results(summary),
        columns=(
            *CONDITION_NAMES,
            Column("num_train", "Rows", "count"),
            Column("macro_f1", "Macro-F1", "interval"),
            Column("macro_f1_items_only", "Macro-F1, test items only", "interval"),
            Column("macro_f1_sd", "SD (seeds)", "score"),
            Column("num_seeds", "Trainings", "count"),
            Column("failed", "Failed trainings"),
            Column("partner", "Compared with"),
            Column("partner_num_train", "Its rows", "count"),
            Column("difference", "Difference", "interval", is_signed=True),
            Column("difference_items_only", "Test items only", "interval", is_signed=True),
            Column("p", "p", "p"),
            Column("p_holm", "p (Holm)", "p"),
            Column("accuracy", "Accuracy", "interval"),
            Column("accuracy_sd", "SD of accuracy", "score"),
            Column("accuracy_difference", "Accuracy difference", "interval", is_signed=True),
            Column("accuracy_p_holm", "p (Holm), accuracy", "p"),
            Column("brier", "Brier score", "score"),
        ),
        rows=tuple(_result_row(one) for one in conditions),
        num_headers=5,
    )


def _caption_results(summary: Summary | None) -> str:
    caption = (
        "Scores on the real test items, with 95 % intervals in brackets. A difference is this "
        "condition minus the one that it is compared with, macro-F1; second, the interval over "
        "test items only."
    )
    if summary is None:
        return caption
    caption += f" The smallest p (Holm) that could come out is {summary.smallest_p:.2g}."
    for floor in summary.floors:
        if floor.num_rarest < FEW_ITEMS:
            caption += (
                f" {floor.task}: only {floor.num_rarest} test items are {floor.rarest_label}, and "
                "intervals are widened for it."
            )
    return caption


def _result_row(one: Condition) -> tuple[Value, ...]:
    found = one.find_difference("macro_f1")
    accuracy = one.find_difference("accuracy")
    return (
        *_names(one),
        one.num_train,
        _score(one.macro_f1),
        one.macro_f1.items_only,
        _sd(one, one.macro_f1),
        one.num_trainings,
        spell_failed(one) or None,
        found.partner.source if found else None,
        found.partner.num_train if found else None,
        _value(one, found),
        found.items_only if found else None,
        found.p if found else None,
        found.p_holm if found else None,
        _score(one.accuracy),
        _sd(one, one.accuracy),
        accuracy.value if accuracy else None,
        accuracy.p_holm if accuracy else None,
        one.brier,
    )


def spell_failed(one: Condition) -> str:
    """Return how many trainings of a condition failed, and which; nothing where none did."""
    if not one.failed:
        return ""
    seeds = ", ".join(str(training.seed) for training in one.failed)
    word = "seed" if len(one.failed) == 1 else "seeds"
    return f"{len(one.failed)} of {one.num_trainings} ({word} {seeds})"


def _names(one: Condition) -> tuple[Value, ...]:
    source = one.source or None
    return (one.task, one.student, source, one.generator or None, one.strategy or None)


def _score(measured: Measured) -> Value:
    return Undefined(measured.reason) if measured.value is None else measured.value


def _sd(one: Condition, measured: Measured) -> Value:
    if measured.value is None:
        return None
    if one.is_deterministic:
        return DETERMINISTIC
    if measured.sd is None:
        return Undefined("one seed" if len(one.seeds) == 1 else "no value")
    return measured.sd


def _value(one: Condition, found: Difference | None) -> Value:
    if found is not None:
        return found.value
    is_compared = not (one.source in PARTNERS or one.is_generator or one.reads_nothing)
    return Undefined("not compared") if is_compared else None


def make_pool_table(data: ReportData, conditions: Sequence[Condition]) -> Table:
    """Return pool + synthetic against the pool, and against the pool at the same label mix.

    Args:
        conditions: of any number of tasks.

    Returns:
        One row per condition; the verdict stands with the condition that it is about.
    """
    answers = {one.condition: one for one in data.verdicts if one.question == "with_pool"}
    return Table(
        name="pool",
        caption="Pool + synthetic minus the pool, and minus the pool's own rows repeated to the "
        "same label mix: macro-F1. The verdict is about the best condition of a student, against "
        "the harder of the two, its interval widened for the choice.",
        columns=(
            *(column for column in CONDITION_NAMES if column.key != "source"),
            Column("macro_f1", "Pool + synthetic", "interval"),
            Column("pool", "Minus the pool", "interval", is_signed=True),
            Column("pool_items_only", "Test items only", "interval", is_signed=True),
            Column("pool_balanced", "Minus the balanced pool", "interval", is_signed=True),
            Column("balanced_items_only", "Test items only", "interval", is_signed=True),
            Column("verdict", "Verdict"),
        ),
        rows=tuple(
            _pool_row(one, answers.get(one.key))
            for one in conditions
            if one.source == "pool+synthetic"
        ),
        num_headers=4,
    )


def _pool_row(one: Condition, verdict: Verdict | None) -> tuple[Value, ...]:
    pool = one.find_difference("macro_f1", "pool")
    balanced = one.find_difference("macro_f1", "pool_balanced")
    return (
        *(one.task, one.student, one.generator or None, one.strategy or None),
        _score(one.macro_f1),
        pool.value if pool else None,
        pool.items_only if pool else None,
        balanced.value if balanced else None,
        balanced.items_only if balanced else None,
        name_answer(verdict) if verdict else None,
    )


def make_label_table(conditions: Sequence[Condition]) -> Table:
    """Return precision, recall and F1 of every label and condition, one row each."""
    rows = [
        (*_names(one), label.label, *(_or_undefined(v) for v in (label.precision, label.recall)),
         _or_undefined(label.f1))
        for one in conditions
        for label in one.labels
    ]  # fmt: skip
    return Table(
        name="labels",
        caption="Precision, recall and F1 by label, means over seeds.",
        columns=(
            *CONDITION_NAMES,
            Column("label", "Label"),
            Column("precision", "Precision", "score"),
            Column("recall", "Recall", "score"),
            Column("f1", "F1", "score"),
        ),
        rows=tuple(rows),
        num_headers=6,
    )


def _or_undefined(value: float | None) -> Value:
    return Undefined("no items") if value is None else value


def make_confusion_table(data: ReportData, conditions: Sequence[Condition]) -> Table:
    """Return the confusions of all conditions, one row per pair of labels that occurs."""
    labels = {task.name: task.labels for task in data.tasks}
    rows = [
        (*_names(one), one.num_train, labels[one.task][gold], labels[one.task][predicted], count)
        for one in conditions
        for gold, counts in enumerate(one.confusion)
        for predicted, count in enumerate(counts)
        if count and one.task in labels
    ]
    return Table(
        name="confusions",
        caption="Test items by gold and predicted label, summed over seeds; "
        "pairs that never occur are left out.",
        columns=(
            *CONDITION_NAMES,
            Column("num_train", "Training rows", "count"),
            Column("gold", "Gold label"),
            Column("predicted", "Predicted label"),
            Column("count", "Items", "count"),
        ),
        rows=tuple(rows),
        num_headers=5,
    )
