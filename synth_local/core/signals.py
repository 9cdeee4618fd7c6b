"""Stopping cleanly, and never outliving a parent.

The first SIGINT, SIGTERM or SIGUSR1 asks for a drain; the second ends at once. Handlers are
installed explicitly: background jobs of a shell inherit an ignored SIGINT.
"""

from __future__ import annotations

import ctypes
import math
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from types import FrameType

PARENT_VARIABLE = "SYNTH_LOCAL_PARENT"
DRAIN_VARIABLE = "SYNTH_LOCAL_DRAIN_SECONDS"
SAME_REQUEST_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


@dataclass
class StopFlag:
    """Whether somebody asked the process to stop.

    Attributes:
        patience: seconds that finishing what is under way may take.
    """

    patience: float = math.inf
    _asked: list[tuple[float, int]] = field(default_factory=list)

    def __call__(self) -> bool:
        """Return whether a stop was asked for."""
        return bool(self._asked)

    @property
    def is_late(self) -> bool:
        """Whether so much time has passed since that what is under way has to be given up."""
        return bool(self._asked) and time.monotonic() - self._asked[0][0] > self.patience

    def ask(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal: the first drains, a later one raises ``KeyboardInterrupt``.

        A terminal's Ctrl-C reaches parent and child, and the parent passes it on: signals within
        a second of the first are the same request.
        """
        now = time.monotonic()
        if self._asked and now - self._asked[0][0] > SAME_REQUEST_SECONDS:
            raise KeyboardInterrupt
        self._asked.append((now, number))


def install_stop_flag() -> StopFlag:
    """Return a flag that the stop signals raise.

    A scheduler's job says in ``SYNTH_LOCAL_DRAIN_SECONDS`` how long it may take after that.
    """
    seconds = os.environ.get(DRAIN_VARIABLE, "")
    flag = StopFlag(float(seconds) if seconds.isdigit() else math.inf)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, flag.ask)
    return flag


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends (Linux).

    The parent names itself in ``SYNTH_LOCAL_PARENT``; where it is gone already, this process ends.
    Without the variable nothing happens: a step may be called by hand or by a scheduler.
    """
    expected = os.environ.pop(PARENT_VARIABLE, "")
    if not expected or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(expected):
        os._exit(1)
