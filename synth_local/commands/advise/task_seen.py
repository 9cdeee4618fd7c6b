"""A task as ``advise`` looks at it: from its data, or as a run of it keeps them.

Where a task file or its data are not on this machine, a run that was made from them says how many
test texts there are and which they are; no text is needed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from synth_local.core.section import read_yaml
from synth_local.records import Example
from synth_local.run.sources.find import open_task
from synth_local.run.sources.made_from import KeptTask, read_made_from
from synth_local.store.corpus import digest_examples
from synth_local.store.run_dir import RunDir
from synth_local.task import Task, load_splits, load_task


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """What is known of a task's test texts.

    Attributes:
        num_test: how many there are.
        test: the texts; none where the data are not here.
    """

    name: str
    num_test: int
    test_digest: str
    test: tuple[Example, ...] = ()


def look_at_task(path: Path, runs: Sequence[RunDir]) -> TaskSeen:
    """Return what is known of a task's test texts.

    Args:
        path: of the task file, or the task's name, where a run keeps it.
        runs: what may keep it.

    Returns:
        From the data where they are here, also at the place that a run was made from; else as a
        run of this task keeps it.

    Raises:
        ConfigError: the task file is wrong, or missing and no run keeps it.
        DataError: the data cannot be read, and no run keeps their facts.
    """
    kept = _find_kept(path, runs)
    if kept is None:
        return _look_at_data(load_task(path))
    run, about = kept
    if os.access(path, os.R_OK):
        task = load_task(path, about.sources)
    else:
        task = open_task(Path(about.path), read_made_from(run))
    is_same = list(task.spec.labels) == list(about.read_spec().labels)
    lost = next((one for one in task.not_here if one.kind == "data"), None)
    if lost is None:
        return _look_at_data(task)
    if not is_same or not about.facts:
        raise lost.error
    test = about.facts["test"]
    return TaskSeen(task.name, sum(test.values()), str(about.facts["test_digest"]))


def _look_at_data(task: Task) -> TaskSeen:
    test = load_splits(task).test
    return TaskSeen(task.name, len(test), digest_examples(test), test)


def _find_kept(path: Path, runs: Sequence[RunDir]) -> tuple[RunDir, KeptTask] | None:
    """Return the first run that was made with a task, by its name or its file."""
    is_file = os.access(path, os.R_OK)
    name = str(read_yaml(path)[0].get("name", "")) if is_file else ""
    for run in runs:
        made = read_made_from(run)
        if made is None:
            continue
        known = made.tasks.get(name or str(path))
        if known is None and not is_file:
            known = made.find_task(path.absolute())
        if known is not None:
            return run, known
    return None
