"""How a run ends where something failed: the first cause, its place, its fix, its exit code."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

from synth_local.backends.local import last_log_line, last_log_lines
from synth_local.errors import EXIT_ENGINE, EngineError
from synth_local.run.cells import CellPlan
from synth_local.store.markers import Failure, read_failures
from synth_local.store.run_dir import RunDir

GO_ON = "read the log; the same command goes on"
_MEMORY = ", which is what a machine does that runs out of memory"


class JobFailedError(EngineError):
    """A job of the pipeline failed; it carries that job's exit code."""

    def __init__(self, what: str, exit_code: int, *, where: str | Path, fix: str) -> None:
        super().__init__(what, where=where, fix=fix)
        self.exit_code = exit_code


def explain_job(run: RunDir, job: str, code: int, log: Path) -> JobFailedError:
    """Return why a job failed: what it noted itself, else what its log and exit code say.

    Args:
        job: its name, as failures are noted under.
        code: its exit code; beyond 128 the signal that ended it.

    Returns:
        The error, with the job's exit code; 5 where a signal ended it.
    """
    noted = next((failure for failure in read_failures(run) if failure.job == job), None)
    if noted:
        return repeat_failure(noted, noted.what, log)
    exit_code = code if code < 128 else EXIT_ENGINE
    return JobFailedError(describe_end(job, code, log), exit_code, where=log, fix=GO_ON)


def describe_end(job: str, code: int, log: Path) -> str:
    """Return how a job ended that did not say so itself, with the end of its log."""
    if code < 128:
        return f"{job} ended with exit code {code}: {last_log_line(log)}"
    try:
        name = signal.Signals(code - 128).name
    except ValueError:
        name = f"signal {code - 128}"
    memory = _MEMORY if name == "SIGKILL" else ""
    lines = last_log_lines(log)
    said = "; its log ends with:\n    " + "\n    ".join(lines) if lines else "; its log is empty"
    return f"{job} was ended by {name}{memory}{said}"


def find_train_failures(run: RunDir, plans: Sequence[CellPlan]) -> list[Failure]:
    """Return what failed in the stage ``train``, in the order of the cells.

    Returns:
        Failures of cells, then of generators that were asked, then of the step as a whole.
    """
    places = {f"train-{plan.cell.name}": number for number, plan in enumerate(plans)}
    generators = tuple(f"train-{plan.cell.generator}" for plan in plans if plan.is_classified)

    def rank(failure: Failure) -> tuple[int, int]:
        if failure.job in places:
            return 0, places[failure.job]
        return (1, 0) if generators and failure.job.startswith(generators) else (2, 0)

    return sorted((failure for failure in read_failures(run) if failure.stage == "train"), key=rank)


def sum_up_trainings(
    run: RunDir,
    plans: Sequence[CellPlan],
    num_failed: int,
    total: int,
    errors: Sequence[JobFailedError],
) -> JobFailedError:
    """Return what trainings beside each other came to, where at least one job failed.

    Args:
        num_failed: cells that have no predictions now.
        errors: of the jobs that failed, in their order.

    Returns:
        The first cause. Where jobs noted failures of cells: the first of these, and how many
        cells there are in all.
    """
    noted = find_train_failures(run, plans)
    if len(errors) == 1 or not noted:
        return errors[0]
    first = noted[0]
    job = first.job.removeprefix("train-")
    what = f"{num_failed} of {total} cells failed; the first, {job}: {first.what}"
    return repeat_failure(first, what, first.log)


def repeat_failure(failure: Failure, what: str, log: str | Path) -> JobFailedError:
    """Return the error that a job noted, to end another one with.

    Args:
        failure: as it was noted.

    Returns:
        The error, with that job's exit code and fix.
    """
    where = f"{failure.where}; log: {log}" if failure.where else log
    return JobFailedError(what, failure.exit_code, where=where, fix=failure.fix or GO_ON)
