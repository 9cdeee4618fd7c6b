"""The ledger: every finished turn, exactly once, whatever is killed when.

A worker writes segments of its own, created exclusively. A segment's first line fences the
segments that it takes over: of each it names the byte length that counts, so that a writer that
was believed dead cannot add rows afterwards. Readers ignore what lies beyond a fence and a torn
last line. Rows are synced to disk once a second.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synth_local.core.files import explain_disk_errors
from synth_local.records import Completion, Turn, Verdict

SYNC_SECONDS = 1.0
FORMAT = 1
SPEC = "spec.json"  # beside the segments: what decided the corpus


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One stored turn; the slot is known by its id.

    Attributes:
        completion: the raw completion; its ``id`` is the slot's.
        prompt_digest: identity of the messages that were sent.
        verdict: of the row checks in force when it was written.
        engine: what the engine said of itself when the segment was opened.
        segment: name of the segment's file.
        elapsed: seconds since the segment was opened.
    """

    completion: Completion
    prompt_digest: str
    verdict: Verdict
    checks: str
    engine: str
    segment: str
    elapsed: float


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment as it lies on disk."""

    path: Path
    shard: int
    num_shards: int
    checks: str
    engine: str
    fences: dict[str, int]
    body_start: int


def read_ledger(folder: Path) -> dict[str, LedgerRow]:
    """Return the rows that count, by slot id, each slot once.

    Where two segments hold one slot (two workers that never knew of each other), the one whose
    name sorts first counts, for every reader alike.
    """
    segments = read_segments(folder)
    limits = _fence_limits(segments)
    rows: dict[str, LedgerRow] = {}
    for segment in segments:
        for row in _read_rows(segment, limits.get(segment.path.name)):
            rows.setdefault(row.completion.id, row)
    return rows


def sum_seconds(rows: Iterable[LedgerRow]) -> float:
    """Return the seconds spent on ``rows``: of each segment the time of its last row, summed."""
    last: dict[str, float] = {}
    for row in rows:
        last[row.segment] = max(row.elapsed, last.get(row.segment, 0.0))
    return sum(last.values())


def read_segments(folder: Path) -> list[Segment]:
    """Return the segments with a whole first line, by name."""
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        with path.open("rb") as handle:
            first = handle.readline()
        if not first.endswith(b"\n"):
            continue  # killed while the first line was written: it holds no row
        header = json.loads(first)
        found.append(
            Segment(
                path,
                header["shard"],
                header["num_shards"],
                header["checks"],
                header["engine"],
                header["fences"],
                len(first),
            )
        )
    return found


def _fence_limits(segments: list[Segment]) -> dict[str, int]:
    limits: dict[str, int] = {}
    for segment in segments:
        for name, length in segment.fences.items():
            limits[name] = min(length, limits.get(name, length))
    return limits


def _read_rows(segment: Segment, limit: int | None) -> Iterator[LedgerRow]:
    with segment.path.open("rb") as handle:
        handle.seek(segment.body_start)
        position = segment.body_start
        for line in handle:
            position += len(line)
            if not line.endswith(b"\n") or (limit is not None and position > limit):
                return
            yield _decode(json.loads(line), segment)


def _decode(value: dict[str, Any], segment: Segment) -> LedgerRow:
    completion = Completion(
        value["id"], value["raw"], value["prompt"], value["tokens"], value["finish"]
    )
    verdict = Verdict(
        value.get("text", value["raw"]),
        value.get("reason", ""),
        value.get("kind", ""),
        value.get("culprit", ""),
    )
    return LedgerRow(
        completion,
        value["digest"],
        verdict,
        segment.checks,
        segment.engine,
        segment.path.name,
        value["at"],
    )


def _encode(turn: Turn, elapsed: float) -> bytes:
    completion, verdict = turn.completion, turn.verdict
    value: dict[str, Any] = {
        "id": completion.id,
        "raw": completion.text,
        "prompt": completion.num_prompt_tokens,
        "tokens": completion.num_tokens,
        "finish": completion.finish_reason,
        "digest": turn.prompt_digest,
        "at": round(elapsed, 2),
    }
    if verdict.text != completion.text:
        value["text"] = verdict.text
    optional = {"reason": verdict.reason, "kind": verdict.culprit_kind}
    optional["culprit"] = verdict.culprit_id
    value |= {key: text for key, text in optional.items() if text}
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def _whole_lines(segment: Segment) -> int:
    """Return the byte length of the segment up to its last whole line."""
    size = segment.path.stat().st_size
    block = 1 << 16
    with segment.path.open("rb") as handle:
        end = size
        while end > segment.body_start:
            start = max(segment.body_start, end - block)
            handle.seek(start)
            cut = handle.read(end - start).rfind(b"\n")
            if cut >= 0:
                return start + cut + 1
            end = start
    return segment.body_start


@dataclass
class LedgerWriter:
    """Appends turns to a new segment of one shard.

    Use as a context manager. Opening fences every segment that no live sibling owns: those of the
    same shard, and those of another number of shards.

    Attributes:
        shard: from 0.
        checks: identity of the row checks.
        engine: what the engine says of itself, as JSON.
        clock: seconds; injected by tests.
    """

    folder: Path
    shard: int
    num_shards: int
    checks: str
    engine: str
    clock: Callable[[], float] = time.monotonic
    _file: int = field(default=-1, init=False)
    _path: Path = field(default=Path(), init=False)
    _synced: float = field(default=0.0, init=False)
    _opened: float = field(default=0.0, init=False)

    def __enter__(self) -> LedgerWriter:
        """Create the segment."""
        with explain_disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._open()
        return self

    def __exit__(self, *_: object) -> None:
        """Sync and close."""
        if self._file >= 0:
            try:
                with explain_disk_errors(self._path):
                    os.fsync(self._file)
            finally:
                os.close(self._file)
                self._file = -1

    def append(self, turn: Turn) -> None:
        """Write one turn; it is on its way to the disk when this returns, synced within a second.

        Raises:
            MachineError: the disk is full; rows written before stay valid.
        """
        now = self.clock()
        self._write(_encode(turn, now - self._opened))
        if now - self._synced >= SYNC_SECONDS:
            with explain_disk_errors(self._path):
                os.fsync(self._file)
            self._synced = now

    def _open(self) -> None:
        for number in range(1_000_000):
            name = f"n{self.num_shards:05d}-k{self.shard:05d}-s{number:06d}.jsonl"
            try:
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND
                self._file = os.open(self.folder / name, flags, 0o644)
            except FileExistsError:
                continue
            self._path = self.folder / name
            break
        fences = {
            segment.path.name: _whole_lines(segment)
            for segment in read_segments(self.folder)
            if not (segment.num_shards == self.num_shards and segment.shard != self.shard)
        }
        header = {
            "format": FORMAT,
            "shard": self.shard,
            "num_shards": self.num_shards,
            "checks": self.checks,
            "engine": self.engine,
            "fences": fences,
        }
        self._write(json.dumps(header, sort_keys=True).encode() + b"\n")
        with explain_disk_errors(self._path):
            os.fsync(self._file)
        self._synced = self._opened = self.clock()

    def _write(self, data: bytes) -> None:
        with explain_disk_errors(self._path):
            while data:
                # a nearly full disk takes a part of the line; readers ignore the torn rest
                data = data[os.write(self._file, data) :]
