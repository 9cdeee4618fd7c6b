"""Parquet in and out, by pyarrow: rows are dictionaries here and nowhere else.

The one module that knows pyarrow's spelling; callers hand in frozen records' fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from synth_local.core.files import replace_atomically


def write_parquet(path: Path, rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> None:
    """Write rows to a Parquet file, atomically; an empty table keeps its schema."""
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    with replace_atomically(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Return the rows of a Parquet file, all columns or those named."""
    table = pq.read_table(path, columns=list(columns) if columns is not None else None)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
