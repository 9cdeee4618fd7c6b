"""Reading JSON: one object a line, or one array of objects; gzipped or not.

Numbers keep their spelling and ``NaN`` is a value that is missing. Rows of annotation tools are
made flat. Knows nothing about labels.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from synth_local.errors import DataError
from synth_local.task.decoding import decode_lines
from synth_local.task.formats.annotation_exports import flatten_row
from synth_local.task.labels import SpelledNumber
from synth_local.task.raw_rows import RawRow, check_columns

FIX = (
    'each line must be one JSON object, such as {"text": "...", "label": "..."}, '
    "or the whole file one array of them"
)


def read_json_rows(
    path: Path, text: str, label: str, further: Sequence[str] = (), encoding: str = ""
) -> Iterator[RawRow]:
    """Yield the rows of a JSON file; blank lines are skipped.

    Args:
        path: of the file; gzip is unpacked on the way.
        encoding: of the file; empty is UTF-8.

    Yields:
        RawRow: in the file's order.

    Raises:
        DataError: a line or an element is no JSON object, or lacks a column; with file and line,
            or file and row (from 1) of an array.
    """
    for index, (where, value) in enumerate(_read_values(path, encoding)):
        if not isinstance(value, dict):
            found = "nothing" if value is None else type(value).__name__
            raise DataError(f"expected a JSON object, found {found}", where=where, fix=FIX)
        row = flatten_row(value, label, where)
        check_columns(list(row), (text, label, *further), where)
        yield RawRow(index, where, row[text], row[label], tuple(row[name] for name in further))


def read_json_columns(path: Path) -> list[str]:
    """Return the keys of a JSON file's first row; none of an empty file.

    Raises:
        DataError: the file cannot be read.
    """
    _, value = next(_read_values(path, ""), ("", None))
    return list(value) if isinstance(value, dict) else []


def _read_values(path: Path, encoding: str) -> Iterator[tuple[str, Any]]:
    """Yield the values of a file, each with its place."""
    lines = decode_lines(path, encoding)
    head = []
    for line in lines:
        head.append(line)
        if line.strip():
            break
    if head and head[-1].lstrip().startswith("["):
        yield from _read_array(path, "".join(chain(head, lines)))
        return
    for number, line in enumerate(chain(head, lines), start=1):
        if line.strip():
            yield f"{path}:{number}", _parse(line, f"{path}:{number}")


def _read_array(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    first = text[: len(text) - len(text.lstrip())].count("\n") + 1
    try:
        values = _parse(text, f"{path}:{first}")
    except DataError as error:
        cause = error.__cause__
        if isinstance(cause, json.JSONDecodeError):
            error.where = f"{path}:{cause.lineno}"
        raise
    for number, value in enumerate(values, start=1):
        yield f"{path}: row {number}", value


def _parse(spelled: str, where: str) -> Any:
    try:
        return json.loads(spelled, parse_float=SpelledNumber, parse_constant=_name_constant)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not valid JSON: {error}", where=where, fix=FIX) from error


def _name_constant(spelled: str) -> float | None:
    """Return what a word stands for that is no JSON, yet written by many tools."""
    return None if spelled == "NaN" else float(spelled)
