"""Reading separated fields (CSV, TSV and what spreadsheets make of them), gzipped or not.

The separator is the one that the header uses: comma, semicolon, tab or bar. Quoting is that of
RFC 4180: a field in double quotes may hold separators, line breaks and doubled quotes. Knows
nothing about labels.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from synth_local.errors import DataError
from synth_local.task.decoding import decode_lines
from synth_local.task.raw_rows import RawRow, check_columns

SEPARATORS = (",", ";", "\t", "|")
LARGEST_FIELD = 2**31 - 1  # characters; the csv module's own bound is 131,072
# the line that Excel reads before the header, and does not show
_TOLD = re.compile(r'"?sep=([^\w\s"]|\t)"?\r?\n?', re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of one row of separated fields, where it starts, and how many lines it spans."""

    where: str
    fields: list[str]
    num_lines: int = 1


def read_separated(
    path: Path,
    text: str,
    label: str,
    delimiter: str = "",
    further: Sequence[str] = (),
    encoding: str = "",
) -> Iterator[RawRow]:
    r"""Yield the rows of a file with a header line and separated fields.

    Args:
        path: of the file; gzip is unpacked on the way.
        delimiter: one character, such as ``,`` or ``\t``; empty: that of the header.
        encoding: of the file; empty is UTF-8.

    Yields:
        RawRow: in the file's order.

    Raises:
        DataError: a column is missing, a row has more or fewer fields than the header, or quotes
            do not pair up; with file and the line on which the row starts.
    """
    wanted = (text, label, *further)
    delimiter = delimiter or find_separator(path, wanted, encoding)
    records = (record for record in _read_records(path, delimiter, encoding) if record.fields)
    header = next(records, None)
    if header is None:
        return
    check_columns(header.fields, wanted, header.where)
    text_at, label_at, *others = (header.fields.index(name) for name in wanted)
    for index, record in enumerate(records):
        fields = record.fields
        _check_width(fields, header.fields, record.where)
        found = tuple(fields[at] for at in others)
        yield RawRow(
            index, record.where, fields[text_at], fields[label_at], found, record.num_lines
        )


def read_fields(path: Path, delimiter: str, width: int) -> Iterator[Record]:
    r"""Yield the rows of a file with separated fields and no header line; blank lines are skipped.

    Args:
        path: of the file; gzip is unpacked on the way.
        delimiter: one character, ``,`` or ``\t``.
        width: fields that each row must have.

    Yields:
        Record: in the file's order.

    Raises:
        DataError: a row has more or fewer fields, or quotes do not pair up; with file and line.
    """
    for record in _read_records(path, delimiter):
        if record.fields and len(record.fields) != width:
            raise DataError(
                f"the row has {len(record.fields)} fields, not {width}",
                where=record.where,
                fix="take the file as it was published, or put the row right",
            )
        if record.fields:
            yield record


def find_separator(path: Path, wanted: Sequence[str] = (), encoding: str = "") -> str:
    """Return the separator of a file's header.

    Args:
        path: of the file; gzip is unpacked on the way.
        wanted: columns that have to be there: a separator that sets them apart is the one.
        encoding: of the file; empty is UTF-8.

    Returns:
        One character: what a first line ``sep=...`` says; else comma, semicolon, tab or bar,
        whichever finds the wanted columns, or stands most often in the header outside quotes; a
        comma, or a tab in a file of that name, where the header has none of them.

    Raises:
        DataError: the file cannot be read.
    """
    lines = (line for line in decode_lines(path, encoding) if line.strip())
    header = next(lines, "")
    if told := _TOLD.fullmatch(header):
        return told[1]
    usual = "\t" if path.name.lower().removesuffix(".gz").endswith(".tsv") else ","
    order = sorted(SEPARATORS, key=lambda one: one != usual)
    for one in order:
        if wanted and set(wanted) <= set(_split(header, one)):
            return one
    bare = _QUOTED.sub("", header)
    return max(order, key=bare.count)


def read_header(path: Path) -> list[str]:
    """Return the names in a file's header, in their order; none of an empty file.

    Args:
        path: of the file; gzip is unpacked on the way.

    Raises:
        DataError: the file cannot be read, or its header is no line of separated fields.
    """
    records = _read_records(path, find_separator(path))
    header = next((record for record in records if record.fields), None)
    return header.fields if header else []


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _read_records(path: Path, delimiter: str, encoding: str = "") -> Iterator[Record]:
    csv.field_size_limit(LARGEST_FIELD)
    lines = _skip_told(decode_lines(path, encoding))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    start = 1
    try:
        for fields in reader:
            yield Record(f"{path}:{start}", fields, reader.line_num - start + 1)
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"quotes or separators do not pair up: {error}",
            where=f"{path}:{start}",
            fix="put texts that hold a separator, a line break or a quote into double quotes and "
            "double the quotes inside, or save the file as JSON Lines; lines have to end with a "
            "line feed, not with a carriage return alone",
        ) from error


def _skip_told(lines: Iterator[str]) -> Iterator[str]:
    """Return the lines, a first one that names the separator as a blank one: lines keep numbers."""
    first = next(lines, "")
    return chain(["\n" if _TOLD.fullmatch(first) else first], lines)


def _check_width(fields: list[str], header: list[str], where: str) -> None:
    if len(fields) != len(header):
        raise DataError(
            f"the row has {len(fields)} fields, the header {len(header)}",
            where=where,
            fix="put fields that hold a separator into double quotes, or save as JSON Lines",
        )
