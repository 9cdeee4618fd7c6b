"""The table of what became of the rows of the files that people brought.

Pure: facts in, a table out. Rows read = rows used + rows left out by reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from synth_local.report.data import ReportData
from synth_local.report.tables import Column, Table
from synth_local.store.records import parse
from synth_local.task.file_facts import REASONS, FileFacts


def make_file_table(data: ReportData) -> Table:
    """Return one row per file: rows read, used, left out by reason, and what to look at."""
    files = list(_list_files(data))
    reasons = [reason for reason in REASONS if any(reason in one.left_out for _, one in files)]
    return Table(
        name="files_read",
        caption="Data as read: rows read = rows used + rows left out, by reason.",
        columns=(
            Column("task", "Task"),
            Column("file", "File"),
            Column("rows", "Rows read", "count"),
            Column("used", "Used", "count"),
            *(Column(reason.replace(" ", "_"), reason.capitalize(), "count") for reason in reasons),
            Column("remarks", "To look at"),
        ),
        rows=tuple(
            (
                task or None,
                one.file,
                one.rows,
                one.used,
                *(one.left_out.get(reason, 0) for reason in reasons),
                "; ".join(one.list_remarks()) or None,
            )
            for task, one in files
        ),
        num_headers=2,
    )


def _list_files(data: ReportData) -> Iterator[tuple[str, FileFacts]]:
    """Yield the files of all tasks, corpora brought along and annotations, with their tasks."""
    for task in data.tasks:
        yield from ((task.name, one) for one in task.files)
    for part in data.corpora:
        read = (part.manifest.brought or {}).get("read")
        if read:
            yield part.manifest.task, parse(read, FileFacts)
    yield from data.said
