"""How many processors and how much memory this process may use: what a container leaves of it.

Knows Linux's files; elsewhere all processors count, and nothing is known of memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ROOT = Path("/")


def count_cores(root: Path = ROOT) -> int:
    """Return the processors that this process may use at once.

    Args:
        root: where ``proc`` and ``sys`` lie.

    Returns:
        At least 1: those that the process is bound to, and no more than whole ones of the shares
        that its control groups leave it.
    """
    if hasattr(os, "sched_getaffinity"):
        found = len(os.sched_getaffinity(0))
    else:
        found = os.cpu_count() or 1
    quotas = [_parse_quota(_read(folder / "cpu.max") or "") for folder in _list_groups(root)]
    return max(1, int(min([found, *(quota for quota in quotas if quota is not None)])))


def find_free_memory(root: Path = ROOT) -> int | None:
    """Return the bytes that can still be taken without swapping; ``None`` where nobody knows.

    Args:
        root: where ``proc`` and ``sys`` lie.

    Returns:
        The machine's, and no more than its control groups leave.
    """
    lines = (_read(root / "proc" / "meminfo") or "").splitlines()
    free = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    for folder in _list_groups(root):
        most, now = (_read(folder / name) or "" for name in ("memory.max", "memory.current"))
        if most.strip().isdigit() and now.strip().isdigit():
            free.append(max(0, int(most) - int(now)))
    return min(free, default=None)


def _parse_quota(text: str) -> float | None:
    """Return processors, or ``None`` where there is no limit (``max 100000``)."""
    quota, _, period = text.strip().partition(" ")
    if not (quota.isdigit() and period.isdigit() and int(period)):
        return None
    return int(quota) / int(period)


def _list_groups(root: Path) -> Iterator[Path]:
    """Yield the folder of this process's control group, and of each group above it."""
    lines = (_read(root / "proc" / "self" / "cgroup") or "").splitlines()
    mount = root / "sys" / "fs" / "cgroup"
    for line in lines:
        if line.startswith("0::/"):  # version 2; a container sees its own group as the topmost
            path = PurePosixPath(line.removeprefix("0::/"))
            yield from (mount / one for one in (path, *path.parents))


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
