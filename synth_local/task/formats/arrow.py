"""Reading Parquet files, Arrow files and saved ``datasets`` folders through pyarrow alone.

A saved folder holds ``state.json`` (names of the Arrow files), ``dataset_info.json`` (what columns
mean) and ``data-*.arrow`` in Arrow's stream format; a folder of the Hub holds Parquet shards. The
``datasets`` library is not needed for them. Importing this module imports pyarrow: do it when
needed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from synth_local.errors import DataError, shorten
from synth_local.task.labels import ClassNumber
from synth_local.task.raw_rows import RawRow, check_columns

STATE = "state.json"
INFO = "dataset_info.json"
SPLITS = "dataset_dict.json"
HUB = b"huggingface"  # the key of a schema's metadata under which features are described

Batches = tuple[Any, Iterator[Any]]  # a schema, and record batches of it
Opener = Callable[[Path, list[str] | None], AbstractContextManager[Batches]]


def read_parquet_rows(
    files: Sequence[Path], text: str, label: str, further: Sequence[str] = ()
) -> Iterator[RawRow]:
    """Yield the rows of Parquet files, one after the other.

    Args:
        files: the shards of one table, or one file.
        label: the column of labels; a number that the file's own features name is both.

    Yields:
        RawRow: in the order of the files; rows are numbered from 1 in each.

    Raises:
        DataError: a file is no Parquet, or lacks a column.
    """
    index = 0
    for file in files:
        for row in _read_file(file, _open_parquet, (text, label, *further), {}):
            yield _number(row, index)
            index += 1


def read_arrow_rows(
    path: Path, text: str, label: str, further: Sequence[str] = ()
) -> Iterator[RawRow]:
    """Return the rows of an Arrow file (also called Feather), or of an Arrow stream.

    Args:
        label: the column of labels; a number that the file's own features name is both.

    Returns:
        An iterator in the file's order.

    Raises:
        DataError: the file is no Arrow file, or lacks a column.
    """
    return _read_file(path, _open_arrow, (text, label, *further), {})


def read_saved_dataset(
    folder: Path, text: str, label: str, further: Sequence[str] = ()
) -> Iterator[RawRow]:
    """Yield the rows of one part that ``Dataset.save_to_disk`` wrote.

    Args:
        folder: that holds ``state.json``.
        label: the column of labels; class numbers have names there.

    Yields:
        RawRow: in the folder's order, over all its files.

    Raises:
        DataError: the folder holds several parts, is damaged, or lacks a column.
    """
    info = _read_json(folder / INFO) if (folder / INFO).is_file() else {}
    features = info.get("features")
    index = 0
    for file in _list_arrow_files(folder):
        for row in _read_file(file, _open_arrow, (text, label, *further), features or {}):
            yield _number(row, index, f"{folder}: row {index + 1}")
            index += 1


def read_columns(path: Path) -> list[str]:
    """Return the names of a Parquet or Arrow file's columns.

    Raises:
        DataError: the file is neither.
    """
    with (
        _translated(path),
        (_open_parquet if _is_parquet(path) else _open_arrow)(path, None) as (
            schema,
            _,
        ),
    ):
        return list(schema.names)


def _number(row: RawRow, index: int, where: str = "") -> RawRow:
    return RawRow(index, where or row.where, row.text, row.label, row.further)


def _read_file(
    path: Path, opener: Opener, wanted: tuple[str, ...], features: Mapping[str, Any]
) -> Iterator[RawRow]:
    """Yield the rows of one file; ``features`` say what its columns mean, else its own do."""
    index = 0
    text, label, *further = wanted
    with _translated(path):
        with opener(path, None) as (schema, _):
            check_columns(schema.names, wanted, path)
        with opener(path, list(dict.fromkeys(wanted))) as (schema, batches):
            names = _list_class_names(features or _read_features(schema), label)
            for batch in batches:
                batch.validate(full=True)  # offsets of a damaged file lead out of its memory
                for values in batch.to_pylist():
                    where = f"{path}: row {index + 1}"
                    value = _name_class(values[label], names, where)
                    found = tuple(values[name] for name in further)
                    yield RawRow(index, where, values[text], value, found)
                    index += 1


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn what pyarrow says of a file into an error with a place."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        kind = "Parquet" if path.suffix.lower() == ".parquet" else "Arrow"
        raise DataError(
            f"not a readable {kind} file: {shorten(str(error), 300)}",
            where=path,
            fix="the file may be damaged or cut short; copy it again",
        ) from error


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as handle:
        return handle.read(4) == b"PAR1"


@contextmanager
def _open_parquet(path: Path, columns: list[str] | None) -> Iterator[Batches]:
    with pq.ParquetFile(path) as table:
        yield table.schema_arrow, table.iter_batches(columns=columns)


@contextmanager
def _open_arrow(path: Path, columns: list[str] | None) -> Iterator[Batches]:
    with pa.memory_map(str(path)) as source:
        if bytes(source.read(6)) == b"ARROW1":
            source.seek(0)
            with pa.ipc.open_file(source) as table:
                numbers = range(table.num_record_batches)
                batches = (table.get_batch(number) for number in numbers)
                yield table.schema, (_select(batch, columns) for batch in batches)
        else:
            source.seek(0)
            with pa.ipc.open_stream(source) as stream:
                yield stream.schema, (_select(one, columns) for one in stream)


def _select(batch: Any, columns: list[str] | None) -> Any:
    return batch if columns is None else batch.select(columns)


def _list_arrow_files(folder: Path) -> list[Path]:
    if (folder / SPLITS).is_file():
        parts = _read_json(folder / SPLITS).get("splits", [])
        raise DataError(
            "the folder holds several parts of a data set",
            where=folder,
            fix="name one part in the task file: "
            + ", ".join(f"{folder.name}/{part}" for part in parts),
        )
    state = _read_json(folder / STATE)
    try:
        return [folder / str(entry["filename"]) for entry in state["_data_files"]]
    except (KeyError, TypeError) as error:
        raise DataError("it names no data files", where=folder / STATE) from error


def _read_features(schema: Any) -> Mapping[str, Any]:
    """Return what the Hub's tools wrote into a schema about its columns."""
    spelled = (schema.metadata or {}).get(HUB)
    try:
        features = json.loads(spelled)["info"]["features"] if spelled else {}
    except (ValueError, KeyError, TypeError):
        return {}
    return features if isinstance(features, dict) else {}


def _list_class_names(features: Any, label: str) -> list[str]:
    """Return the names behind the numbers of a class column; nothing for other columns."""
    feature = features.get(label) if isinstance(features, dict) else None
    if isinstance(feature, dict) and feature.get("_type") == "ClassLabel":
        names = feature.get("names")
        return [str(name) for name in names] if isinstance(names, list) else []
    return []


def _name_class(value: Any, names: list[str], where: str) -> Any:
    if not names or not isinstance(value, int) or isinstance(value, bool):
        return value
    if value == -1:  # how public data sets spell a withheld label
        return None
    if not 0 <= value < len(names):
        raise DataError(f"class {value} has no name; {len(names)} names are given", where=where)
    return ClassNumber(value, names[value])


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"not a saved datasets folder: {error}",
            where=path,
            fix="write it with Dataset.save_to_disk, or name a folder that holds Parquet files",
        ) from error
    if not isinstance(value, dict):
        raise DataError("expected a JSON object", where=path)
    return value
