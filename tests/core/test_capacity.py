from __future__ import annotations

import os
from pathlib import Path

import pytest

from synth_local.core.capacity import count_cores, find_free_memory


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a machine of 8 cores and 16 GiB, and a process in the group ``/job/step``."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    write(tmp_path / "proc/self/cgroup", "0::/job/step\n")
    write(tmp_path / "proc/meminfo", "MemTotal: 1 kB\nMemAvailable: 16777216 kB\n")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_cores_are_those_that_the_process_is_bound_to(root: Path) -> None:
    assert count_cores(root) == 8


@pytest.mark.parametrize(
    ("step", "job", "cores"),
    [
        ("max 100000", "max 100000", 8),
        ("300000 100000", "max 100000", 3),
        ("max 100000", "150000 100000", 1),
        ("20000 100000", "max 100000", 1),
        ("nonsense", "", 8),
        ("900000 100000", "400000 100000", 4),
    ],
)
def test_cores_are_no_more_than_control_groups_leave(
    root: Path, step: str, job: str, cores: int
) -> None:
    write(root / "sys/fs/cgroup/job/step/cpu.max", step)
    write(root / "sys/fs/cgroup/job/cpu.max", job)
    assert count_cores(root) == cores


def test_free_memory_is_the_least_of_the_machine_and_its_groups(root: Path) -> None:
    assert find_free_memory(root) == 16 * 2**30
    write(root / "sys/fs/cgroup/job/memory.max", str(4 * 2**30))
    write(root / "sys/fs/cgroup/job/memory.current", str(2**30))
    assert find_free_memory(root) == 3 * 2**30


def test_nothing_is_known_of_memory_where_there_are_no_such_files(tmp_path: Path) -> None:
    assert find_free_memory(tmp_path) is None
    assert count_cores(tmp_path) >= 1
