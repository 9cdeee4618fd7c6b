"""Tables outside of the families of tests: F1 by label, the generator itself, exemplars or none.

Pure, and concludes nothing beyond its intervals: verdicts rest on other rows. A side that is one
training of a student that draws random numbers has no interval, and its difference stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from synth_local.evaluate.summary import Condition, LabelDifference, PairedRow, PairKind, Summary
from synth_local.evaluate.verdicts.against import FEW_ITEMS
from synth_local.records import Interval
from synth_local.report.sections.results import CONDITION_NAMES
from synth_local.report.tables import Column, Table, Value

OUTSIDE = (
    "Outside of the family of the verdicts: no p value, no correction, and no verdict rests on it."
)
NO_PAIRS: dict[PairKind, str] = {
    "generator_itself": "No row: that takes generator-itself under students, and students trained "
    "on its texts.",
    "exemplars": "No row: that takes a strategy with exemplars and one without under strategies.",
}
TITLES: dict[PairKind, str] = {
    "generator_itself": "Students against the generator that wrote their texts",
    "exemplars": "Exemplars against none (few-shot minus zero-shot)",
}
_CAPTIONS: dict[PairKind, str] = {
    "generator_itself": "Macro-F1 of students trained on a generator's texts minus that of the "
    "generator itself, asked by the same strategy, on the same test items.",
    "exemplars": "Macro-F1 of a strategy with exemplars minus that of one without: same task, "
    "generator, student, source and test items.",
}
_TABLES: dict[PairKind, str] = {
    "generator_itself": "students_against_generator",
    "exemplars": "exemplars_against_none",
}
_SIDES: dict[PairKind, tuple[str, str]] = {
    "generator_itself": ("the student", "the generator itself"),
    "exemplars": ("the strategy with exemplars", "the one without"),
}


def make_pair_table(summary: Summary | None, kind: PairKind) -> Table:
    """Return the paired rows of one kind, in the order of the evaluate stage."""
    rows = list_pairs(summary, kind)
    is_generator = kind == "generator_itself"
    return Table(
        name=_TABLES[kind],
        caption=f"{_CAPTIONS[kind]} {OUTSIDE}",
        columns=(
            *CONDITION_NAMES,
            *(() if is_generator else (Column("against", "Against"),)),
            Column("num_train", "Rows", "count"),
            *(() if is_generator else (Column("against_num_train", "Its rows", "count"),)),
            Column("macro_f1", "Macro-F1", "score"),
            Column("against_macro_f1", "Generator itself" if is_generator else "Without", "score"),
            Column("difference", "Difference", "interval", is_signed=True),
        ),
        rows=tuple(_pair_row(one, is_generator=is_generator) for one in rows),
        num_headers=5,
    )


def list_pairs(summary: Summary | None, kind: PairKind) -> list[PairedRow]:
    """Return the paired rows of one kind."""
    return [one for one in summary.paired if one.kind == kind] if summary else []


def _pair_row(one: PairedRow, *, is_generator: bool) -> tuple[Value, ...]:
    against = () if is_generator else (one.partner.strategy,)
    its_rows = () if is_generator else (one.partner.num_train,)
    return (
        *_names(one.condition),
        *against,
        one.condition.num_train,
        *its_rows,
        one.score,
        one.partner_score,
        one.interval or one.difference,
    )


def spell_reading(rows: Sequence[PairedRow]) -> str:
    """Return what paired rows say together, in one sentence.

    Args:
        rows: of one kind, one at least.

    Returns:
        How many intervals lie above 0, below it, or hold it.
    """
    intervals = [one.interval for one in rows if one.interval]
    above = sum(one.low > 0 for one in intervals)
    below = sum(one.high < 0 for one in intervals)
    first, other = _SIDES[rows[0].kind]
    held = len(intervals) - above - below
    parts = [
        f"Of {len(rows)} rows, {first} scores higher in {above} and {other} in {below} with the "
        f"whole interval; {held} hold 0"
    ]
    if len(intervals) < len(rows):
        parts.append(
            f"{len(rows) - len(intervals)} have no interval, since one training says nothing of "
            "another"
        )
    return f"{'; '.join(parts)}."


def make_label_differences(summary: Summary | None, task: str = "") -> Table:
    """Return F1 by label of conditions with synthetic texts, and of what each is compared with.

    Args:
        task: whose rows; all tasks where it is empty.

    Returns:
        One row per student, condition, partner and label.
    """
    found = summary.by_label if summary else ()
    return Table(
        name="label_differences",
        caption="F1 of each label, minus that of the real texts that the condition is compared "
        f"with. {OUTSIDE} Of many labels some lie apart by chance alone.",
        columns=(
            *CONDITION_NAMES,
            Column("partner", "Compared with"),
            Column("label", "Label"),
            Column("num_items", "Test items", "count"),
            Column("f1", "F1", "score"),
            Column("partner_f1", "Its F1", "score"),
            Column("difference", "Difference", "interval", is_signed=True),
            Column("caution", "Caution"),
        ),
        rows=tuple(_label_row(one) for one in found if task in ("", one.condition.task)),
        num_headers=7,
    )


def _label_row(one: LabelDifference) -> tuple[Value, ...]:
    difference: Interval | float = one.interval or one.difference
    return (
        *_names(one.condition),
        one.partner.source,
        one.label,
        one.num_items,
        one.f1,
        one.partner_f1,
        difference,
        _caution(one) or None,
    )


def _caution(one: LabelDifference) -> str:
    if one.num_items >= FEW_ITEMS:
        return ""
    return f"only {one.num_items} test texts: the interval is widened for it"


def list_absent(summary: Summary | None) -> tuple[str, ...]:
    """Return why rows are not there, a sentence each."""
    return summary.absent if summary else ()


def _names(one: Condition) -> tuple[Value, ...]:
    parts = (one.source, one.generator, one.strategy)
    return (one.task, one.student, *(None if part == "-" else part for part in parts))
