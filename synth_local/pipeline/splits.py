"""The real data of a run's tasks: parsed once per process, its facts cached on disk.

Fingerprints and plans need only the facts, so a repeated run parses no data.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from synth_local.core.files import read_json, write_json
from synth_local.core.hashing import digest_json
from synth_local.errors import DataError
from synth_local.pipeline.context import Context
from synth_local.records import Example
from synth_local.store.corpus import digest_examples
from synth_local.task import Splits, Task, load_splits
from synth_local.task.file_facts import FileFacts

VERSION = 4


@dataclass(frozen=True)
class SplitFacts:
    """What a plan needs to know of a split.

    Attributes:
        key: identity of the task's content and the pool's floor.
        pool_digest: identity of the pool.
        data_digest: identity of all real texts and of the split.
        test_digest: identity of the test part.
        train: rows by label, pool included.
        pool: rows by label.
        validation: rows by label.
        test: rows by label.
        num_test_matches: training rows removed because a test text matches them verbatim.
        num_other_labels: rows dropped because of labels that the task leaves out.
        annotations_digest: identity of what single annotators called the test texts; empty where
            nobody says.
        files: what became of the rows of the train and the test file, as stored; see
            ``read_files``.
    """

    key: str
    pool_digest: str
    data_digest: str
    test_digest: str
    train: dict[str, int]
    pool: dict[str, int]
    validation: dict[str, int]
    test: dict[str, int]
    num_test_matches: int
    num_other_labels: int
    annotations_digest: str
    files: list[dict[str, Any]] = field(default_factory=list)

    @property
    def read_files(self) -> tuple[FileFacts, ...]:
        """Return what became of the rows of each data file."""
        return tuple(FileFacts.from_json(one) for one in self.files)


_loaded: dict[tuple[str, int, tuple[str, ...]], Splits] = {}


def real_splits(context: Context, task: Task) -> Splits:
    """Return the task's real data: train (pool included), pool, validation, test."""
    key = (task.digest, context.pool_floor, task.spec.data.annotations)
    if key not in _loaded:
        _loaded[key] = load_splits(task, min_pool_per_label=context.pool_floor)
    return _loaded[key]


def split_facts(context: Context, task: Task) -> SplitFacts:
    """Return the facts of the task's split, from the cache where the content is the same.

    Args:
        context: the opened run.
        task: the task.

    Returns:
        The facts.

    Raises:
        DataError: the data are wrong, or a label has no test row.
    """
    key = digest_json([VERSION, task.digest, context.pool_floor, task.spec.data.annotations])
    path = context.run.split_facts(task.name)
    stored = read_json(path)
    if stored and stored["key"] == key:
        return SplitFacts(**stored)
    splits = real_splits(context, task)
    facts = SplitFacts(
        key,
        digest_examples(splits.pool),
        digest_json(
            [
                digest_examples(part)
                for part in (splits.train, splits.pool, splits.validation, splits.test)
            ]
        ),
        digest_examples(splits.test),
        _count(splits.train, task),
        _count(splits.pool, task),
        _count(splits.validation, task),
        _count(splits.test, task),
        splits.num_test_matches,
        splits.num_other_labels,
        _digest_annotations(splits.test),
        [asdict(one) for one in splits.files],
    )
    untested = [label for label, count in facts.test.items() if not count]
    if untested:
        raise DataError(
            f"the test split of {task.name!r} has no row of {', '.join(untested)}",
            where=task.path,
            fix="add test rows, or leave the label out of the task file",
        )
    if context.run.root.is_dir():
        write_json(path, asdict(facts))
    return facts


def _digest_annotations(examples: tuple[Example, ...]) -> str:
    found = [[one.id, one.annotations] for one in examples if one.annotations]
    return digest_json(found) if found else ""


def _count(examples: tuple[Example, ...], task: Task) -> dict[str, int]:
    found = Counter(one.label for one in examples)
    return {label: found[label] for label in task.labels}
