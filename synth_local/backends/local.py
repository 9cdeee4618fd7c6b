"""Run jobs of the pipeline as child processes of this one, one or several beside each other.

A job is an argument vector. The child writes to a log file, stays in this process group, and ends
with its parent; its progress is read from the run directory, not from a pipe.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from synth_local.core.files import explain_disk_errors
from synth_local.core.signals import PARENT_VARIABLE

POLL_SECONDS = 0.25
LINE_LIMIT = 300  # characters of a line of a log that are shown: it may quote somebody's text


@dataclass(frozen=True, slots=True)
class LocalJob:
    """A job and its log.

    Attributes:
        arguments: of the command, without the program's name.
        log: file that standard output and error are appended to.
    """

    arguments: Sequence[str]
    log: Path


def run_job(
    arguments: Sequence[str],
    log: Path,
    on_poll: Callable[[], None],
    environment: Mapping[str, str] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Run ``python -m synth_local <arguments>`` and return its exit code.

    Args:
        arguments: of the command, without the program's name.
        log: file that standard output and error are appended to.
        on_poll: called a few times a second while the job runs.
        should_stop: asked a few times a second; once it is true, the job is asked to stop.

    Returns:
        The exit code; 128 plus the signal's number where a signal ended the job.

    Raises:
        KeyboardInterrupt: the user stopped this process; the child has ended by then.
    """
    [code] = run_jobs([LocalJob(arguments, log)], on_poll, environment, should_stop)
    return code


def run_jobs(
    jobs: Sequence[LocalJob],
    on_poll: Callable[[], None],
    environment: Mapping[str, str] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[int]:
    """Run jobs beside each other; one that fails leaves the others alone.

    Args:
        on_poll: called a few times a second while a job runs.
        should_stop: asked a few times a second; once it is true, all jobs are asked to stop.

    Returns:
        The exit code of each; 128 plus the signal's number where a signal ended it.

    Raises:
        KeyboardInterrupt: the user stopped this process; all children have ended by then.
    """
    env = {**os.environ, **(environment or {}), PARENT_VARIABLE: str(os.getpid())}
    children = _Children(jobs, env)
    interrupted = is_told = False
    while not children.are_done():
        try:
            children.wait(POLL_SECONDS)
            on_poll()
            if not is_told and should_stop():
                is_told = True
                children.send(signal.SIGTERM)
        except KeyboardInterrupt:
            # the terminal's Ctrl-C reached the children too; a signal sent to this process alone
            # did not, so it is passed on
            children.send(signal.SIGKILL if interrupted else signal.SIGTERM)
            interrupted = True
        except BaseException:
            children.send(signal.SIGTERM)
            children.codes()  # what they have under way is stored first
            raise
    if interrupted:
        raise KeyboardInterrupt
    return [code if code >= 0 else 128 - code for code in children.codes()]


class _Children:
    """Processes of jobs, some of which may not be started yet."""

    def __init__(self, jobs: Sequence[LocalJob], environment: Mapping[str, str]) -> None:
        self._left = list(jobs)
        self._environment = environment
        self._started: list[subprocess.Popen[bytes]] = []

    def are_done(self) -> bool:
        """Return whether nothing runs and nothing is left to start."""
        return not self._left and all(one.returncode is not None for one in self._started)

    def wait(self, seconds: float) -> None:
        """Start what is left, then wait so long at most for the first that still runs."""
        while self._left:
            self._start(self._left.pop(0))
        running = next(one for one in self._started if one.returncode is None)
        with suppress(subprocess.TimeoutExpired):
            running.wait(timeout=seconds)

    def send(self, number: int) -> None:
        """Send a signal to all that run; what is not started stays so."""
        self._left = []
        for one in self._started:
            one.send_signal(number)  # does nothing to a process that has ended

    def codes(self) -> list[int]:
        """Return the exit codes, negative where a signal ended a job."""
        return [one.wait() for one in self._started]

    def _start(self, job: LocalJob) -> None:
        argv = [sys.executable, "-m", "synth_local", *job.arguments]
        with explain_disk_errors(job.log):
            job.log.parent.mkdir(parents=True, exist_ok=True)
            handle = job.log.open("ab")
        with handle:  # the child has a copy of its own
            self._started.append(
                subprocess.Popen(argv, stdout=handle, stderr=handle, env=self._environment)  # noqa: S603
            )


def last_log_line(log: Path) -> str:
    """Return the log's last line that names an error, else its last line that is not blank."""
    found = _read_end(log)
    errors = [line for line in found if line.startswith("error:")]
    return (errors or found or [""])[-1]


def last_log_lines(log: Path, num_lines: int = 3) -> list[str]:
    """Return the log's last lines that are not blank, each cut; none where there is no log."""
    return _read_end(log)[-num_lines:]


def _read_end(log: Path) -> list[str]:
    """Return the last lines that are not blank, each cut to what a screen takes."""
    try:
        with log.open("rb") as handle:
            handle.seek(0, os.SEEK_END)
            handle.seek(max(0, handle.tell() - 8192))
            lines = handle.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [line.strip()[:LINE_LIMIT] for line in lines if line.strip()]
