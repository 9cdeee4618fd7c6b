"""The loop keeps an engine full, drains when it is asked to, and gives up when it is late."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from synth_local.engines.protocol import Engine
from synth_local.errors import EngineError
from synth_local.generate.conversation import Composer
from synth_local.generate.loop import ChainWork, Lane, Loop
from synth_local.records import Completion, Slot, Turn, Verdict


@dataclass
class OneByOne:
    """An engine that answers one request a step, the oldest first."""

    capacity: int = 2
    waiting: deque[str] = field(default_factory=deque)
    most: int = 0

    @property
    def num_in_flight(self) -> int:
        return len(self.waiting)

    def submit(self, request: Any) -> None:
        self.waiting.append(request)
        self.most = max(self.most, len(self.waiting))

    def step(self) -> Sequence[Completion]:
        return [Completion(self.waiting.popleft(), "text", 3, 2, "stop")]


@dataclass(frozen=True)
class Words:
    """Prompts without words: the request is the slot's id."""

    def compose(self, slots: Sequence[Slot], replies: Sequence[str]) -> Any:
        assert len(slots) == len(replies) + 1
        return _Prompt()

    def request(self, slot: Slot, _prompt: object) -> Any:
        return slot.id


@dataclass(frozen=True)
class _Prompt:
    fits: bool = True
    digest: str = "d"
    token_ids: tuple[int, ...] = (1,)


@dataclass(frozen=True)
class _Slot:
    id: str


@dataclass
class Bench:
    engine: OneByOne = field(default_factory=OneByOne)
    written: list[str] = field(default_factory=list)
    stop_after: int = 10**9
    late_after: int = 10**9

    def run(self, *lengths: int) -> bool:
        lane = Lane(cast("Composer", Words()), lambda _s, _c: Verdict("text"), self.take)
        works = [
            ChainWork(lane, cast("Any", tuple(_Slot(f"{chain}.{turn}") for turn in range(length))))
            for chain, length in enumerate(lengths)
        ]
        stop, late = self.stop_after, self.late_after
        engine = cast("Engine", self.engine)
        return Loop(
            engine, lambda: len(self.written) >= stop, lambda: len(self.written) >= late
        ).run(works)

    def take(self, turn: Turn) -> None:
        self.written.append(turn.completion.id)


def test_every_turn_of_every_chain_is_written_once_and_in_order() -> None:
    bench = Bench()
    assert bench.run(3, 1, 2)
    assert sorted(bench.written) == ["0.0", "0.1", "0.2", "1.0", "2.0", "2.1"]
    for chain in "012":
        turns = [one for one in bench.written if one.startswith(chain)]
        assert turns == sorted(turns)
    assert bench.engine.most == bench.engine.capacity


def test_a_stop_finishes_what_is_in_flight_and_admits_nothing() -> None:
    bench = Bench(stop_after=2)
    assert not bench.run(5, 5, 5)
    # two were done when the stop was seen, two were in flight
    assert len(bench.written) == 4
    assert not bench.engine.waiting


def test_a_late_stop_gives_up_what_is_in_flight_and_says_how_much(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench(engine=OneByOne(capacity=8), stop_after=2, late_after=3)
    with caplog.at_level(logging.WARNING):
        assert not bench.run(*[5] * 8)
    assert len(bench.written) == 3
    assert "gave up 7 texts in flight" in caplog.text


def test_an_answer_to_no_question_is_the_engines_fault() -> None:
    bench = Bench()
    bench.engine.step = lambda: [Completion("nobody", "text", 3, 2, "stop")]  # type: ignore[method-assign]
    with pytest.raises(EngineError, match="unasked"):
        bench.run(1)
