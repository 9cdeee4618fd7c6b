"""The tables of scores: conditions, pool against pool + synthetic, labels, confusions.

Pure. A column that does not apply stays empty; a value that does not exist is ``Undefined``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synth_local.report.conditions import Condition, Difference, Measured
from synth_local.report.data import NOTHING_KNOWN, ReportData
from synth_local.report.seen import spell_seen
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
    "macro_f1",
    "macro_f1_sd",
    "difference",
    "p_holm",
    "accuracy",
    "brier",
    "num_train",
    "num_seeds",
)


def make_results_table(conditions: Sequence[Condition]) -> Table:
    """Return one row per condition: scores, spread over seeds, difference to real."""
    return Table(
        name="results",
        caption="Scores on the real test items, with 95 % intervals in brackets. "
        "Differences are to the student trained on real texts.",
        columns=(
            *CONDITION_NAMES,
            Column("macro_f1", "Macro-F1", "interval"),
            Column("macro_f1_sd", "SD (seeds)", "score"),
            Column("difference", "Difference to real", "interval", is_signed=True),
            Column("p", "p", "p"),
            Column("p_holm", "p (Holm)", "p"),
            Column("real_num_train", "Rows of that real set", "count"),
            Column("accuracy", "Accuracy", "interval"),
            Column("accuracy_sd", "SD of accuracy", "score"),
            Column("accuracy_difference", "Accuracy difference", "interval", is_signed=True),
            Column("accuracy_p_holm", "p (Holm), accuracy", "p"),
            Column("brier", "Brier score", "score"),
            Column("num_train", "Rows", "count"),
            Column("num_seeds", "Seeds", "count"),
        ),
        rows=tuple(_result_row(one) for one in conditions),
        num_headers=5,
    )


def _result_row(one: Condition) -> tuple[Value, ...]:
    difference = _difference(one, one.to_real, "macro_f1", "real")
    accuracy = _difference(one, one.to_real, "accuracy", "real")
    return (
        *_names(one),
        _score(one.macro_f1),
        _sd(one, one.macro_f1),
        difference.value,
        difference.p,
        difference.p_holm,
        difference.partner_rows,
        _score(one.accuracy),
        _sd(one, one.accuracy),
        accuracy.value,
        accuracy.p_holm,
        one.brier,
        one.num_train,
        len(one.seeds),
    )


def _names(one: Condition) -> tuple[Value, ...]:
    source = one.source or None
    return (one.task, one.student, source, one.generator or None, one.strategy or None)


def _score(measured: Measured) -> Value:
    return Undefined(measured.reason) if measured.value is None else measured.value


def _sd(one: Condition, measured: Measured) -> Value:
    if measured.value is None:
        return None
    if measured.sd is None:
        return Undefined("one seed" if len(one.seeds) == 1 else "no value")
    return measured.sd


class _DifferenceCells:
    """The cells that one difference fills; empty ones where it does not apply."""

    def __init__(self, found: Difference | None, why: str) -> None:
        self.value: Value = found.value if found else (Undefined(why) if why else None)
        self.p: Value = found.p if found else None
        self.p_holm: Value = found.p_holm if found else None
        self.partner_rows: Value = found.partner_rows or None if found else None


def _difference(
    one: Condition, differences: Mapping[str, Difference], metric: str, partner: str
) -> _DifferenceCells:
    why = "" if one.source == partner or one.is_generator else f"not compared with {partner}"
    return _DifferenceCells(differences.get(metric), why)


def make_pool_table(data: ReportData, conditions: Sequence[Condition]) -> Table:
    """Return pool + synthetic against the pool alone, with what may be concluded."""
    tasks = {task.name: task for task in data.tasks}
    rows: list[tuple[Value, ...]] = []
    for one in conditions:
        if one.source != "pool+synthetic":
            continue
        task = tasks.get(one.task)
        seen = data.find_seen(task, one.generator) if task else ()
        found = _difference(one, one.to_pool, "macro_f1", "pool")
        names = (one.task, one.student, one.generator or None, one.strategy or None)
        verdict = f"none: the generator has seen {spell_seen(seen)}" if seen else _conclude(one)
        if one.generator in data.brought:
            verdict = f"none: {NOTHING_KNOWN}"
        rows.append((*names, _score(one.macro_f1), found.value, found.p, verdict))
    return Table(
        name="pool",
        caption="Pool + synthetic against the pool alone: macro-F1. p is uncorrected: "
        "these differences stand outside the family of differences to real.",
        columns=(
            *(column for column in CONDITION_NAMES if column.key != "source"),
            Column("macro_f1", "Pool + synthetic", "interval"),
            Column("difference", "Difference to the pool alone", "interval", is_signed=True),
            Column("p", "p", "p"),
            Column("conclusion", "Conclusion"),
        ),
        rows=tuple(rows),
        num_headers=4,
    )


def _conclude(one: Condition) -> str:
    found = one.to_pool.get("macro_f1")
    if found is None:
        return "none: not compared"
    if found.value.low > 0:
        return "synthetic texts help the pool"
    if found.value.high < 0:
        return "synthetic texts hurt the pool"
    return "open: the interval holds zero"


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


def make_label_matrix(task: str, student: str, conditions: Sequence[Condition]) -> Table:
    """Return the F1 of each label (rows) under each condition (columns) of one student."""
    scored = [one for one in conditions if one.labels]
    names = [label.label for label in scored[0].labels] if scored else []
    columns = [Column(f"condition_{i}", one.name, "score") for i, one in enumerate(scored)]
    return Table(
        name="label_f1",
        caption=f"F1 by label, mean over seeds: {task}, {student}.",
        columns=(Column("label", "Label"), *columns),
        rows=tuple(
            (name, *(_or_undefined(one.labels[i].f1) for one in scored))
            for i, name in enumerate(names)
        ),
    )


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
