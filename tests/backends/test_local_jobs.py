"""Jobs beside each other: all run at once, one's end is not another's, and Ctrl-C drains all."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from synth_local.backends import local
from synth_local.backends.local import LocalJob, run_jobs

TRAP = "trap 'echo drained; exit 130' TERM; echo up; while :; do sleep 0.05; done"
STUBBORN = "trap '' TERM; echo up; while :; do sleep 0.05; done"


@pytest.fixture(autouse=True)
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a job's first argument be run by a shell, which starts faster than Python."""
    script = tmp_path / "python"
    script.write_text('#!/bin/sh\nshift 2\nexec sh -c "$1"\n')
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setattr(local, "POLL_SECONDS", 0.02)
    monkeypatch.chdir(tmp_path)


def make_jobs(*commands: str) -> list[LocalJob]:
    return [LocalJob([one], Path(f"logs/{number}.log")) for number, one in enumerate(commands)]


def read_logs() -> list[str]:
    return [path.read_text() for path in sorted(Path("logs").glob("*.log"))]


def once_up(act: Callable[[], object], count: int = 2) -> Callable[[], None]:
    """Return what acts once, when so many jobs have said that they are up."""
    left = [act]

    def poll() -> None:
        if left and sum("up" in text for text in read_logs()) == count:
            left.pop()()

    return poll


def interrupt() -> None:
    raise KeyboardInterrupt


def test_jobs_run_at_the_same_time() -> None:
    wait = "touch {}; while [ ! -e {} ]; do sleep 0.02; done"
    assert run_jobs(make_jobs(wait.format("a", "b"), wait.format("b", "a")), lambda: None) == [0, 0]


def test_a_job_that_fails_or_is_killed_leaves_the_others_alone() -> None:
    jobs = make_jobs("exit 3", "kill -9 $$", "sleep 0.2; echo done")
    assert run_jobs(jobs, lambda: None) == [3, 137, 0]
    assert read_logs() == ["", "", "done\n"]


def test_an_interrupt_is_passed_on_to_all_and_waits_until_they_have_drained() -> None:
    with pytest.raises(KeyboardInterrupt):
        run_jobs(make_jobs(TRAP, TRAP), once_up(interrupt))
    assert read_logs() == ["up\ndrained\n"] * 2


def test_a_second_interrupt_kills_all() -> None:
    start = time.monotonic()

    def poll() -> None:
        if all("up" in text for text in read_logs()) and len(read_logs()) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_jobs(make_jobs(STUBBORN, STUBBORN), poll)
    assert time.monotonic() - start < 20


def test_a_stop_asks_all_jobs_once() -> None:
    asked: list[bool] = []
    poll = once_up(lambda: asked.append(True))
    codes = run_jobs(make_jobs(TRAP, TRAP), poll, should_stop=lambda: bool(asked))
    assert codes == [130, 130]
    assert read_logs() == ["up\ndrained\n"] * 2


def test_a_fault_of_the_parent_lets_the_jobs_drain_first() -> None:
    def fail() -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run_jobs(make_jobs(TRAP, TRAP), once_up(fail))
    assert read_logs() == ["up\ndrained\n"] * 2
