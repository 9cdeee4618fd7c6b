"""What Slurm reads in two kinds of values: how many GPUs a gres names, how long a time is.

Pure; knows nothing of sites and stages.
"""

from __future__ import annotations

import re

UNLIMITED = ("UNLIMITED", "INFINITE")
_OUTSIDE_PARENTHESES = re.compile(r",(?![^(]*\))")
_SOCKETS = re.compile(r"\(.*\)")
_COUNT = re.compile(r"[0-9]+")
_SHARES = ("shard", "mps")


def count_gpus(gres: str) -> int | None:
    """Return the GPUs of a node that a gres names.

    Args:
        gres: as ``sbatch --gres`` takes it, such as ``gpu:a100:4`` or ``gpu:a100:2,shard:1``.

    Returns:
        The number; 1 for a share of one; ``None`` where it names no GPU as Slurm knows them.
    """
    entries = [_split(entry) for entry in _OUTSIDE_PARENTHESES.split(gres)]
    gpus = [_count(parts) for parts in entries if parts[0] == "gpu"]
    if gpus:
        return sum(gpus)
    return 1 if any(parts[0] in _SHARES for parts in entries) else None


def find_gres_problem(gres: str) -> str:
    """Return what is wrong with the GPUs of a gres; nothing where it can be counted."""
    for entry in _OUTSIDE_PARENTHESES.split(gres):
        name, *rest = _split(entry)
        is_typed = len(rest) == 2 and rest[0] and not _COUNT.fullmatch(rest[0])
        is_whole = (is_typed and _COUNT.fullmatch(rest[-1])) or (len(rest) <= 1 and all(rest))
        if name == "gpu" and not is_whole:
            return f"{entry!r} is not gpu, gpu:NUMBER, gpu:TYPE or gpu:TYPE:NUMBER"
    return ""


def read_seconds(time: str) -> int | None:
    """Return the seconds of a time limit.

    Args:
        time: minutes, ``MM:SS``, ``HH:MM:SS``, ``D-HH``, ``D-HH:MM``, ``D-HH:MM:SS`` or a word for
            no limit.

    Returns:
        Seconds; ``None`` where there is no limit, which a time of 0 means as well.
    """
    if time in UNLIMITED:
        return None
    days, has_days, rest = time.rpartition("-")
    numbers = [int(part) for part in rest.split(":")]
    if has_days:
        hours, minutes, seconds = (*numbers, 0, 0)[:3]
    elif len(numbers) == 3:
        hours, minutes, seconds = numbers
    else:
        hours, minutes, seconds = 0, *(*numbers, 0)[:2]
    total = ((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + seconds
    return total or None


def _split(entry: str) -> list[str]:
    """Return name, type and count of one entry, as far as they are there."""
    bare = _SOCKETS.sub("", entry).replace("=", ":")
    return bare.removeprefix("gres/").removeprefix("gres:").split(":")


def _count(parts: list[str]) -> int:
    return int(parts[-1]) if len(parts) > 1 and _COUNT.fullmatch(parts[-1]) else 1
