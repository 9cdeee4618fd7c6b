"""Whether something works on a run directory already: processes here, jobs of a scheduler."""

from __future__ import annotations

from synth_local.backends.slurm.client import QueuedTask, Slurm, SlurmError, has_slurm
from synth_local.errors import ConfigError
from synth_local.store.markers import drop_live, find_live, list_live_jobs
from synth_local.store.run_dir import RunDir
from synth_local.store.submission import Submission, read_marks, read_submission


def refuse_busy(run: RunDir, slurm: Slurm) -> None:
    """Raise where a process or a job works on the run, or waits to.

    Markers of jobs that Slurm has ended are removed: a node that died could not do it.

    Args:
        slurm: the cluster; asked once, and only where it can make a difference.

    Raises:
        ConfigError: naming the processes and jobs.
    """
    submission = read_submission(run)
    is_open = submission is not None and bool(list_unended(run, submission))
    marked = list_live_jobs(run)
    active: dict[str, QueuedTask] | None = None
    if (is_open or marked) and has_slurm():
        try:
            active = slurm.list_active()
        except SlurmError:
            active = None
    if active is not None:
        for path, job in marked:
            if job not in active:
                drop_live(path)
    if submission and is_open:
        _refuse_jobs(run, submission, active)
    live = find_live(run)
    if live:
        raise ConfigError(
            "the run directory has live jobs: " + "; ".join(live),
            where=run.root,
            fix=f"wait for them or stop them: synth-local cancel {run.root}\n"
            f"where one is gone for good on another host, remove its file in {run.live}",
        )


def list_unended(run: RunDir, submission: Submission) -> list[str]:
    """Return the tasks of a submission that may still run, as their own files tell it."""
    if submission.state == "cancelled":
        return []
    marks = read_marks(run)
    return [
        task
        for job in submission.jobs
        for task, _ in job.list_tasks()
        if task not in marks or marks[task].exit_code is None or marks[task].is_requeued
    ]


def _refuse_jobs(run: RunDir, submission: Submission, active: dict[str, QueuedTask] | None) -> None:
    fix = f"wait for them, or end them: synth-local cancel {run.root}"
    if active is None:
        raise ConfigError(
            f"the jobs submitted on {submission.submitted} have not all said that they ended, and "
            "Slurm does not answer here",
            where=run.root,
            fix=f"ask on a login node: synth-local status {run.root}\n{fix}",
        )
    names = {job.id: job.name for job in submission.jobs}
    ids = {task.partition("_")[0] for task in active}
    waiting = [name for one, name in names.items() if one in ids]
    if waiting:
        raise ConfigError(
            "the run directory has live jobs: " + ", ".join(waiting), where=run.root, fix=fix
        )
