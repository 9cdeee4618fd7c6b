"""Taking turns: processes on one machine that must not do a thing at the same time."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

TURN_VARIABLE = "SYNTH_LOCAL_TURN"  # the file by which children of one process take turns
_POLL_SECONDS = 0.25


@contextmanager
def take_turn(path: Path | None, should_stop: Callable[[], bool]) -> Iterator[None]:
    """Hold the lock on a file, after waiting for whoever holds it; it ends with the process.

    Args:
        path: of the file, on a local disk; ``None`` waits for nobody.
        should_stop: asked while waiting; once it is true the wait ends without the lock.

    Yields:
        None: when it is this process's turn, or there is nothing to wait for any more.
    """
    if path is None:
        yield
        return
    with path.open("ab") as handle:
        while not _lock(handle.fileno()) and not should_stop():
            time.sleep(_POLL_SECONDS)
        yield


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
