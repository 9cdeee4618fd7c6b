"""Cutting shards into arrays: every missing shard is done by exactly one array task."""

from __future__ import annotations

import time
from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from synth_local.backends.slurm.jobs import Job, Part, cut_parts, format_indices
from synth_local.config import StageSite

SHARDS = st.integers(1, 300)


def make_job(num_shards: int | None, missing: tuple[int, ...] | None = None) -> Job:
    return Job("generate", "generate", (("generate",),), StageSite(), (), num_shards, missing)


def walk(parts: list[Part], num_shards: int) -> Counter[int]:
    """Return how often each shard is done, as the script's loop counts."""
    return Counter(
        shard
        for part in parts
        for task in part.tasks
        for shard in range(part.first + task, num_shards, part.stride)
    )


def parse_indices(text: str) -> list[int]:
    """Return the indices of an ``--array`` value, as Slurm reads it."""
    found: list[int] = []
    for piece in text.split(",") if text else []:
        start, _, end = piece.partition("-")
        found += range(int(start), int(end or start) + 1)
    return found


@given(SHARDS, st.integers(1, 400), st.integers(1, 400))
def test_every_shard_is_done_once_when_all_are_missing(
    num_shards: int, array_size: int, max_index: int
) -> None:
    parts = cut_parts(make_job(num_shards), array_size, max_index)
    assert walk(parts, num_shards) == Counter(range(num_shards))


@given(st.data(), SHARDS, st.integers(1, 400), st.integers(1, 400))
def test_every_missing_shard_is_done_by_exactly_one_task(
    data: st.DataObject, num_shards: int, array_size: int, max_index: int
) -> None:
    missing = data.draw(st.sets(st.integers(0, num_shards - 1)))
    parts = cut_parts(make_job(num_shards, tuple(missing)), array_size, max_index)
    done = walk(parts, num_shards)
    assert missing <= done.keys()
    assert set(done.values()) <= {1}
    # a task starts only where at least one of its shards is missing
    for part in parts:
        for task in part.tasks:
            assert missing & set(range(part.first + task, num_shards, part.stride))


@given(st.data(), SHARDS, st.integers(1, 400), st.integers(1, 400))
def test_indices_stay_below_the_clusters_limit_and_tasks_below_the_sites(
    data: st.DataObject, num_shards: int, array_size: int, max_index: int
) -> None:
    missing = data.draw(st.none() | st.sets(st.integers(0, num_shards - 1), min_size=1))
    job = make_job(num_shards, None if missing is None else tuple(missing))
    parts = cut_parts(job, array_size, max_index)
    indices = [list(part.tasks) for part in parts]
    assert all(0 <= task < max_index for tasks in indices for task in tasks)
    assert sum(map(len, indices)) <= array_size
    assert all(tasks and tasks == sorted(set(tasks)) for tasks in indices)
    names = [part.name for part in parts]
    assert len(set(names)) == len(names)
    assert names == ["generate"] or all(name.startswith("generate-p") for name in names)


@given(st.sets(st.integers(0, 2000), max_size=200))
def test_indices_are_spelled_so_that_slurm_reads_the_same_ones(tasks: set[int]) -> None:
    text = format_indices(sorted(tasks))
    assert parse_indices(text) == sorted(tasks)
    # shortest: two pieces never touch
    pieces = [[int(end) for end in piece.split("-")] for piece in text.split(",") if piece]
    assert all(one[-1] + 1 < two[0] for one, two in pairwise(pieces))


def test_indices_are_spelled_as_people_write_them() -> None:
    assert format_indices([0, 1, 2, 5]) == "0-2,5"
    assert format_indices([7]) == "7"
    assert format_indices([0, 2, 4]) == "0,2,4"
    assert format_indices([0, 1]) == "0-1"
    assert format_indices([]) == ""


def test_a_job_without_shards_is_no_array() -> None:
    assert cut_parts(make_job(None), 10, 10) == [Part(make_job(None), "generate", 0, 1, ())]


def test_nothing_is_submitted_where_no_shard_is_missing() -> None:
    assert cut_parts(make_job(8, ()), 10, 10) == []


def test_an_array_is_cut_where_the_cluster_takes_no_index_that_large() -> None:
    parts = cut_parts(make_job(10), 1000, 4)
    assert [(part.name, part.first, part.stride, part.tasks) for part in parts] == [
        ("generate-p0", 0, 10, (0, 1, 2, 3)),
        ("generate-p1", 4, 10, (0, 1, 2, 3)),
        ("generate-p2", 8, 10, (0, 1)),
    ]


def test_a_single_part_keeps_the_jobs_name_wherever_its_shards_lie() -> None:
    parts = cut_parts(make_job(10, (9,)), 1000, 4)
    assert [(part.name, part.first, part.tasks) for part in parts] == [("generate", 8, (1,))]


def test_ten_thousand_shards_are_cut_in_one_quick_call() -> None:
    started = time.process_time()
    parts = cut_parts(make_job(10_000), 1000, 1001)
    assert time.process_time() - started < 0.5
    assert [(part.stride, format_indices(part.tasks)) for part in parts] == [(1000, "0-999")]
    assert walk(parts, 10_000) == Counter(range(10_000))
    many = cut_parts(make_job(10_000), 10_000, 1001)
    assert len(many) == 10
    assert walk(many, 10_000) == Counter(range(10_000))
