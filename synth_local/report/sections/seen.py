"""The section on what the generators have seen of the tasks.

Pure: cards and manifests in, a table out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from synth_local.models.card import HasSeen
from synth_local.report import columns as col
from synth_local.report.data import NOTHING_KNOWN, ReportData
from synth_local.report.section import Section
from synth_local.report.tables import Columns, Table, Undefined, Value, make_table

NOT_STATED = "the card states none"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a generator has seen of one task, beside what the pool has.

    Attributes:
        is_more: whether that is more than the pool has, in words.
    """

    generator: str
    rows: Value
    is_more: str = "not known"
    task: str | None = None
    split: str | None = None
    pool: int | None = None
    note: str | None = None


def make_seen_table(data: ReportData) -> Table:
    """Return what each generator has seen of each task, beside the pool's size."""
    columns: Columns[Seen] = (
        col.text("generator", "Generator", lambda seen: seen.generator),
        col.text("task", "Task", lambda seen: seen.task),
        col.text("split", "Split", lambda seen: seen.split),
        col.count("rows", "Rows seen", lambda seen: seen.rows),
        col.count("pool", "Rows in the pool", lambda seen: seen.pool),
        col.text("more_than_pool", "More than the pool", lambda seen: seen.is_more),
        col.text("note", "Note", lambda seen: seen.note),
    )
    caption = (
        "Task data that the generators' training had, as their cards state it, and the "
        "corpora brought along, of which nobody states it."
    )
    return make_table("has_seen", caption, columns, _list_seen(data))


def _list_seen(data: ReportData) -> Iterator[Seen]:
    for model in data.models:
        if model.card.role == "generator":
            entries = data.list_seen(model.name)
            yield from (_read_entry(data, model.name, entry) for entry in entries)
            if not entries:
                yield Seen(model.name, Undefined(NOT_STATED))
    for name in data.brought:
        yield Seen(name, Undefined("brought along"), note=NOTHING_KNOWN)


def _read_entry(data: ReportData, generator: str, entry: HasSeen) -> Seen:
    task = next((part for part in data.tasks if part.name == entry.task), None)
    is_more = "not a task of this run"
    if task:
        is_more = "yes" if entry in data.find_seen(task, generator) else "no"
    return Seen(
        generator=generator,
        rows=Undefined("nobody counted") if entry.num_rows is None else entry.num_rows,
        is_more=is_more,
        task=entry.task,
        split=entry.split,
        pool=task.num_pool if task else None,
        note=entry.note or None,
    )


SECTION = Section(
    id="seen",
    title="What the generators have seen",
    lead="Where a generator has seen more real texts than the pool holds, its texts carry them "
    "into the pool, and nothing is concluded from pool against pool + synthetic.",
    render=lambda data, page: [page.show("provenance", make_seen_table(data))],
    tables=lambda data: [make_seen_table(data)],
)
