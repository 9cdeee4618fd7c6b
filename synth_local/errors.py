"""The one tree of errors that a user can act on.

Every error says what is wrong, where, and how to fix it, and carries the exit code of its branch::

    SynthLocalError
    ├── ConfigError        2   the run, task or site file, or a flag
    ├── DataError          3   the user's texts, labels, columns
    ├── MachineError       4   missing weights, no GPU, no Slurm, disk full
    │   └── BrokenModelError   a model's folder is there and is not what it says
    ├── EngineError        5   the generator or the training failed
    └── UndefinedMetricError 3 a measure has no value on this input

This module knows nothing about the rest of the package.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeGuard

EXIT_OK = 0
EXIT_NO = 1
EXIT_CONFIG = 2
EXIT_DATA = 3
EXIT_MACHINE = 4
EXIT_ENGINE = 5
EXIT_BUG = 70
EXIT_INTERRUPTED = 130

LONGEST_VALUE = 100  # characters of a value that a message shows: values may be people's texts
MOST_NAMES = 10  # labels or columns that a message lists


class SynthLocalError(Exception):
    """Base of all errors that are shown without a traceback.

    Args:
        what: what is wrong, with the offending value in it.
        where: file and line, or file and key; empty where there is no place.
        fix: what the user can do about it.
    """

    exit_code = EXIT_BUG

    def __init__(self, what: str, *, where: str | Path = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = str(where)
        self.fix = fix

    def __str__(self) -> str:
        """Return what, where and fix on up to three labelled parts."""
        lines = [self.what]
        if self.where:
            lines.append(f"  at:  {self.where}")
        if self.fix:
            indented = self.fix.replace("\n", "\n       ")
            lines.append(f"  fix: {indented}")
        return "\n".join(lines)


class ConfigError(SynthLocalError):
    """The run file, the task file or a flag is wrong."""

    exit_code = EXIT_CONFIG


class DataError(SynthLocalError):
    """The user's data files are wrong."""

    exit_code = EXIT_DATA


class UndefinedMetricError(DataError):
    """A measure has no value on this input; it never becomes 0."""


class MachineError(SynthLocalError):
    """This machine lacks something: weights, a package, a device, disk space."""

    exit_code = EXIT_MACHINE


class BrokenModelError(MachineError):
    """A model's folder is there, and is not whole or not what it says."""


class EngineError(SynthLocalError):
    """The generation engine or the training failed."""

    exit_code = EXIT_ENGINE


class Interrupted(SynthLocalError):  # noqa: N818 - a signal, not an error
    """The user or the scheduler asked the program to stop; what was done is stored."""

    exit_code = EXIT_INTERRUPTED


class UnknownLabelError(DataError):
    """A record names a label that the task does not have."""

    def __init__(self, label: str, allowed: Sequence[str], where: str) -> None:
        super().__init__(
            f"label {quote(label)} is not one of the task's {len(allowed)} labels",
            where=where,
            fix=f"use {list_names(allowed)}{nearest(label, allowed)}; "
            "or map it with label_map, or set other_labels: drop",
        )


def shorten(text: str, limit: int = LONGEST_VALUE) -> str:
    """Return ``text``, cut where it is longer than a message should be.

    Args:
        text: whatever a file holds; perhaps a whole text of somebody.

    Returns:
        At most ``limit`` characters.
    """
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def quote(value: object, limit: int = LONGEST_VALUE) -> str:
    """Return a value as messages show it: spelled by ``repr``, cut to ``limit`` characters."""
    return shorten(repr(value[:limit] + "..." if _is_long(value, limit) else value), limit)


def _is_long(value: object, limit: int) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) > limit


def list_names(names: Collection[str], limit: int = MOST_NAMES, *, quoted: bool = False) -> str:
    """Return names with commas between them, each cut, and how many there are beside them.

    Args:
        names: such as labels or columns, in any number.
        quoted: whether each is spelled by ``repr``.

    Returns:
        One line; ``none`` where there are no names.
    """
    shown = [quote(name) if quoted else shorten(name) for name in islice(names, limit)]
    more = len(names) - len(shown)
    return (", ".join(shown) + (f", ... ({more:,} more)" if more else "")) or "none"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the nearest known name, or nothing."""
    if len(name) > LONGEST_VALUE:  # no name, but a text: comparing takes long and says nothing
        return ""
    short = [one for one in known if len(one) <= LONGEST_VALUE]
    near = difflib.get_close_matches(name, short, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def one_line(error: BaseException, longest: int = 300) -> str:
    """Return what a library's error says, on one line.

    Returns:
        Its lines up to the first that does not end in a colon; its class's name where it says
        nothing, and in front where it says a mere word, as a ``KeyError`` does.
    """
    taken: list[str] = []
    for line in filter(None, (line.strip() for line in str(error).splitlines())):
        taken.append(line)
        if not line.endswith(":"):
            break
    said = " ".join(taken)
    name = type(error).__name__
    if not said or " " not in said:
        said = f"{name}: {said}" if said else name
    return said if len(said) <= longest else f"{said[:longest]}..."
