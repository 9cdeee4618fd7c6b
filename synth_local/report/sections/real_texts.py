"""The tables of real texts: the sizes of the splits, and what became of the files that were read.

Pure: facts in, tables out. Rows read = rows used + rows left out by reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from synth_local.report import columns as col
from synth_local.report.data import ReportData, TaskPart
from synth_local.report.tables import Column, Columns, Table, make_table
from synth_local.store.records import parse
from synth_local.task.file_facts import REASONS, FileFacts


def make_split_table(data: ReportData) -> Table:
    """Return the sizes of each task's splits and what was removed from them."""
    columns: Columns[TaskPart] = (
        col.text("task", "Task", lambda task: task.name),
        col.count("labels", "Labels", lambda task: len(task.labels)),
        col.count("train", "Training", lambda task: task.num_train),
        col.count("pool", "Pool", lambda task: task.num_pool),
        col.count("validation", "Validation", lambda task: task.num_validation),
        col.count("test", "Test", lambda task: task.num_test),
        col.count(
            "test_matches_removed", "Test matches removed", lambda task: task.num_test_matches
        ),
        col.count(
            "other_labels_removed", "Other labels removed", lambda task: task.num_other_labels
        ),
        col.code("digest", "Task digest", lambda task: task.digest),
    )
    caption = (
        "Real texts by split. The pool is part of the training rows; verbatim test "
        "matches and rows with other labels were removed from them before anything else."
    )
    return make_table("splits", caption, columns, data.tasks)


def make_file_table(data: ReportData) -> Table:
    """Return one row per file: rows read, used, left out by reason, and what to look at."""
    files = list(_list_files(data))
    reasons = [reason for reason in REASONS if any(reason in one.left_out for _, one in files)]
    columns: Columns[tuple[str, FileFacts]] = (
        col.text("task", "Task", lambda pair: pair[0] or None),
        col.text("file", "File", lambda pair: pair[1].file),
        col.count("rows", "Rows read", lambda pair: pair[1].rows),
        col.count("used", "Used", lambda pair: pair[1].used),
        *(_left_out_column(reason) for reason in reasons),
        col.text("remarks", "To look at", lambda pair: _list_remarks(pair[1])),
    )
    caption = "Data as read: rows read = rows used + rows left out, by reason."
    return make_table("files_read", caption, columns, files, num_headers=2)


def _left_out_column(reason: str) -> Column[tuple[str, FileFacts]]:
    key, title = reason.replace(" ", "_"), reason.capitalize()
    return col.count(key, title, lambda pair: pair[1].left_out.get(reason, 0))


def _list_remarks(file: FileFacts) -> str | None:
    return "; ".join(file.list_remarks()) or None


def _list_files(data: ReportData) -> Iterator[tuple[str, FileFacts]]:
    """Yield the files of all tasks, corpora brought along and annotations, with their tasks."""
    for task in data.tasks:
        yield from ((task.name, file) for file in task.files)
    for part in data.corpora:
        read = (part.manifest.brought or {}).get("read")
        if read:
            yield part.manifest.task, parse(read, FileFacts)
    yield from data.said
