"""The one reader of rows, for task data, corpora brought along and files of annotations.

What a file is, its first bytes tell; its name tells the rest: which text format it is. Knows
nothing about labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from synth_local.errors import DataError
from synth_local.task.first_bytes import tell_binary
from synth_local.task.formats.json_rows import read_json_columns, read_json_rows
from synth_local.task.formats.separated import read_header, read_separated
from synth_local.task.formats.snapshot_folders import count_siblings, find_split, is_snapshot
from synth_local.task.raw_rows import RawRow

FORMATS = (
    ".csv, .tsv, .jsonl, .json (each also .gz), .parquet, .arrow, a saved datasets folder or a "
    "folder of Parquet files"
)
SEPARATED = ("csv", "tsv")
JSON = ("jsonl", "ndjson", "json")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file that are read.

    Attributes:
        further: any others.
        encoding: of a text file; empty is UTF-8.
        role: of the file, ``train`` or ``test``: which split of a folder of several is read.
    """

    text: str
    label: str
    further: tuple[str, ...] = ()
    encoding: str = ""
    role: str = "train"


def read_rows(path: Path, text: str, label: str, further: Sequence[str] = ()) -> Iterator[RawRow]:
    """Return the rows of a UTF-8 file of any known format; as ``read_table``."""
    return read_table(path, Columns(text, label, tuple(further)))


def read_table(path: Path, columns: Columns) -> Iterator[RawRow]:
    """Return the rows of a data file of any known format.

    Returns:
        An iterator that reads as it goes.

    Raises:
        DataError: the format is not known, or what the format's reader finds wrong.
    """
    wanted = columns.text, columns.label
    further = columns.further
    if path.is_dir():
        from synth_local.task.formats import arrow  # noqa: PLC0415 - brings pyarrow

        if is_snapshot(path):
            files = find_split(path, columns.role).files
            for file in files:
                tell_binary(file)  # a pointer to a file is named as such
            return arrow.read_parquet_rows(files, *wanted, further)
        return arrow.read_saved_dataset(path, *wanted, further)
    binary = tell_binary(path)
    if binary or path.suffix.lower() == ".parquet":
        from synth_local.task.formats import arrow  # noqa: PLC0415 - brings pyarrow

        if binary.startswith("arrow"):
            return arrow.read_arrow_rows(path, *wanted, further)
        return arrow.read_parquet_rows([path], *wanted, further)
    if _tell_text(path) in SEPARATED:
        return read_separated(path, *wanted, "", further, columns.encoding)
    return read_json_rows(path, *wanted, further, columns.encoding)


def read_columns(path: Path) -> list[str]:
    """Return the names of a UTF-8 or binary file's columns, or the keys of its first row.

    Raises:
        DataError: the format is not known, or the file cannot be read.
    """
    if tell_binary(path) or path.suffix.lower() == ".parquet":
        from synth_local.task.formats import arrow  # noqa: PLC0415 - brings pyarrow

        return arrow.read_columns(path)
    return read_header(path) if _tell_text(path) in SEPARATED else read_json_columns(path)


def list_unread(path: Path, role: str, *, reads_both: bool = False) -> tuple[str, ...]:
    """Return a line for what lies beside the rows that are read, and is not.

    Args:
        role: ``train`` or ``test``.
        reads_both: whether one folder holds the train and the test part.

    Returns:
        Splits of a folder, or shards beside a file, that nobody reads.
    """
    if path.is_dir() and is_snapshot(path):
        known = ("train", "test") if reads_both else (role,)
        others = [other for other in find_split(path, role).others if other not in known]
        return (f"the folder also holds {', '.join(others)}",) if others else ()
    total = 1 if path.is_dir() else count_siblings(path)
    return (f"one of {total} shards; name the folder to read all",) if total > 1 else ()


def _tell_text(path: Path) -> str:
    """Return the text format that a file's name tells."""
    ending = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    if ending in (*SEPARATED, *JSON):
        return ending
    raise DataError(
        f"the format of {path.name} is not known", where=path, fix=f"rename or save it as {FORMATS}"
    )
