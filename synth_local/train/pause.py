"""When a training is to be interrupted, and where its state lies meanwhile.

Light: what ``cell`` hands to students; ``checkpoint`` does the work.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Pause:
    """Where the state of one training lies, and whether it is to be stored.

    Attributes:
        folder: of the state; made when it is needed.
        identity: of everything that decides the result: a state of another identity is not used.
        should_stop: whether a signal asked to stop.
    """

    folder: Path
    identity: str
    every_seconds: float
    should_stop: Callable[[], bool]
    _stored: float = field(default_factory=time.monotonic, init=False)

    @property
    def is_due(self) -> bool:
        """Whether the last stored state is old."""
        return time.monotonic() - self._stored >= self.every_seconds

    def restart_clock(self) -> None:
        """Note that the state was stored just now."""
        self._stored = time.monotonic()
