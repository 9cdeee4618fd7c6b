"""What became of the jobs of a submission: the run directory's files first, one query at most.

A task's own files say whether it started and how it ended. Slurm is asked once, where it is there
at all and something has not ended; what it has forgotten is not taken for finished.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from synth_local.backends.local import last_log_line
from synth_local.backends.slurm.client import ACTIVE, QueuedTask, Slurm, SlurmError, has_slurm
from synth_local.store.run_dir import RunDir
from synth_local.store.submission import (
    Submission,
    SubmittedJob,
    TaskMark,
    read_marks,
    read_submission,
)

CAP_EXIT_CODE = 75
SHOWN = 5


@dataclass(frozen=True, slots=True)
class FailedTask:
    """A job or array task that failed.

    Attributes:
        exit_code: ``None`` where it was killed before it could say.
        line: the last line of its log.
    """

    task: str
    exit_code: int | None
    line: str
    log: str
    fix: str


@dataclass(frozen=True, slots=True)
class JobStatus:
    """One submitted job.

    Attributes:
        counts: tasks by state: ``waiting running done failed`` and ``not run``; none of 0.
        reason: why its tasks wait, as Slurm says it; empty where it does not.
        failed: its failed tasks, the first few.
    """

    id: str
    name: str
    stage: str
    counts: dict[str, int]
    reason: str
    failed: tuple[FailedTask, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready value."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class JobsStatus:
    """The jobs of the last submission, and whether Slurm was asked and answered."""

    jobs: tuple[JobStatus, ...]
    note: str


def read_jobs_status(run: RunDir, slurm: Slurm) -> JobsStatus:
    """Return what became of the last submission's jobs.

    Returns:
        No jobs where nothing was submitted.
    """
    submission = read_submission(run)
    if submission is None:
        return JobsStatus((), "")
    marks = read_marks(run)
    queue, note = _ask(submission, marks, slurm)
    jobs = tuple(_job_status(run, submission, job, marks, queue) for job in submission.jobs)
    return JobsStatus(jobs, note)


def _ask(
    submission: Submission, marks: dict[str, TaskMark], slurm: Slurm
) -> tuple[dict[str, QueuedTask] | None, str]:
    """Return the queue, or ``None`` where nobody can say, and a note for people."""
    ids = [task for job in submission.jobs for task, _ in job.list_tasks()]
    if all(one in marks and _is_final(marks[one]) for one in ids):
        return {}, ""
    if not has_slurm():
        return None, "Slurm is not on this machine: shown is what the jobs themselves wrote"
    try:
        return slurm.list_tasks(), ""
    except SlurmError as error:
        return None, f"{error.what.splitlines()[0]}: shown is what the jobs themselves wrote"


def _job_status(
    run: RunDir,
    submission: Submission,
    job: SubmittedJob,
    marks: dict[str, TaskMark],
    queue: dict[str, QueuedTask] | None,
) -> JobStatus:
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    failed: list[FailedTask] = []
    for task, log in job.list_tasks():
        mark = marks.get(task)
        queued = None if queue is None else queue.get(task)
        state = _task_state(mark, queued, was_asked=queue is not None)
        counts[state] += 1
        if state == "waiting" and queued:
            reasons[queued.reason] += 1
        if state == "failed" and len(failed) < SHOWN:
            failed.append(_describe_failure(run, submission, task, log, mark))
    reason = reasons.most_common(1)[0][0] if reasons else ""
    return JobStatus(job.id, job.name, job.stage, dict(counts), reason, tuple(failed))


def _is_final(mark: TaskMark) -> bool:
    return mark.exit_code is not None and not mark.is_requeued


def _task_state(mark: TaskMark | None, queued: QueuedTask | None, *, was_asked: bool) -> str:
    if mark is not None and _is_final(mark):
        return "failed" if mark.exit_code else "done"
    if queued and queued.state in ACTIVE:
        return "waiting" if queued.state == "PENDING" else "running"
    if not was_asked:
        if mark is None or mark.is_requeued:
            return "waiting"
        return "running"
    # Slurm no longer has it, and it never said that it ended: killed, or called off before it began
    return "not run" if mark is None else "failed"


def _describe_failure(
    run: RunDir, submission: Submission, task: str, log: str, mark: TaskMark | None
) -> FailedTask:
    path = run.logs / log
    line = last_log_line(path)
    if mark is None or mark.exit_code is None:
        fix = (
            "it was killed before it could say why (memory, a dead node, scancel): see "
            f"`sacct -j {task}` where the site keeps accounts, ask for more memory in the site "
            f"file if that was it, and go on with: {submission.go_on}"
        )
        return FailedTask(task, None, line or "(its log is empty)", str(path), fix)
    if mark.exit_code == CAP_EXIT_CODE:
        fix = f"raise requeue.limit or the stage's time in the site file, then: {submission.go_on}"
    else:
        fix = f"read the log, mend what it says, then: {submission.go_on}"
    return FailedTask(task, mark.exit_code, line, str(path), fix)
