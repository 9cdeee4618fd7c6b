"""A job of the pipeline as Slurm sees it, and cutting its shards into arrays that a cluster takes.

Pure: knows nothing of scripts, commands or files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from synth_local.config import StageSite

Kind = Literal["afterok", "afterany"]


@dataclass(frozen=True, slots=True)
class Need:
    """A job that has to end first; ``afterok`` wants it to have succeeded."""

    job: str
    kind: Kind = "afterok"


@dataclass(frozen=True, slots=True)
class Job:
    """One job: some shards of one stage.

    Attributes:
        name: unique within a submission, made of names that fit into a file's name.
        stage: for people, and for the log's name.
        commands: argument vectors of ``synth-local``, one after the other for each shard.
        after: the jobs that it waits for.
        num_shards: shards of the whole stage; each command gets ``--shard K/N`` where this is set.
        missing: the shards that are to be run; ``None`` is all of them.
        processes: per node, started by ``srun`` where they are several in all.
    """

    name: str
    stage: str
    commands: tuple[tuple[str, ...], ...]
    resources: StageSite
    after: tuple[Need, ...] = ()
    num_shards: int | None = None
    missing: tuple[int, ...] | None = None
    nodes: int = 1
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Part:
    """What one call of ``sbatch`` submits: a job, or a part of its array.

    Attributes:
        job: what it is a part of.
        name: the job's, with the part's number where there are several.
        first: shard of the array task 0.
        stride: from one shard of an array task to its next.
        tasks: array indices; empty for a job that is no array.
    """

    job: Job
    name: str
    first: int
    stride: int
    tasks: tuple[int, ...]


def cut_parts(job: Job, array_size: int, max_index: int) -> list[Part]:
    """Return the arrays that a job becomes.

    Where there are more shards than ``array_size``, array task ``t`` does the shards ``t``,
    ``t + stride``, ... one after the other. Where a cluster takes no index that large
    (``MaxArraySize``), the array is cut, each part counting from 0.

    Args:
        job: with any number of shards.

    Returns:
        At least one part, unless no shard is missing.
    """
    if job.num_shards is None:
        return [Part(job, job.name, 0, 1, ())]
    stride = min(job.num_shards, array_size)
    missing = range(job.num_shards) if job.missing is None else job.missing
    wanted = sorted({shard % stride for shard in missing})
    groups: dict[int, list[int]] = {}
    for task in wanted:
        groups.setdefault(task // max_index, []).append(task % max_index)
    return [
        Part(
            job,
            job.name if len(groups) == 1 else f"{job.name}-p{number}",
            number * max_index,
            stride,
            tuple(tasks),
        )
        for number, tasks in groups.items()
    ]


def format_indices(tasks: Sequence[int]) -> str:
    """Return sorted array indices as ``sbatch --array`` takes them, such as ``0-2,5``."""
    starts = [task for before, task in pairwise([-2, *tasks]) if task != before + 1]
    ends = [task for task, after in pairwise([*tasks, -2]) if after != task + 1]
    return ",".join(
        str(start) if start == end else f"{start}-{end}"
        for start, end in zip(starts, ends, strict=True)
    )
