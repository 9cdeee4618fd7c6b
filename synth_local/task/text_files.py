"""Reading CSV, TSV and JSON Lines, gzipped or not, line by line.

Files are UTF-8, with or without a byte order mark. Quoting is that of RFC 4180: a field in double
quotes may hold separators, line breaks and doubled quotes. Knows nothing about labels.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_local.errors import DataError
from synth_local.task.raw_rows import RawRow, check_columns

BOM = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = (",", ";", "\t")
LARGEST_FIELD = 2**31 - 1  # characters; the csv module's own bound is 131,072


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of one row of separated fields, and the file and line on which it starts."""

    where: str
    fields: list[str]


def read_json_lines(
    path: Path, text: str, label: str, further: Sequence[str] = ()
) -> Iterator[RawRow]:
    """Yield the rows of a file with one JSON object a line; blank lines are skipped.

    Args:
        path: of the file; ``.gz`` is unpacked on the way.
        text: the column of texts.
        label: the column of labels.
        further: further columns.

    Yields:
        RawRow: in the file's order.

    Raises:
        DataError: a line is no JSON object, or lacks a column; with file and line.
    """
    index = 0
    for number, line in enumerate(decode_lines(path), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        row = _parse_object(line, where)
        check_columns(list(row), (text, label, *further), where)
        yield RawRow(index, where, row[text], row[label], tuple(row[name] for name in further))
        index += 1


def read_separated(
    path: Path, text: str, label: str, delimiter: str, further: Sequence[str] = ()
) -> Iterator[RawRow]:
    r"""Yield the rows of a file with a header line and separated fields.

    Args:
        path: of the file; ``.gz`` is unpacked on the way.
        text: the column of texts.
        label: the column of labels.
        delimiter: one character, ``,`` or ``\t``.
        further: further columns.

    Yields:
        RawRow: in the file's order.

    Raises:
        DataError: a column is missing, a row has more or fewer fields than the header, or quotes
            do not pair up; with file and the line on which the row starts.
    """
    records = _read_records(path, delimiter)
    header = next(records, None)
    if header is None or not header.fields:
        return
    check_columns(header.fields, (text, label, *further), header.where)
    text_at, label_at, *others = (header.fields.index(name) for name in (text, label, *further))
    index = 0
    for record in records:
        fields = record.fields
        if not fields:
            continue
        _check_width(fields, header.fields, record.where)
        found = tuple(fields[at] for at in others)
        yield RawRow(index, record.where, fields[text_at], fields[label_at], found)
        index += 1


def read_fields(path: Path, delimiter: str, width: int) -> Iterator[Record]:
    r"""Yield the rows of a file with separated fields and no header line; blank lines are skipped.

    Args:
        path: of the file; ``.gz`` is unpacked on the way.
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


def _read_records(path: Path, delimiter: str) -> Iterator[Record]:
    csv.field_size_limit(LARGEST_FIELD)
    reader = csv.reader(decode_lines(path), delimiter=delimiter, strict=True)
    start = 1
    try:
        for fields in reader:
            yield Record(f"{path}:{start}", fields)
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"quotes or separators do not pair up: {error}",
            where=f"{path}:{start}",
            fix="put texts that hold a separator, a line break or a quote into double quotes and "
            "double the quotes inside, or save the file as JSON Lines; lines have to end with a "
            "line feed, not with a carriage return alone",
        ) from error


def find_separator(path: Path) -> str:
    """Return the separator of a file's header: comma, semicolon or tab, whichever it has most of.

    Args:
        path: of the file; ``.gz`` is unpacked on the way.

    Returns:
        One character; a comma where the header has none of them.

    Raises:
        DataError: the file cannot be read.
    """
    header = next(decode_lines(path), "")
    return max(SEPARATORS, key=header.count)


def read_header(path: Path) -> list[str]:
    """Return the names in a file's header, in their order; none of an empty file.

    Args:
        path: of the file; ``.gz`` is unpacked on the way.

    Returns:
        The names.

    Raises:
        DataError: the file cannot be read, or its header is no line of separated fields.
    """
    header = next(_read_records(path, find_separator(path)), None)
    return header.fields if header else []


def _check_width(fields: list[str], header: list[str], where: str) -> None:
    if len(fields) != len(header):
        raise DataError(
            f"the row has {len(fields)} fields, the header {len(header)}",
            where=where,
            fix="put fields that hold a separator into double quotes, or save as JSON Lines",
        )


def _parse_object(line: str, where: str) -> dict[str, Any]:
    fix = 'each line must be one JSON object, such as {"text": "...", "label": "..."}'
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"not valid JSON: {error}", where=where, fix=fix) from error
    if not isinstance(row, dict):
        raise DataError(f"expected a JSON object, found {type(row).__name__}", where=where, fix=fix)
    return row


def decode_lines(path: Path) -> Iterator[str]:
    r"""Yield the lines of a UTF-8 file with their line ends, gzipped or not.

    Only ``\n`` ends a line: texts may hold other characters that Unicode counts as line ends.

    Args:
        path: of the file.

    Yields:
        str: line by line, without the byte order mark.

    Raises:
        DataError: the file cannot be read, or a line is not UTF-8; with file and line.
    """
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as handle:
            for raw in handle:
                number += 1
                yield _decode(raw.removeprefix(BOM) if number == 1 else raw, path, number)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"cannot read on: {error}",
            where=f"{path}:{number + 1}",
            fix="the file may be damaged or cut short; copy it again",
        ) from error


def _decode(raw: bytes, path: Path, number: int) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        utf16 = number == 1 and raw.startswith(UTF16_MARKS)
        found = "the file is UTF-16" if utf16 else f"byte {raw[error.start]:#04x} is not UTF-8"
        raise DataError(
            found,
            where=f"{path}:{number}",
            fix="save the file as UTF-8 (iconv -f LATIN1 -t UTF-8, with the right first name)",
        ) from error
