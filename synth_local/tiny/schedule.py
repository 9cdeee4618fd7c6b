"""When the training of a miniature generator speeds up, slows down and ends.

The learning rate warms up, stays at its peak while held-out texts still gain, and then falls to
nothing along half a cosine. The fall begins when gains have stopped, or in time to end with the
budget. Time is the share of the budget that is used, so that a bound in minutes and one in tokens
are the same thing here. Knows nothing about networks or texts.
"""

from __future__ import annotations

import math
import time

from synth_local.tiny.settings import TinySettings

WARMUP_STEPS = 30
COOLING = 0.33  # length of the fall, as a share of what was used before it
SAVING_SECONDS = 3.0


class Budget:
    """How much of the bound is used.

    Args:
        start: ``time.monotonic()`` when the whole work began; minutes count from there.
    """

    def __init__(self, settings: TinySettings, start: float) -> None:
        self._tokens = settings.tokens
        self._first = time.monotonic()
        seconds = 60 * (settings.minutes or 0) - SAVING_SECONDS - (self._first - start)
        self._seconds = max(seconds, 1.0)

    def used(self, tokens: int) -> float:
        """Return the share of the bound that is used; 1 or more where it is reached."""
        if self._tokens is not None:
            return tokens / self._tokens
        return (time.monotonic() - self._first) / self._seconds


class Schedule:
    """The learning rate's shape.

    Attributes:
        cooling_from: share of the budget at which the fall began; ``None`` before.
        cooling_until: share at which the rate reaches nothing.
    """

    def __init__(self) -> None:
        self.cooling_from: float | None = None
        self.cooling_until = 1.0

    def rate(self, step: int, used: float) -> float:
        """Return the learning rate of a step; the fall begins in time to end with the budget.

        Args:
            step: optimiser steps before this one.
            used: share of the budget that is used.

        Returns:
            The factor of the peak rate, in [0, 1].
        """
        warmup = min(1.0, (step + 1) / WARMUP_STEPS)
        if self.cooling_from is None:
            if used < 1 / (1 + COOLING):
                return warmup
            self.cooling_from = used
        length = max(self.cooling_until - self.cooling_from, 1e-9)
        done = min(1.0, (used - self.cooling_from) / length)
        return warmup * 0.5 * (1 + math.cos(math.pi * done))

    def start_cooling(self, used: float, best: float) -> None:
        """Begin the fall early; it is as long as a share of what the best weights took.

        Args:
            used: share of the budget that is used.
            best: share that was used when the best weights were found.
        """
        self.cooling_from = used
        self.cooling_until = min(1.0, used + COOLING * best)

    @property
    def is_cooling(self) -> bool:
        """Whether the rate is falling."""
        return self.cooling_from is not None

    def is_over(self, used: float) -> bool:
        """Return whether the rate has reached nothing."""
        return used >= self.cooling_until
