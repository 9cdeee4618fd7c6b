"""Hand out the corpora of a run: one table, and a card beside it."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from synth_local.commands.export.card import Export, write_card
from synth_local.commands.export.rows import ExportRow, RealSide, look_at_pool, make_rows
from synth_local.core.files import replace_atomically, write_text
from synth_local.core.tables import write_parquet
from synth_local.curate.reference import Reference
from synth_local.errors import ConfigError, list_names, nearest
from synth_local.run.context import Context
from synth_local.run.splits import RealData, find_lost_data
from synth_local.store.corpus import Manifest, read_accepted, read_manifest
from synth_local.store.run_dir import CorpusKey, RunDir
from synth_local.task import Task
from synth_local.version import __version__

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("text", "label", "task", "generator", "strategy", "id")),
        ("looks_personal", pa.string()),
        ("personal_in_pool", pa.bool_()),
        ("closest_real", pa.float64()),
    ]
)
SUFFIXES = (".parquet", ".csv", ".jsonl")


class Exported(NamedTuple):
    """What was written: the card's file, how many texts, and how many hold something personal."""

    card: Path
    num_rows: int
    num_personal: int


def export_run(context: Context, file: Path, chosen: Sequence[str] = ()) -> Exported:
    """Write the finished corpora of a run to a table, and its card beside it.

    Args:
        file: ``.parquet``, ``.csv`` or ``.jsonl``; not there yet.
        chosen: corpora as ``task/generator/strategy``; empty: all that are finished.

    Raises:
        ConfigError: the file's name has another ending, something stands in its place, a chosen
            corpus is none of the run's, or none is finished.
    """
    card_file = file.with_name(f"{file.stem}.README.md")
    _check_place(file, card_file)
    corpora = _choose(context.run, context.corpora.keys, chosen)
    tasks = dict.fromkeys(key.task for key in corpora)
    real = {task: _open_real(context.data, context.tasks[task]) for task in tasks}
    rows = [
        row
        for key in corpora
        for row in make_rows(read_accepted(context.run.corpus(key)), key, real[key.task])
    ]
    export = Export(
        file=file.name,
        version=__version__,
        rows=rows,
        manifests=tuple(corpora.values()),
        cards={
            key.generator: None
            if manifest.brought
            else context.models.generators[key.generator].card
            for key, manifest in corpora.items()
        },
        real=real,
    )
    _write_table(file, rows)
    write_text(card_file, write_card(export))
    return Exported(card_file, len(rows), sum(1 for row in rows if row.looks_personal))


def _check_place(file: Path, card_file: Path) -> None:
    if file.suffix not in SUFFIXES:
        raise ConfigError(
            f"no table can be written to a file that ends in {file.suffix or 'nothing'}",
            where=file,
            fix=f"let it end in {list_names(SUFFIXES)}",
        )
    for path in (file, card_file):
        if path.exists():
            raise ConfigError(
                "something is there already", where=path, fix="choose another name, or move it"
            )


def _choose(
    run: RunDir, corpora: Sequence[CorpusKey], chosen: Sequence[str]
) -> dict[CorpusKey, Manifest]:
    """Return the finished corpora that are asked for, by key."""
    by_name = {key.relative.as_posix(): key for key in corpora}
    unknown = [name for name in chosen if name not in by_name]
    if unknown:
        raise ConfigError(
            f"the run has no corpus {unknown[0]!r}",
            where="--corpus",
            fix=f"use one of {list_names(list(by_name))}{nearest(unknown[0], list(by_name))}",
        )
    keys = [key for name, key in by_name.items() if not chosen or name in chosen]
    found = {key: read_manifest(run.corpus(key)) for key in keys}
    open_corpora = [key for key, manifest in found.items() if manifest is None]
    if chosen and open_corpora:
        raise ConfigError(
            f"the corpus {open_corpora[0]} is not finished",
            where=run.root,
            fix="finish the run first: synth-local status says what is missing",
        )
    finished = {key: manifest for key, manifest in found.items() if manifest is not None}
    if not finished:
        raise ConfigError(
            "no corpus of the run is finished",
            where=run.root,
            fix="finish the run first: synth-local status says what is missing",
        )
    return finished


def _open_real(data: RealData, task: Task) -> RealSide | None:
    if find_lost_data(task) is not None:
        return None
    splits = data.splits(task)
    reference = Reference.build(splits.train, splits.validation, splits.test)
    return look_at_pool(reference, splits.pool)


def _write_table(file: Path, rows: Sequence[ExportRow]) -> None:
    records = [asdict(row) for row in rows]
    if file.suffix == ".parquet":
        write_parquet(file, records, SCHEMA)
        return
    with (
        replace_atomically(file) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as lines,
    ):
        if file.suffix == ".csv":
            table = csv.DictWriter(lines, SCHEMA.names)
            table.writeheader()
            table.writerows(records)
        else:
            lines.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in records)
