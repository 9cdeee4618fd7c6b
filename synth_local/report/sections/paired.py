"""The folds of the results that stand outside of the families of tests.

Pure. Where a table has no rows, a line says what it takes; what is missing to one is named once.
"""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from synth_local.evaluate.summary import Summary
from synth_local.report.html import Blocks, paragraph
from synth_local.report.sections import paired_rows
from synth_local.report.tables import drop_empty_columns, group_rows

Fit = Callable[[str, Markup, str], Markup]


def write_labels(summary: Summary | None, task: str, blocks: Blocks, fit: Fit) -> list[Markup]:
    """Return F1 by label of one task, folded; nothing where no label was compared.

    Args:
        fit: leaves out what the page has no room for.

    Returns:
        One block at most.
    """
    table = paired_rows.make_label_differences(summary, task)
    if not table.rows:
        return []
    rows = next(rows for _, rows in group_rows(table, 0))
    body = blocks.table(drop_empty_columns(rows))
    folded = blocks.fold(f"{task}: F1 by label, against real", body)
    return [fit("labels", folded, "tables/label_differences.csv")]


def write_pairs(summary: Summary | None, blocks: Blocks, fit: Fit) -> list[Markup]:
    """Return the paired rows, folded, each table under its sentence, and why others are not there.

    Args:
        fit: leaves out what the page has no room for.

    Returns:
        A block for each kind of pair, then a line for each that is missing.
    """
    found = []
    for kind, title in paired_rows.TITLES.items():
        table = paired_rows.make_pair_table(summary, kind)
        if table.rows:
            reading = paired_rows.spell_reading(paired_rows.list_pairs(summary, kind))
            body = paragraph(reading) + blocks.table(drop_empty_columns(table))
        else:
            body = paragraph(paired_rows.NO_PAIRS[kind], "undefined")
        found.append(fit("results", blocks.fold(title, body), f"tables/{table.name}.csv"))
    return found + [paragraph(line, "undefined") for line in paired_rows.list_absent(summary)]
