"""The learning rate's shape, and the two kinds of bounds."""

from __future__ import annotations

import pytest

from synth_local.errors import ConfigError
from synth_local.tiny.schedule import COOLING, WARMUP_STEPS, Budget, Schedule
from synth_local.tiny.settings import TinySettings


def test_the_rate_warms_up_stays_and_falls_to_nothing_with_the_budget() -> None:
    schedule = Schedule()
    rates = [schedule.rate(step, step / 1000) for step in range(1001)]
    assert rates[0] == pytest.approx(1 / WARMUP_STEPS)
    assert rates[WARMUP_STEPS : int(1000 / (1 + COOLING))] == pytest.approx(
        [1.0] * (int(1000 / (1 + COOLING)) - WARMUP_STEPS)
    )
    falling = rates[int(1000 / (1 + COOLING)) + 1 :]
    assert falling == sorted(falling, reverse=True)
    assert rates[-1] == pytest.approx(0.0, abs=1e-4)
    assert schedule.is_over(1.0)
    assert not schedule.is_over(0.999)


def test_an_early_fall_is_as_long_as_a_share_of_what_the_best_weights_took() -> None:
    schedule = Schedule()
    schedule.start_cooling(used=0.5, best=0.4)
    assert schedule.is_cooling
    assert schedule.rate(100, 0.5) == pytest.approx(1.0)
    assert schedule.rate(100, 0.5 + COOLING * 0.2) == pytest.approx(0.5)
    assert schedule.is_over(0.5 + COOLING * 0.4)


def test_a_fall_never_outlasts_the_budget() -> None:
    schedule = Schedule()
    schedule.start_cooling(used=0.95, best=0.9)
    assert schedule.is_over(1.0)


def test_a_bound_in_tokens_knows_no_time() -> None:
    budget = Budget(TinySettings(tokens=1000), start=-1e9)
    assert [budget.used(tokens) for tokens in (0, 250, 1000)] == [0, 0.25, 1]


def test_minutes_count_from_the_start_of_the_whole_work(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("synth_local.tiny.schedule.time.monotonic", lambda: now)
    budget = Budget(TinySettings(minutes=1), start=83.0)  # 17 s went into the tokenizer
    now = 120.0
    assert budget.used(tokens=5) == pytest.approx(0.5)  # of 60 - 17 - 3 s for saving
    now = 140.0
    assert budget.used(tokens=5) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "bounds",
    [{}, {"minutes": 1, "tokens": 5}, {"minutes": 0}, {"tokens": -1}, {"minutes": float("nan")}],
)
def test_there_is_exactly_one_bound_above_nothing(bounds: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="bound"):
        TinySettings(**bounds)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"size": "xl"}, {"seed": -1}, {"seed": 2**31}])
def test_a_wrong_size_or_seed_is_named(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=str(next(iter(wrong.values())))):
        TinySettings(tokens=5, **wrong)  # type: ignore[arg-type]
