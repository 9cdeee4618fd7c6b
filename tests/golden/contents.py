"""What a run directory says, without what differs from run to run: times, places, versions.

One digest per file. Figures, logs and students are left out (drawn by a library, told by the clock,
seen in their predictions). Numbers are cut to six significant digits: another processor's last bit
is no change.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

# what a clock, a disk or an installation decides
VARIES = re.compile(r"second|created|version|ledger_bytes|^at$|^library$")
NOT_READ = {"logs", "progress", "figures", "live", "students", "made_from"}
NOT_READ_FILES = {"digests.json", "run.yaml", "report.json", "seconds.csv", "software.csv"}
READ = {".parquet", ".json", ".jsonl", ".csv", ".html", ".sh"}
NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S{6}")
FIGURE = re.compile(r"<svg.*?</svg>", re.DOTALL)
TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
TIMED_TABLE = re.compile(r"<th[^>]*>[^<]*(?:GPU|Seconds|seconds|Version)")
RUN_FINGERPRINT = re.compile(r"Run fingerprint(?: <code>|: )[0-9a-f]+")


def digest_files(folder: Path, home: Path) -> dict[str, str]:
    """Return one digest per file of a run directory, by its path below the directory.

    Args:
        home: the folder whose path is cut out wherever it stands.
    """
    return {
        str(path.relative_to(folder)): hashlib.sha256(text.encode()).hexdigest()[:16]
        for path, text in _read_texts(folder, home)
    }


def read_text(path: Path, home: Path) -> str:
    """Return what a file says."""
    if path.suffix == ".parquet":
        rows = pq.read_table(path).to_pylist()
        text = "\n".join(json.dumps(_keep(row), sort_keys=True) for row in rows)
    elif path.suffix == ".json":
        text = json.dumps(_keep(json.loads(path.read_text())), indent=1, sort_keys=True)
    elif path.suffix == ".jsonl":
        lines = path.read_text().splitlines()
        text = "\n".join(json.dumps(_keep(json.loads(line)), sort_keys=True) for line in lines)
    elif path.suffix == ".csv":
        text = _read_csv(path.read_text())
    elif path.suffix == ".html":
        text = RUN_FINGERPRINT.sub("", FIGURE.sub("", path.read_text()))
        text = TABLE.sub(lambda table: _mask_times(table.group()), text)
    else:
        text = path.read_text()
    text = NUMBER.sub(lambda number: f"{float(number.group()):.6g}", text)
    text = TIME.sub("<time>", text).replace(str(home), "<home>")
    return "".join(
        line.replace(sys.executable, "<python>")
        for line in text.splitlines(keepends=True)
        if not line.startswith("export PYTHONPATH=")  # how the tests find an uninstalled package
    )


def _read_texts(folder: Path, home: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        skipped = NOT_READ & set(parts) or path.name in NOT_READ_FILES
        if path.suffix in READ and not skipped:
            yield path, read_text(path, home)


def _keep(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _keep(item) for key, item in value.items() if not VARIES.search(key)}
    if isinstance(value, list):
        return [_keep(item) for item in value]
    if isinstance(value, str) and value.startswith("{"):  # a record inside a ledger's line
        return _keep(json.loads(value))
    return value


def _read_csv(text: str) -> str:
    rows = [_keep(row) for row in csv.DictReader(io.StringIO(text))]
    return "\n".join(json.dumps(row) for row in rows)


def _mask_times(table: str) -> str:
    return re.sub(r">[\d.,]+<", "><", table) if TIMED_TABLE.search(table) else table
