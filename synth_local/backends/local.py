"""Run one job of the pipeline as a child process of this one.

A job is an argument vector. The child writes to a log file, stays in this process group, and ends
with its parent; its progress is read from the run directory, not from a pipe.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from synth_local.core.files import explain_disk_errors
from synth_local.core.signals import PARENT_VARIABLE

POLL_SECONDS = 0.25
LINE_LIMIT = 300  # characters of a line of a log that are shown: it may quote somebody's text


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
        environment: further environment variables.
        should_stop: asked a few times a second; once it is true, the job is asked to stop.

    Returns:
        The exit code; 128 plus the signal's number where a signal ended the job.

    Raises:
        KeyboardInterrupt: the user stopped this process; the child has ended by then.
    """
    argv = [sys.executable, "-m", "synth_local", *arguments]
    env = {**os.environ, **(environment or {}), PARENT_VARIABLE: str(os.getpid())}
    with explain_disk_errors(log):
        log.parent.mkdir(parents=True, exist_ok=True)
        handle = log.open("ab")
    interrupted = is_told = False
    with handle, subprocess.Popen(argv, stdout=handle, stderr=handle, env=env) as child:  # noqa: S603
        code: int | None = None
        while code is None:
            try:
                code = child.wait(timeout=POLL_SECONDS)
            except subprocess.TimeoutExpired:
                on_poll()
                if not is_told and should_stop():
                    is_told = True
                    child.send_signal(signal.SIGTERM)
            except KeyboardInterrupt:
                # the terminal's Ctrl-C reached the child too; a signal sent to this process alone
                # did not, so it is passed on
                if not interrupted:
                    interrupted = True
                    child.send_signal(signal.SIGTERM)
                else:
                    child.kill()
    if interrupted:
        raise KeyboardInterrupt
    return code if code >= 0 else 128 - code


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
