"""Where a command's words go, whatever stands at the other end: a pipe, a full disk, nothing.

A reader that has left is no error: what it would have read is dropped, and the command goes on to
its own end and its own exit code. A disk that is full is one: what was asked for is not there.
"""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import click

from synth_local.errors import MachineError

_STREAMS = ("stdin", "stdout", "stderr")
_LEFT = (errno.EPIPE, errno.ECONNRESET, errno.EBADF)


class _Guarded(io.FileIO):
    """A file descriptor that is written to until it takes no more; later words are dropped."""

    def __init__(self, number: int, name: str) -> None:
        super().__init__(number, "wb", closefd=False)
        self._spelled = name
        self._is_lost = False

    def write(self, data: Any) -> int:
        """Write bytes; return how many were taken or dropped."""
        if not self._is_lost:
            try:
                return super().write(data)
            except OSError as error:
                self._is_lost = True
                self._explain(error)
        return len(data)

    def _explain(self, error: OSError) -> None:
        # what cannot be said on stderr cannot be said at all: the exit code has to do
        if self._spelled == "stderr" or error.errno in _LEFT:
            return
        raise MachineError(
            f"cannot write to {self._spelled}: {os.strerror(error.errno or 0)}",
            fix="free some space, or send the output elsewhere",
        ) from error


def guard_streams() -> None:
    """Replace stdout and stderr by streams that never end a command with a traceback.

    A character that the stream's encoding lacks becomes ``?``. A descriptor that was closed before
    the program began leads to nowhere, so that no file that is opened later is taken for it.
    """
    for number, name in enumerate(_STREAMS):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
        if name != "stdin":
            setattr(sys, name, _open_guarded(number, name, getattr(sys, name)))


def _open_guarded(number: int, name: str, before: TextIO | None) -> TextIO:
    if before is not None:
        before.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Guarded(number, name)),
        encoding=before.encoding if before is not None else "utf-8",
        errors="replace",
        line_buffering=name == "stderr" or (before is not None and before.isatty()),
    )


def wants_color(environment: Mapping[str, str]) -> bool | None:
    """Return ``False`` where the user wants no colours, else ``None``: as the stream can.

    References:
        https://no-color.org: any value but an empty one.
    """
    is_plain = environment.get("NO_COLOR") or environment.get("TERM") == "dumb"
    return False if is_plain else None


def can_redraw() -> bool:
    """Return whether stderr is a terminal on which a line can be written over."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def print_json(value: Any) -> None:
    """Print indented JSON; what the stream's encoding lacks is written as JSON's own escapes."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2, ensure_ascii=True)
    click.echo(text)
