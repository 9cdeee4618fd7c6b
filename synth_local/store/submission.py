"""What was submitted to a scheduler, and what its jobs wrote of their end.

One file per submission, written by the submitting process alone; two small files per array task,
written by that task alone. They are the truth: a scheduler forgets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from synth_local.core.files import write_json
from synth_local.store.records import load
from synth_local.store.run_dir import RunDir


@dataclass(frozen=True, slots=True)
class SubmittedJob:
    """One call of ``sbatch``.

    Attributes:
        name: of the job or of its part.
        tasks: array indices; empty for a job that is no array.
    """

    name: str
    stage: str
    id: str
    tasks: tuple[int, ...]

    def list_tasks(self) -> Iterator[tuple[str, str]]:
        """Yield each task's id, as the scheduler spells it, and the name of its log."""
        for task in self.tasks:
            yield f"{self.id}_{task}", f"{self.stage}-{self.id}-{task}.out"
        if not self.tasks:
            yield self.id, f"{self.stage}-{self.id}-0.out"


@dataclass(frozen=True, slots=True)
class Submission:
    """One call of ``submit``.

    Attributes:
        number: from 1.
        submitted: date and time, ISO 8601, UTC.
        go_on: the command that submits again what is missing.
        jobs: in the order of their submission.
        state: ``held`` until all jobs are known to the scheduler, ``released`` after that,
            ``cancelled`` where somebody called it off.
    """

    number: int
    submitted: str
    go_on: str
    jobs: tuple[SubmittedJob, ...]
    state: str


@dataclass(frozen=True, slots=True)
class TaskMark:
    """What an array task wrote of itself.

    Attributes:
        restarts: how often it was started again; ``None`` where it has not started.
        host: where it runs or ran.
        exit_code: of its end; ``None`` where it has not ended.
        is_requeued: whether it ended to go on later.
    """

    restarts: int | None
    host: str
    exit_code: int | None
    is_requeued: bool


def write_submission(run: RunDir, submission: Submission) -> None:
    """Store a submission, replacing what was known of the same number."""
    write_json(_path(run, submission.number), asdict(submission))


def read_submission(run: RunDir) -> Submission | None:
    """Return the last submission, or ``None`` where there is none."""
    numbers = [int(path.stem.rpartition("-")[2]) for path in run.slurm.glob("submission-*.json")]
    # files of earlier versions hold more of a job than is read
    return load(_path(run, max(numbers)), Submission) if numbers else None


def read_marks(run: RunDir) -> dict[str, TaskMark]:
    """Return what tasks wrote of themselves, by task id."""
    found: dict[str, TaskMark] = {}
    for path in run.task_marks.glob("*.started"):
        restarts, _, host = _read_line(path).partition(" ")
        name = path.name.removesuffix(".started")
        code, _, how = _read_line(path.with_suffix(".ended")).partition(" ")
        found[name] = TaskMark(
            int(restarts) if restarts.isdigit() else 0,
            host.strip(),
            int(code) if code.isdigit() else None,
            how.strip() == "requeued",
        )
    return found


def _path(run: RunDir, number: int) -> Path:
    return run.slurm / f"submission-{number:04d}.json"


def _read_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
