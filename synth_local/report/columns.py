"""Columns by their kind, and those that many tables share: what names a condition or a corpus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from synth_local.records import Cell
from synth_local.report.tables import Column, Columns, Getter, Record, Value

CONDITION = ("task", "student", "source", "generator", "strategy")
CORPUS = ("task", "generator", "strategy")


def text(key: str, title: str, get: Getter[Record]) -> Column[Record]:
    """Return a column of words."""
    return Column(key, title, "text", get)


def code(key: str, title: str, get: Getter[Record]) -> Column[Record]:
    """Return a column of digests, which a page shortens."""
    return Column(key, title, "code", get)


def count(key: str, title: str, get: Getter[Record], **options: bool) -> Column[Record]:
    """Return a column of whole numbers."""
    return Column(key, title, "count", get, **options)


def number(key: str, title: str, get: Getter[Record], **options: bool) -> Column[Record]:
    """Return a column of numbers of any size."""
    return Column(key, title, "number", get, **options)


def score(key: str, title: str, get: Getter[Record], **options: bool) -> Column[Record]:
    """Return a column of scores, shares and other small numbers."""
    return Column(key, title, "score", get, **options)


def p_value(key: str, title: str, get: Getter[Record], **options: bool) -> Column[Record]:
    """Return a column of p values."""
    return Column(key, title, "p", get, **options)


def interval(key: str, title: str, get: Getter[Record], **options: bool) -> Column[Record]:
    """Return a column of values with their intervals."""
    return Column(key, title, "interval", get, **options)


def difference(key: str, title: str, get: Getter[Record], **options: bool) -> Column[Record]:
    """Return a column of differences with their intervals; the sign is always written."""
    return Column(key, title, "interval", get, is_signed=True, **options)


def names(
    parts: tuple[str, ...], get: Callable[[Any], Any] = lambda record: record
) -> Columns[Any]:
    """Return a column for each part of a name; one that does not apply is left empty.

    Args:
        parts: attributes, such as ``CONDITION``.
        get: what of a record has these attributes; the record itself unless told.
    """
    return tuple(text(part, part.capitalize(), _make_getter(get, part)) for part in parts)


def _make_getter(get: Callable[[Any], Any], name: str) -> Getter[Any]:
    def read(record: Any) -> Value:
        part: str = getattr(get(record), name)
        return None if part in ("", "-") else part

    return read


def condition(parts: tuple[str, ...] = CONDITION) -> Columns[Any]:
    """Return the columns of records whose ``condition`` is a name, as cells are called."""
    return names(parts, lambda record: Cell.parse(record.condition))
