"""One row of a public download before anybody sorted it, and what all readers share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from synth_local.errors import DataError
from synth_local.task.decoding import decode_lines
from synth_local.task.formats.separated import Record

Part = Literal["train", "test", "whole"]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A text and its label as the authors give them.

    Attributes:
        where: file and line, or what names the row where a format has no lines.
        part: the official part that it belongs to; ``whole`` where there is no official split.
        text: with outer blanks, markup and all.
        label: its name in the task file; empty where ``refused`` says why there is none.
        agreement: least share of annotators that chose the label, in percent; empty where unknown.
        refused: why the row cannot be used; empty where it can.
    """

    where: str
    part: Part
    text: str
    label: str
    agreement: str = ""
    refused: str = ""


def find_part(folder: Path, name: str) -> Path:
    """Return a file or folder of a download.

    Args:
        folder: that the download was unpacked into.
        name: of what must be in it.

    Raises:
        DataError: it is not there; what is there is named.
    """
    path = folder / name
    if path.exists():
        return path
    if not folder.is_dir():
        raise DataError("there is no such folder", where=folder, fix="correct --from")
    there = sorted(entry.name for entry in folder.iterdir())
    seen = ", ".join(there[:8]) + (", ..." if len(there) > 8 else "")
    raise DataError(
        f"{name} is missing",
        where=folder,
        fix=f"unpack the download and name the folder that holds {name}; found {seen or 'nothing'}",
    )


def read_plain_lines(path: Path) -> Iterator[Record]:
    """Yield the lines of a file in which every line is a row of one field.

    Yields:
        Record: one field each, without its line end; blank lines too, since rows of two files may
            belong together by number.

    Raises:
        DataError: the file cannot be read, or is not UTF-8.
    """
    for number, line in enumerate(decode_lines(path), start=1):
        yield Record(f"{path}:{number}", [line.rstrip("\r\n")])


def read_tabbed_lines(path: Path, width: int) -> Iterator[Record]:
    """Yield the rows of a file whose fields are set apart by tabs and never quoted.

    Args:
        width: fields that each row must have.

    Yields:
        Record: in the file's order; blank lines are skipped.

    Raises:
        DataError: a row has more or fewer fields; with file and line.
    """
    for record in read_plain_lines(path):
        line = record.fields[0]
        if not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) != width:
            raise DataError(
                f"the row has {len(fields)} fields between tabs, not {width}",
                where=record.where,
                fix="take the file as it was published",
            )
        yield Record(record.where, fields)


def name_label(value: str, names: dict[str, str], where: str) -> str:
    """Return the task's name for a label of the download.

    Args:
        value: as it stands in the download, outer blanks aside.
        names: label of the download to label of the task.

    Raises:
        DataError: the download should have no such label.
    """
    try:
        return names[value.strip()]
    except KeyError:
        raise DataError(
            f"the label {value.strip()!r} is none of {', '.join(names)}",
            where=where,
            fix="is this the download of this task, as it was published?",
        ) from None
