"""Small files that say what is live, what failed and how far a job is.

Each is written by one process and replaced atomically, so ``status`` needs nothing but the files.
A process is known by host, pid and start time, so that a pid used again is not mistaken for it.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synth_local.core.files import read_json, write_json
from synth_local.errors import SynthLocalError
from synth_local.store.run_dir import RunDir

JOB_VARIABLE = "SYNTH_LOCAL_JOB"
MESSAGE_LIMIT = 1000  # characters of each part of a failure that are kept


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that failed, for ``status`` and the report."""

    job: str
    stage: str
    what: str
    fix: str
    exit_code: int
    log: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Attributes:
        total: units of the whole job.
        note: a line for people, such as the speed.
        updated: seconds since the epoch.
    """

    job: str
    done: int
    total: int
    note: str
    updated: float


def _start_time(pid: int) -> str:
    """Return the kernel's start time of a process, or nothing where there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def find_live(run: RunDir) -> list[str]:
    """Return a line for every process that works on the run; markers of dead ones are removed."""
    found = []
    for _, value in _read_live(run):
        if value["pid"] != os.getpid() or value["host"] != socket.gethostname():
            found.append(f"{value['job']} (pid {value['pid']} on {value['host']})")
    return found


def list_local_pids(run: RunDir) -> list[tuple[int, str]]:
    """Return pid and job of the processes on this machine that no scheduler started."""
    return [
        (value["pid"], value["job"])
        for _, value in _read_live(run)
        if value["host"] == socket.gethostname() and not value.get("slurm")
        if value["pid"] != os.getpid()
    ]


def list_live_jobs(run: RunDir) -> list[tuple[Path, str]]:
    """Return the markers of processes that a scheduler started, with their jobs' ids."""
    return [(path, value["slurm"]) for path, value in _read_live(run) if value.get("slurm")]


def drop_live(path: Path) -> None:
    """Remove the marker of a process that is known to have ended."""
    with suppress(FileNotFoundError):
        path.unlink()


def _read_live(run: RunDir) -> list[tuple[Path, dict[str, Any]]]:
    found = []
    for path in sorted(run.live.glob("*.json")):
        value = read_json(path)
        if value is None:
            continue
        here = value["host"] == socket.gethostname()
        if here and _start_time(value["pid"]) != value["started"]:
            drop_live(path)
            continue
        found.append((path, value))
    return found


@contextmanager
def mark_live(run: RunDir, job: str) -> Iterator[None]:
    """Hold a marker that this process works on the run.

    Under a scheduler the marker is named by the job, so that a job that is started again after its
    node died replaces the marker that was left there. A parent's marker stands for its children.
    """
    pid = os.getpid()
    host = socket.gethostname()
    slurm = os.environ.get(JOB_VARIABLE, "")
    process = os.environ.get("SLURM_PROCID", "0")
    path = run.live / (f"slurm-{slurm}-{process}.json" if slurm else f"{host}-{pid}.json")
    held = read_json(path)
    if held and (held["pid"], held["host"]) == (os.getppid(), host):
        yield
        return
    value = {"job": job, "pid": pid, "host": host, "started": _start_time(pid), "slurm": slurm}
    write_json(path, value)
    try:
        yield
    finally:
        drop_live(path)


def record_failure(run: RunDir, stage: str, job: str, error: SynthLocalError, log: str) -> None:
    """Store that a job failed and why, in few words: a message may quote somebody's text."""
    what, fix, where = (_cut(part) for part in (error.what, error.fix, error.where))
    failure = Failure(job, stage, what, fix, error.exit_code, log, where)
    write_json(run.failed / f"{job}.json", asdict(failure))


def _cut(text: str) -> str:
    return text if len(text) <= MESSAGE_LIMIT else f"{text[: MESSAGE_LIMIT - 4]} ..."


def clear_failure(run: RunDir, job: str) -> None:
    """Forget an earlier failure of a job that is done now."""
    with suppress(FileNotFoundError):
        (run.failed / f"{job}.json").unlink()


def clear_failures(run: RunDir) -> None:
    """Forget all earlier failures: what failed is about to be tried again."""
    for path in run.failed.glob("*.json"):
        with suppress(FileNotFoundError):
            path.unlink()


def read_failures(run: RunDir) -> list[Failure]:
    """Return what failed, by job."""
    values = [read_json(path) for path in sorted(run.failed.glob("*.json"))]
    return [Failure(**value) for value in values if value]


@dataclass
class ProgressWriter:
    """Writes a job's progress at most once a second; its owner calls ``update`` freely."""

    run: RunDir
    job: str
    total: int
    _written: float = 0.0

    def update(self, done: int, note: str = "", *, force: bool = False) -> None:
        """Store how many units are done."""
        now = time.time()
        if force or now - self._written >= 1.0:
            self._written = now
            value = Progress(self.job, done, self.total, note, now)
            write_json(self.run.progress / f"{self.job}.json", asdict(value))


def read_progress(run: RunDir) -> list[Progress]:
    """Return the latest progress of every job."""
    values: list[dict[str, Any] | None] = [
        read_json(path) for path in sorted(run.progress.glob("*.json"))
    ]
    return [Progress(**value) for value in values if value]


def sum_progress(
    progress: Sequence[Progress], name: str, jobs: Collection[str], total: int, since: float
) -> list[Progress]:
    """Return the progress of jobs beside each other as that of one.

    Args:
        since: seconds since the epoch; older reports are of an earlier call.

    Returns:
        One, with the note of the job that reported last; none where none has reported.
    """
    own = [one for one in progress if one.job in jobs and one.updated >= since]
    if not own:
        return []
    latest = max(own, key=lambda one: one.updated)
    return [Progress(name, sum(one.done for one in own), total, latest.note, latest.updated)]
