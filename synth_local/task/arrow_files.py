"""Reading Parquet files and saved ``datasets`` folders through pyarrow alone.

A saved folder holds ``state.json`` (names of the Arrow files), ``dataset_info.json`` (what columns
mean) and ``data-*.arrow`` in Arrow's stream format. Class numbers become names there. The
``datasets`` library is not needed for it. Importing this module imports pyarrow: do it when needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from synth_local.errors import DataError
from synth_local.task.raw_rows import RawRow, check_columns

STATE = "state.json"
INFO = "dataset_info.json"
SPLITS = "dataset_dict.json"


def read_parquet_rows(
    path: Path, text: str, label: str, further: Sequence[str] = ()
) -> Iterator[RawRow]:
    """Yield the rows of a Parquet file.

    Args:
        path: of the file.
        text: the column of texts.
        label: the column of labels; numbers stay numbers, name them with ``label_map``.
        further: further columns.

    Yields:
        RawRow: in the file's order.

    Raises:
        DataError: the file is no Parquet, or lacks a column.
    """
    index = 0
    try:
        with pq.ParquetFile(path) as table:
            check_columns(table.schema_arrow.names, (text, label, *further), path)
            for batch in table.iter_batches(columns=[text, label, *further]):
                for values in batch.to_pylist():
                    where = f"{path}: row {index + 1}"
                    found = tuple(values[name] for name in further)
                    yield RawRow(index, where, values[text], values[label], found)
                    index += 1
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"not a readable Parquet file: {error}", where=path) from error


def read_saved_dataset(
    folder: Path, text: str, label: str, further: Sequence[str] = ()
) -> Iterator[RawRow]:
    """Yield the rows of one part that ``Dataset.save_to_disk`` wrote.

    Args:
        folder: that holds ``state.json``.
        text: the column of texts.
        label: the column of labels; class numbers are replaced by their names.
        further: further columns.

    Yields:
        RawRow: in the folder's order, over all its files.

    Raises:
        DataError: the folder holds several parts, is damaged, or lacks a column.
    """
    names = _read_class_names(folder, label)
    index = 0
    for file in _list_arrow_files(folder):
        try:
            with pa.memory_map(str(file)) as source, pa.ipc.open_stream(source) as stream:
                check_columns(stream.schema.names, (text, label, *further), file)
                for batch in stream:
                    for values in batch.select([text, label, *further]).to_pylist():
                        where = f"{folder}: row {index + 1}"
                        value = _name_class(values[label], names, where)
                        found = tuple(values[name] for name in further)
                        yield RawRow(index, where, values[text], value, found)
                        index += 1
        except (pa.ArrowInvalid, OSError) as error:
            raise DataError(
                f"not a readable Arrow file: {error}", where=file, fix="copy the folder again"
            ) from error


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
        return [folder / entry["filename"] for entry in state["_data_files"]]
    except (KeyError, TypeError) as error:
        raise DataError("it names no data files", where=folder / STATE) from error


def _read_class_names(folder: Path, label: str) -> list[str]:
    """Return the names behind the numbers of a class column; nothing for other columns."""
    if not (folder / INFO).is_file():
        return []
    features = _read_json(folder / INFO).get("features") or {}
    feature = features.get(label)
    if isinstance(feature, dict) and feature.get("_type") == "ClassLabel":
        return [str(name) for name in feature.get("names", [])]
    return []


def _name_class(value: Any, names: list[str], where: str) -> Any:
    if not names or not isinstance(value, int):
        return value
    if value == -1:  # how public data sets spell a withheld label
        return None
    if not 0 <= value < len(names):
        raise DataError(f"class {value} has no name; {len(names)} names are given", where=where)
    return names[value]


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"not a saved datasets folder: {error}",
            where=path,
            fix="write it with Dataset.save_to_disk, or save the rows as Parquet",
        ) from error
    if not isinstance(value, dict):
        raise DataError("expected a JSON object", where=path)
    return value
