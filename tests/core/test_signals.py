"""The first signal asks for a drain, a later one ends, and a scheduler's job has only so long."""

from __future__ import annotations

import signal

import pytest

from synth_local.core.signals import DRAIN_VARIABLE, StopFlag, install_stop_flag


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("synth_local.core.signals.time.monotonic", made.monotonic)
    return made


def test_the_first_signal_asks_and_a_later_one_ends(clock: Clock) -> None:
    flag = StopFlag()
    assert not flag()
    flag.ask(signal.SIGTERM, None)
    assert flag()
    clock.now += 0.5  # the parent passes a terminal's Ctrl-C on: the same request
    flag.ask(signal.SIGTERM, None)
    clock.now += 1
    with pytest.raises(KeyboardInterrupt):
        flag.ask(signal.SIGTERM, None)


def test_a_job_is_late_when_its_time_to_drain_has_passed(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DRAIN_VARIABLE, "80")
    handlers = {
        one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
    }
    flag = install_stop_flag()
    for one, handler in handlers.items():
        signal.signal(one, handler)
    assert not flag.is_late
    flag.ask(signal.SIGUSR1, None)
    clock.now += 79
    assert not flag.is_late
    clock.now += 2
    assert flag.is_late


def test_by_hand_there_is_all_the_time_in_the_world(clock: Clock) -> None:
    flag = StopFlag()
    flag.ask(signal.SIGINT, None)
    clock.now += 10**6
    assert not flag.is_late
