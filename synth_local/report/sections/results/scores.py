"""The tables of scores: every condition, and pool + synthetic against both pools.

Pure. A column that does not apply stays empty; a value that does not exist is ``Undefined``. No
table draws a conclusion of its own: where there is one, it is a verdict's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from synth_local.evaluate.summary import Difference, Summary
from synth_local.evaluate.verdicts.against import FEW_ITEMS
from synth_local.evaluate.verdicts.words import name_answer
from synth_local.report import columns as col
from synth_local.report.conditions import Condition, Measured
from synth_local.report.data import ReportData
from synth_local.report.tables import Columns, Table, Undefined, Value, make_table, or_undefined

#: Sources that others are compared with, and that are compared with nothing.
PARTNERS = ("real", "real_all", "pool", "pool_balanced")
DETERMINISTIC = "none (deterministic)"


def make_results_table(conditions: Sequence[Condition], summary: Summary | None = None) -> Table:
    """Return one row per condition: scores, spread over seeds, difference to its partner.

    A condition with two partners stands with the first.

    Args:
        summary: for what the caption has to say of p values and of rare labels.
    """
    columns: Columns[Condition] = (
        *col.names(col.CONDITION),
        col.count("num_train", "Rows", lambda one: one.num_train),
        col.text("serves", "The same rows as", _name_served),
        col.interval("macro_f1", "Macro-F1", lambda one: _score(one.macro_f1)),
        col.interval(
            "macro_f1_items_only",
            "Macro-F1, test items only",
            lambda one: one.macro_f1.items_only,
            is_detail=True,
        ),
        col.score("macro_f1_sd", "SD (seeds)", lambda one: _sd(one, one.macro_f1)),
        col.count("num_seeds", "Trainings", lambda one: one.num_trainings, is_detail=True),
        col.text("failed", "Failed trainings", lambda one: format_failed(one) or None),
        col.text("partner", "Compared with", _read(lambda found: found.partner.source)),
        col.count("partner_num_train", "Its rows", _read(lambda found: found.partner.num_train)),
        col.difference("difference", "Difference", _difference),
        col.difference(
            "difference_items_only", "Test items only", _read(lambda found: found.items_only)
        ),
        col.p_value("p", "p", _read(lambda found: found.p), is_detail=True),
        col.p_value("p_holm", "p (Holm)", _read(lambda found: found.p_holm)),
        col.interval("accuracy", "Accuracy", lambda one: _score(one.accuracy)),
        col.score(
            "accuracy_sd", "SD of accuracy", lambda one: _sd(one, one.accuracy), is_detail=True
        ),
        col.difference(
            "accuracy_difference",
            "Accuracy difference",
            _read(lambda found: found.interval, "accuracy"),
            is_detail=True,
        ),
        col.p_value(
            "accuracy_p_holm",
            "p (Holm), accuracy",
            _read(lambda found: found.p_holm, "accuracy"),
            is_detail=True,
        ),
        col.score("brier", "Brier score", lambda one: one.brier),
    )
    return make_table("results", _caption_results(summary), columns, conditions, num_headers=5)


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


def format_failed(one: Condition) -> str:
    """Return how many trainings of a condition failed, and which; nothing where none did."""
    if not one.failed:
        return ""
    seeds = ", ".join(str(training.seed) for training in one.failed)
    word = "seed" if len(one.failed) == 1 else "seeds"
    return f"{len(one.failed)} of {one.num_trainings} ({word} {seeds})"


def _score(measured: Measured) -> Value:
    return or_undefined(measured.value, measured.reason)


def _name_served(one: Condition) -> str | None:
    """Return the other sources whose training set is this one, where sizes are equal."""
    return ", ".join(source for source in one.serves if source != one.source) or None


def _sd(one: Condition, measured: Measured) -> Value:
    if measured.value is None:
        return None
    if one.is_deterministic:
        return DETERMINISTIC
    return or_undefined(measured.sd, "one seed" if len(one.seeds) == 1 else "no value")


def _read(
    get: Callable[[Difference], Value], metric: str = "macro_f1", source: str = ""
) -> Callable[[Condition], Value]:
    """Return what reads a value of a condition's difference; empty where there is none."""

    def read(condition: Condition) -> Value:
        difference = condition.find_difference(metric, source)
        return get(difference) if difference else None

    return read


def _difference(one: Condition) -> Value:
    if found := one.find_difference("macro_f1"):
        return found.interval
    is_compared = not (one.source in PARTNERS or one.is_generator or one.reads_nothing)
    return Undefined("not compared") if is_compared else None


def make_pool_table(data: ReportData, conditions: Sequence[Condition]) -> Table:
    """Return pool + synthetic against the pool, and against the pool at the same label mix.

    The verdict stands with the condition that it is about.
    """
    answers = {
        verdict.condition: name_answer(verdict)
        for verdict in data.verdicts
        if verdict.question == "with_pool"
    }
    columns: Columns[Condition] = (
        *col.names(("task", "student", "generator", "strategy")),
        col.interval("macro_f1", "Pool + synthetic", lambda one: _score(one.macro_f1)),
        *_compare("pool", "pool_items_only", "Minus the pool"),
        *_compare("pool_balanced", "balanced_items_only", "Minus the balanced pool"),
        col.text("verdict", "Verdict", lambda one: answers.get(one.key)),
    )
    caption = (
        "Pool + synthetic minus the pool, and minus the pool's own rows repeated to the "
        "same label mix: macro-F1. The verdict is about the best condition of a student, against "
        "the harder of the two, its interval widened for the choice."
    )
    shown = [condition for condition in conditions if condition.source == "pool+synthetic"]
    return make_table("pool", caption, columns, shown, num_headers=4)


def _compare(pool: str, items_only: str, title: str) -> Columns[Condition]:
    """Return the two columns of the difference to one kind of pool."""
    difference = _read(lambda found: found.interval, source=pool)
    over_items = _read(lambda found: found.items_only, source=pool)
    return (
        col.difference(pool, title, difference),
        col.difference(items_only, "Test items only", over_items),
    )
