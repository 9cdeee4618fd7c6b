"""Stored records: JSON on disk and back, for frozen dataclasses of any depth.

Fields that a file lacks take their defaults, and those that a record no longer has are passed over,
so that what another version wrote can be read where its meaning is the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from synth_local.core.files import read_json
from synth_local.errors import DataError, shorten

Record = TypeVar("Record")
_adapters: dict[Any, TypeAdapter[Any]] = {}


def load(path: Path, kind: type[Record], part: str = "") -> Record | None:
    """Return the record of a JSON file.

    Args:
        part: the key that it stands under; empty where the file is the record.

    Returns:
        The record; ``None`` where there is no such file, or nothing stands under the key.

    Raises:
        DataError: another version stored it in another form.
    """
    stored = read_json(path)
    if part and stored:
        stored = stored.get(part)
    return None if stored is None else parse(stored, kind, path)


def parse(stored: Any, kind: type[Record], where: Path | str = "") -> Record:
    """Return the record that ``dataclasses.asdict`` and JSON made ``stored`` of.

    Raises:
        DataError: another version stored it in another form.
    """
    try:
        record: Record = _adapt(kind).validate_python(stored)
    except ValidationError as error:
        raise DataError(
            f"results were stored in another form ({shorten(repr(error))} is not as expected)",
            where=where,
            fix="bring them up to date: `synth-local run` with its run file",
        ) from error
    return record


def _adapt(kind: Any) -> TypeAdapter[Any]:
    """Return what reads a kind of record; made at the first use, which takes milliseconds."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]
