"""From the folder of a public download to ``<task>/{train,test}.jsonl.gz``.

The same download gives the same bytes. Files that somebody else made are never replaced.
"""

from __future__ import annotations

import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from synth_local.core.files import explain_disk_errors, replace_atomically
from synth_local.core.places import find_shipped
from synth_local.core.section import parse_section, read_yaml
from synth_local.errors import ConfigError, DataError, nearest
from synth_local.task.downloads.arrange import arrange_rows
from synth_local.task.downloads.readers import READERS
from synth_local.task.downloads.source_rows import SourceRow
from synth_local.task.examples import check_text
from synth_local.task.task_file import AS_SPELLED, TaskFile


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a download became.

    Attributes:
        num_rows: read; each is in one of the files or among the drops.
        drops: reason to rows that were left out.
        labels: each file that was written, to its rows by label.
    """

    num_rows: int
    drops: Mapping[str, int]
    labels: Mapping[Path, Mapping[str, int]]


def convert_download(task: str, folder: Path, out: Path) -> Conversion:
    """Write the data files of a task from the folder of its public download.

    Args:
        task: a name of ``READERS``; the task file of this name says what is cleaned and by which
            seed a download without an official split is cut.
        folder: that the download was unpacked into.
        out: what ``SYNTH_LOCAL_DATA`` will be; gets ``<task>/train.jsonl.gz`` and
            ``<task>/test.jsonl.gz``.

    Returns:
        What was read, left out and written.

    Raises:
        ConfigError: no reader has this name, or other files stand in the way.
        DataError: the download does not fit; with file and line.
        MachineError: the disk is full, or ``out`` may not be written to.
    """
    if task not in READERS:
        raise ConfigError(
            f"no converter is named {task!r}{nearest(task, READERS)}",
            fix=f"choose one of {', '.join(sorted(READERS))}",
        )
    path = find_shipped("tasks") / f"{task}.yaml"
    value, lines = read_yaml(path, AS_SPELLED)
    spec = parse_section(TaskFile, value, path, lines)
    rows = _check_rows(READERS[task](folder), spec)
    parts = arrange_rows(rows, [re.compile(one) for one in spec.clean], spec.split_seed)
    files = {
        out / task / "train.jsonl.gz": parts.train,
        out / task / "test.jsonl.gz": parts.test,
    }
    labels = {file: Counter(row.label for row in found) for file, found in files.items()}
    for file, counts in labels.items():
        missing = [label for label in spec.labels if not counts[label]]
        if missing:
            raise DataError(
                f"no row is left of the label {missing[0]!r} for {file.name}",
                where=folder,
                fix="is the download whole?",
            )
    _write_files({file: pack_rows(found) for file, found in files.items()})
    return Conversion(parts.num_rows, parts.drops, labels)


def pack_rows(rows: Iterable[SourceRow]) -> bytes:
    """Return rows as gzipped JSON lines.

    Returns:
        Bytes that depend on the rows (and the zlib in use) alone, not on the time or a file's name.
    """
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as packed:
        for row in rows:
            fields = {"text": row.text.strip(), "label": row.label}
            if row.agreement:
                fields["agreement"] = row.agreement
            packed.write(json.dumps(fields, ensure_ascii=False).encode() + b"\n")
    return buffer.getvalue()


def _check_rows(rows: Iterable[SourceRow], spec: TaskFile) -> Iterator[SourceRow]:
    for row in rows:
        if not row.refused and row.label not in spec.labels and spec.other_labels == "error":
            raise DataError(
                f"label {row.label!r} is not one of {', '.join(spec.labels)}",
                where=row.where,
                fix=f"--from must name the download of {spec.name}",
            )
        check_text(row.text, "text", row.where)
        yield row


def _write_files(contents: Mapping[Path, bytes]) -> None:
    """Write all files, or none where another file stands in the place of one of them."""
    for file, data in contents.items():
        with explain_disk_errors(file):
            if file.exists() and file.read_bytes() != data:
                raise ConfigError(
                    "a file with other content is there already",
                    where=file,
                    fix="move it away, or choose another --out",
                )
    for file, data in contents.items():
        with replace_atomically(file) as temporary:
            temporary.write_bytes(data)
