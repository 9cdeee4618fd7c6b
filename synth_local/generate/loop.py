"""The loop that keeps an engine full: a chain's next turn enters as soon as its last one ends.

No batch barrier: new chains are admitted whenever the engine has room. The loop knows engines
only by their protocol and hands every finished turn to a sink at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from synth_local.engines.protocol import Engine
from synth_local.errors import EngineError
from synth_local.generate.conversation import Composer, Prompt
from synth_local.records import Completion, Slot, Turn, Verdict

log = logging.getLogger(__name__)
PROMPT_TOO_LONG = "prompt_too_long"
Check = Callable[[Slot, Completion], Verdict]
Sink = Callable[[Turn], None]


@dataclass(frozen=True)
class Lane:
    """What belongs to one corpus; several corpora may share an engine at once.

    Attributes:
        check: row checks of a raw completion.
        sink: takes every finished turn, in the order in which they end.
    """

    composer: Composer
    check: Check
    sink: Sink


@dataclass(slots=True)
class ChainWork:
    """One chain under way.

    Attributes:
        lane: the corpus that it belongs to.
        slots: all its admitted slots, in turn order.
        replies: raw completions of the turns that are done.
    """

    lane: Lane
    slots: tuple[Slot, ...]
    replies: list[str] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether every admitted slot has a completion."""
        return len(self.replies) >= len(self.slots)


@dataclass(frozen=True)
class Loop:
    """Runs chains through one engine.

    Attributes:
        should_stop: asked between steps; true stops admitting turns and drains what is in flight.
        is_late: asked while draining; true gives up what is still in flight.
    """

    engine: Engine
    should_stop: Callable[[], bool]
    is_late: Callable[[], bool] = lambda: False

    def run(self, works: Iterable[ChainWork]) -> bool:
        """Generate until every chain is done, or drained; return whether every chain is done.

        Args:
            works: the chains, in plan order.

        Returns:
            Whether every chain is done.

        Raises:
            EngineError: the engine answered a slot that it was not asked for.
        """
        waiting = iter(works)
        running: dict[str, tuple[ChainWork, Prompt]] = {}
        stopping = exhausted = False
        while True:
            stopping = stopping or self.should_stop()
            if not stopping and not exhausted:
                exhausted = self._fill(waiting, running)
            if not running:
                return exhausted and not stopping
            if stopping and self.is_late():
                log.warning("gave up %d texts in flight: they are written next time", len(running))
                return False
            for completion in self.engine.step():
                entry = running.pop(completion.id, None)
                if entry is None:
                    raise EngineError(f"the engine answered {completion.id!r} unasked")
                work, prompt = entry
                self._finish(work, completion, prompt)
                if not work.is_done and not stopping:
                    self._admit(work, running)

    def _fill(
        self, waiting: Iterator[ChainWork], running: dict[str, tuple[ChainWork, Prompt]]
    ) -> bool:
        """Admit chains while the engine has room; return whether none is waiting."""
        while self.engine.num_in_flight < self.engine.capacity:
            work = next(waiting, None)
            if work is None:
                return True
            self._admit(work, running)
        return False

    def _admit(self, work: ChainWork, running: dict[str, tuple[ChainWork, Prompt]]) -> None:
        """Submit the chain's next turn; turns that cannot fit end at once, with a reason."""
        while not work.is_done:
            turn = len(work.replies)
            slot = work.slots[turn]
            prompt = work.lane.composer.compose(work.slots[: turn + 1], work.replies)
            if prompt.fits:
                self.engine.submit(work.lane.composer.request(slot, prompt))
                running[slot.id] = (work, prompt)
                return
            completion = Completion(slot.id, "", len(prompt.token_ids), 0, "length")
            work.lane.sink(Turn(slot, completion, prompt.digest, Verdict("", PROMPT_TOO_LONG)))
            work.replies.append("")

    def _finish(self, work: ChainWork, completion: Completion, prompt: Prompt) -> None:
        slot = work.slots[len(work.replies)]
        lane = work.lane
        lane.sink(Turn(slot, completion, prompt.digest, lane.check(slot, completion)))
        work.replies.append(completion.text)
