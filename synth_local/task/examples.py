"""From the rows of a data file to labelled examples: cleaning, mapping, refusing.

Every refusal names file, line and fix. Rows are left out for two reasons only, and both are
counted: a label the task does not have (where ``other_labels: drop``), and nothing left of the
text. Knows nothing about splits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_local.errors import DataError, UnknownLabelError
from synth_local.records import Example
from synth_local.task.raw_rows import MissingColumnError, RawRow
from synth_local.task.task_file import TaskFile
from synth_local.task.text_files import read_json_lines, read_separated

BROUGHT_COLUMNS = ("text", "label")
FORMATS = ".csv, .tsv, .jsonl, .json (each also .gz), .parquet or a saved datasets folder"


@dataclass(frozen=True, slots=True)
class BroughtRow:
    """One row of a corpus brought along, before any check of its text.

    Attributes:
        index: of the row in its file, from 0.
        text: as it stands there, perhaps empty.
        label: the task's name for it; where the task leaves it out, as it stands there.
        is_known: whether it is a label of the task.
    """

    index: int
    text: str
    label: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """The examples of one data file.

    Attributes:
        examples: in the order of the file; ids are ``<prefix>-<row number, 6 digits>``.
        num_other_labels: rows left out because the task does not have their label.
        num_empty: rows left out because nothing was left of the text after cleaning.
    """

    examples: tuple[Example, ...]
    num_other_labels: int
    num_empty: int


def read_examples(spec: TaskFile, path: Path, prefix: str) -> LabelledRows:
    """Return the labelled examples of one data file.

    Args:
        spec: what columns, labels and patterns there are.
        path: of the data file.
        prefix: of the ids.

    Returns:
        Examples of the task's labels, each of which occurs, and what was left out.

    Raises:
        DataError: a row cannot be read, has no text or no label, the file has no rows, or a
            label of the task has none.
        UnknownLabelError: a label the task does not have, where ``other_labels: error``.
    """
    patterns = [re.compile(pattern) for pattern in spec.clean]
    examples: list[Example] = []
    num_rows = num_other_labels = num_empty = 0
    for row in read_rows(path, spec.data.text, spec.data.label, spec.data.annotations):
        num_rows += 1
        label = _name_label(row, spec, spec.data.label)
        if label is None:
            num_other_labels += 1
            continue
        text = clean_text(check_text(row.text, spec.data.text, row.where), patterns)
        if not text:
            num_empty += 1
            continue
        annotations = tuple(_name_annotations(row, spec))
        examples.append(Example(f"{prefix}-{row.index:06d}", text, label, annotations))
    if not num_rows:
        raise DataError("the file has no rows", where=path, fix="put labelled texts into it")
    _check_every_label(examples, spec, path)
    return LabelledRows(tuple(examples), num_other_labels, num_empty)


def read_brought_rows(spec: TaskFile, path: Path) -> Iterator[BroughtRow]:
    """Yield the rows of a corpus brought along: the columns ``text`` and ``label``, none left out.

    Args:
        spec: of the task; its label map and ``other_labels`` apply.
        path: of a data file of any known format.

    Yields:
        BroughtRow: in the file's order.

    Raises:
        DataError: a row cannot be read, has no text or no label, or the file has no rows.
        UnknownLabelError: a label the task does not have, where ``other_labels: error``.
    """
    row = None
    try:
        for row in read_rows(path, *BROUGHT_COLUMNS):
            label = _name_label(row, spec, BROUGHT_COLUMNS[1])
            text = check_text(row.text, BROUGHT_COLUMNS[0], row.where)
            known = label is not None
            yield BroughtRow(row.index, text, label or _spell_label(row.label), known)
    except MissingColumnError as error:
        names = " and ".join(map(repr, BROUGHT_COLUMNS))
        fix = f"a corpus brought along has the columns {names}; rename those of the file"
        raise DataError(error.what, where=error.where, fix=fix) from error
    if row is None:
        raise DataError("the file has no rows", where=path, fix="put labelled texts into it")


def read_rows(path: Path, text: str, label: str, further: Sequence[str] = ()) -> Iterator[RawRow]:
    """Return the rows of a data file of any known format, told by its name.

    Args:
        path: of the file or saved folder.
        text: the column of texts.
        label: the column of labels.
        further: further columns.

    Returns:
        An iterator that reads as it goes.

    Raises:
        DataError: the format is not known, or what the format's reader finds wrong.
    """
    if path.is_dir() or path.suffix.lower() == ".parquet":
        from synth_local.task import arrow_files  # noqa: PLC0415 - brings pyarrow

        read = arrow_files.read_saved_dataset if path.is_dir() else arrow_files.read_parquet_rows
        return read(path, text, label, further)
    match path.name.lower().removesuffix(".gz").rpartition(".")[2]:
        case "csv":
            return read_separated(path, text, label, ",", further)
        case "tsv":
            return read_separated(path, text, label, "\t", further)
        case "jsonl" | "json":
            return read_json_lines(path, text, label, further)
    raise DataError(
        f"the format of {path.name} is not known", where=path, fix=f"rename or save it as {FORMATS}"
    )


def clean_text(text: str, patterns: Sequence[re.Pattern[str]]) -> str:
    """Return ``text`` without outer blanks and without what the patterns match.

    Args:
        text: of one row.
        patterns: each match becomes one blank; where anything matched, runs of blanks become one.

    Returns:
        The text that is left, perhaps empty; line breaks inside stay.
    """
    cleaned = text
    for pattern in patterns:
        cleaned = pattern.sub(" ", cleaned)
    if cleaned != text:
        cleaned = re.sub(r" {2,}", " ", cleaned)
    return cleaned.strip()


def check_text(value: Any, column: str, where: str) -> str:
    """Return a value that is a text.

    Args:
        value: whatever stands in the column of texts.
        column: its name.
        where: file and line.

    Returns:
        The value, unchanged.

    Raises:
        DataError: it is missing, no text, or holds half a character.
    """
    if not isinstance(value, str):
        found = "missing" if value is None else f"a {type(value).__name__}, not a text"
        raise DataError(
            f"{column!r} is {found}",
            where=where,
            fix="give the row a text, or take the row out",
        )
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(
            f"{column!r} holds half a character (a lone surrogate) at position {error.start}",
            where=where,
            fix="the text was cut in the middle of a character; write the character again",
        ) from error
    return value


def _name_label(row: RawRow, spec: TaskFile, column: str) -> str | None:
    """Return the task's name for the row's label, or ``None`` where the row is to be dropped."""
    if row.label is None:
        raise DataError(
            f"{column!r} is missing",
            where=row.where,
            fix="give the row a label, or take the row out",
        )
    found = _spell_label(row.label)
    label = spec.data.label_map.get(found, found)
    if label in spec.labels:
        return label
    if spec.other_labels == "drop":
        return None
    raise UnknownLabelError(label, tuple(spec.labels), row.where)


def _name_annotations(row: RawRow, spec: TaskFile) -> Iterator[str | None]:
    """Yield the annotators' labels of a row; ``None`` for a rating that is missing."""
    for cell in row.further:
        for rating in cell if isinstance(cell, list) else [cell]:
            found = None if rating is None else _spell_label(rating)
            label = spec.data.label_map.get(found, found) if found else None
            if label is None or label in spec.labels:
                yield label
            elif spec.other_labels == "drop":
                yield None
            else:
                raise UnknownLabelError(label, tuple(spec.labels), row.where)


def _spell_label(value: Any) -> str:
    return value.strip() if isinstance(value, str) else str(value)


def _check_every_label(examples: Sequence[Example], spec: TaskFile, path: Path) -> None:
    present = {example.label for example in examples}
    missing = [label for label in spec.labels if label not in present]
    if missing:
        raise DataError(
            f"no row has the label {', '.join(map(repr, missing))}",
            where=path,
            fix="add such rows, map a label of the data to it with label_map, "
            "or take the label out of the task file",
        )
