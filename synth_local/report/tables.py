"""Tables as data: columns that know how a record fills them, and rows of plain values.

Nothing here spells a value, draws, reads files or knows what the numbers mean; ``table_text``
spells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, TypeVar

from synth_local.records import Interval

Kind = Literal["text", "code", "count", "number", "score", "p", "interval"]


@dataclass(frozen=True, slots=True)
class Undefined:
    """A value that does not exist, and why; it is never written as 0."""

    reason: str

    def __str__(self) -> str:
        """Return ``undefined (reason)``."""
        return f"undefined ({self.reason})" if self.reason else "undefined"


Value = str | int | float | Interval | Undefined | None
Record = TypeVar("Record")
Getter = Callable[[Record], Value]


def _leave_empty(_record: Any) -> Value:
    return None


@dataclass(frozen=True, slots=True)
class Column(Generic[Record]):
    """One column, and how a record fills it.

    Attributes:
        key: name in the CSV; an interval becomes ``key``, ``key_low`` and ``key_high``.
        get: the value of a record.
        is_signed: a difference: the sign is always written.
        is_detail: stands in the CSV alone: a page or a paper has no room for it.
    """

    key: str
    title: str
    kind: Kind = "text"
    get: Getter[Record] = _leave_empty
    is_signed: bool = False
    is_detail: bool = False

    @property
    def is_numeric(self) -> bool:
        """Return whether the column is aligned to the right."""
        return self.kind not in ("text", "code")


Columns = tuple[Column[Record], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``None`` in a row means that the column does not apply there.

    Attributes:
        columns: at least one.
        rows: each as long as ``columns``.
        num_headers: leading columns that name their row.
        is_long: a row per label, item or text: for programs, not for paper.
    """

    name: str
    caption: str
    columns: Columns[Any]
    rows: tuple[tuple[Value, ...], ...]
    num_headers: int = 1
    is_long: bool = False


def make_table(
    name: str,
    caption: str,
    columns: Columns[Record],
    records: Iterable[Record],
    num_headers: int = 1,
    *,
    is_long: bool = False,
) -> Table:
    """Return a table with a row for each record, filled by its columns."""
    rows = tuple(tuple(column.get(record) for column in columns) for record in records)
    return Table(name, caption, columns, rows, num_headers, is_long)


def or_undefined(value: Value, reason: str) -> Value:
    """Return a value, or why there is none."""
    return Undefined(reason) if value is None else value


def select_columns(table: Table, keys: Iterable[str]) -> Table:
    """Return the table with the columns of these keys only, in the table's own order."""
    wanted = set(keys)
    return _keep_columns(table, [i for i, one in enumerate(table.columns) if one.key in wanted])


def drop_details(table: Table) -> Table:
    """Return the table without the columns that stand in the CSV alone."""
    return _keep_columns(table, [i for i, one in enumerate(table.columns) if not one.is_detail])


def drop_empty_columns(table: Table) -> Table:
    """Return the table without the columns that apply to none of its rows."""
    places = range(len(table.columns))
    return _keep_columns(
        table, [i for i in places if any(row[i] not in (None, "") for row in table.rows)]
    )


def drop_undefined_rows(table: Table, key: str) -> Table:
    """Return the table without the rows whose value of one column is undefined."""
    place = [column.key for column in table.columns].index(key)
    kept = tuple(row for row in table.rows if not isinstance(row[place], Undefined))
    return replace(table, rows=kept)


def list_undefined(table: Table, key: str) -> tuple[str, ...]:
    """Return a line per reason: how many rows have no value in one column, and why.

    Args:
        table: whose first column names what a row is about, such as its task.

    Returns:
        Lines for what ``drop_undefined_rows`` leaves out; none where it leaves nothing out.
    """
    column = next(column for column in table.columns if column.key == key)
    place = table.columns.index(column)
    names: dict[str, list[str]] = {}
    for row in table.rows:
        if isinstance(value := row[place], Undefined):
            names.setdefault(value.reason, []).append(str(row[0]))
    return tuple(
        f"{column.title} undefined for {len(mine)} of {len(table.rows)} rows "
        f"({', '.join(dict.fromkeys(mine))}): {reason}"
        for reason, mine in names.items()
    )


def _keep_columns(table: Table, kept: Sequence[int]) -> Table:
    return replace(
        table,
        columns=tuple(table.columns[index] for index in kept),
        rows=tuple(tuple(row[index] for index in kept) for row in table.rows),
        num_headers=sum(index < table.num_headers for index in kept),
    )


def group_rows(table: Table) -> dict[str, Table]:
    """Return the rows of each value of the first column, without that column."""
    groups: dict[str, list[tuple[Value, ...]]] = {}
    for first, *rest in table.rows:
        groups.setdefault(str(first), []).append(tuple(rest))
    return {
        key: replace(
            table, columns=table.columns[1:], rows=tuple(rows), num_headers=table.num_headers - 1
        )
        for key, rows in groups.items()
    }
