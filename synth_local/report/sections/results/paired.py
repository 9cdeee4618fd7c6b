"""Pairs outside of the families of tests: students and the generator itself, exemplars or none.

Pure, and concludes nothing beyond its intervals: verdicts rest on other rows. A side that is one
training of a student that draws random numbers has no interval, and its difference stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from synth_local.evaluate.summary import PairedRow, PairKind, Summary
from synth_local.report import columns as col
from synth_local.report.html import paragraph
from synth_local.report.section import Page
from synth_local.report.tables import Columns, Table, drop_empty_columns, make_table

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
    is_generator = kind == "generator_itself"
    against: Columns[PairedRow] = (
        col.text("against", "Against", lambda one: one.partner.strategy),
    )
    its_rows: Columns[PairedRow] = (
        col.count("against_num_train", "Its rows", lambda one: one.partner.num_train),
    )
    columns: Columns[PairedRow] = (
        *col.names(col.CONDITION, lambda one: one.condition),
        *(() if is_generator else against),
        col.count("num_train", "Rows", lambda one: one.condition.num_train),
        *(() if is_generator else its_rows),
        col.score("macro_f1", "Macro-F1", lambda one: one.score),
        col.score(
            "against_macro_f1",
            "Generator itself" if is_generator else "Without",
            lambda one: one.partner_score,
        ),
        col.difference("difference", "Difference", lambda one: one.interval or one.difference),
    )
    caption = f"{_CAPTIONS[kind]} {OUTSIDE}"
    return make_table(_TABLES[kind], caption, columns, list_pairs(summary, kind), num_headers=5)


def list_pairs(summary: Summary | None, kind: PairKind) -> list[PairedRow]:
    """Return the paired rows of one kind."""
    return [one for one in summary.paired if one.kind == kind] if summary else []


def format_reading(rows: Sequence[PairedRow]) -> str:
    """Return what paired rows say together, in one sentence.

    Args:
        rows: of one kind, one at least.

    Returns:
        How many intervals lie above 0, below it, or hold it.
    """
    intervals = [row.interval for row in rows if row.interval]
    above = sum(interval.low > 0 for interval in intervals)
    below = sum(interval.high < 0 for interval in intervals)
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


def write_pairs(summary: Summary | None, page: Page) -> list[Markup]:
    """Return each kind of paired rows, folded, then a line for each kind that is missing."""
    found = []
    for kind, title in TITLES.items():
        table = make_pair_table(summary, kind)
        if table.rows:
            reading = format_reading(list_pairs(summary, kind))
            body = paragraph(reading) + page.blocks.table(drop_empty_columns(table))
        else:
            body = paragraph(NO_PAIRS[kind], "undefined")
        folded = page.blocks.fold(title, body)
        found.append(page.fit("results", folded, f"tables/{table.name}.csv"))
    absent = summary.absent if summary else ()
    return found + [paragraph(line, "undefined") for line in absent]
