"""The real data of a run's tasks: parsed once per process, its facts cached on disk.

Fingerprints and plans need only the facts, so a repeated run parses no data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from synth_local.config import CurateConfig
from synth_local.core.files import read_json, write_json
from synth_local.core.hashing import digest_json
from synth_local.curate.real_rows import SCREEN_VERSION, RealScreen
from synth_local.errors import DataError, MachineError
from synth_local.records import Example
from synth_local.run.sources.made_from import MadeFrom
from synth_local.store.corpus import digest_examples
from synth_local.store.records import parse
from synth_local.store.run_dir import RunDir
from synth_local.task import NotHere, Splits, Task, load_splits
from synth_local.task.file_facts import FileFacts

VERSION = 6


@dataclass(frozen=True)
class SplitFacts:
    """What a plan needs to know of a split.

    Attributes:
        key: identity of the task's content and the pool's floor.
        data_digest: identity of all real texts and of the split.
        test_digest: identity of the test part.
        train: rows by label, pool included.
        num_test_matches: training rows removed because a test text matches them verbatim.
        num_near_test: rows of the train file that come near a test text, left out or not.
        num_other_labels: rows dropped because of labels that the task leaves out.
        annotations_digest: identity of what single annotators called the test texts; empty where
            nobody says.
        files: what became of the rows of the train and the test file, as stored; see
            ``read_files``.
    """

    key: str = ""
    pool_digest: str = ""
    data_digest: str = ""
    test_digest: str = ""
    train: dict[str, int] = field(default_factory=dict)
    pool: dict[str, int] = field(default_factory=dict)
    validation: dict[str, int] = field(default_factory=dict)
    test: dict[str, int] = field(default_factory=dict)
    num_test_matches: int = 0
    num_other_labels: int = 0
    annotations_digest: str = ""
    files: list[dict[str, Any]] = field(default_factory=list)
    num_near_test: int = 0

    @property
    def read_files(self) -> tuple[FileFacts, ...]:
        """Return what became of the rows of each data file."""
        return tuple(parse(file, FileFacts) for file in self.files)


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What tells the texts of a split apart, without any text.

    Attributes:
        train_digest: identity of the training part.
        validation_digest: identity of the validation part.
        test: the start of each test text's digest, by its id.
    """

    train_digest: str
    validation_digest: str
    test: dict[str, str]


_loaded: dict[str, Splits] = {}


@dataclass(frozen=True)
class RealData:
    """The real data of a run's tasks.

    Attributes:
        pool_floor: the least number of pool texts per label.
        made: what the outputs were made from before; ``None``: not kept yet.
    """

    run: RunDir
    curate: CurateConfig
    pool_floor: int
    made: MadeFrom | None

    def splits(self, task: Task) -> Splits:
        """Return the task's real data: train (pool included), pool, validation, test.

        Raises:
            DataError: the data are wrong, or not here.
        """
        lost = find_lost_data(task)
        if lost is not None:
            raise lost.error
        key = self._identify(task)
        if key not in _loaded:
            screen = make_screen(task, self.curate)
            _loaded[key] = load_splits(task, min_pool_per_label=self.pool_floor, screen=screen)
        return _loaded[key]

    def facts(self, task: Task) -> SplitFacts:
        """Return the facts of the task's split, from the cache where the content is the same.

        Raises:
            DataError: the data are wrong, or a label has no test row; or they are not here, and the
                run does not keep their facts.
        """
        key = self._identify(task)
        path = self.run.split_facts(task.name)
        stored = read_json(path)
        if stored and stored["key"] == key:
            return SplitFacts(**stored)
        if find_lost_data(task) is not None:
            return self._recall(task, stored)
        splits = self.splits(task)
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
            [asdict(file) for file in splits.files],
            splits.num_near_test,
        )
        untested = [label for label, count in facts.test.items() if not count]
        if untested:
            raise DataError(
                f"the test split of {task.name!r} has no row of {', '.join(untested)}",
                where=task.path,
                fix="add test rows, or leave the label out of the task file",
            )
        if self.run.root.is_dir():
            with suppress(MachineError):  # only a cache, and a run that is only looked at
                write_json(path, asdict(facts))
                self._write_items(task, facts, splits)
        return facts

    def items(self, task: Task) -> ItemFacts | None:
        """Return the digests of a task's texts, or ``None`` where the run does not keep them.

        Returns:
            The digests, of the data that the present facts are of.
        """
        facts = self.facts(task)
        stored = read_json(self.run.split_items(task.name))
        if not stored or stored["data_digest"] != facts.data_digest:
            return None
        return ItemFacts(stored["train_digest"], stored["validation_digest"], stored["test"])

    def keep_items(self, task: Task) -> None:
        """Write the digests of a task's texts where none are kept and the data are here.

        Raises:
            DataError: the data are wrong.
            MachineError: the directory cannot be written.
        """
        if find_lost_data(task) is None and self.items(task) is None:
            self._write_items(task, self.facts(task), self.splits(task))

    def _identify(self, task: Task) -> str:
        """Return the identity of everything that decides a task's splits."""
        screen = asdict(make_screen(task, self.curate))
        said = task.spec.data.annotations
        return digest_json([VERSION, SCREEN_VERSION, task.digest, self.pool_floor, said, screen])

    def _write_items(self, task: Task, facts: SplitFacts, splits: Splits) -> None:
        items = {"data_digest": facts.data_digest, **asdict(describe_items(splits))}
        write_json(self.run.split_items(task.name), items)

    def _recall(self, task: Task, stored: Mapping[str, Any] | None) -> SplitFacts:
        """Return the facts of data that are not here, as the run keeps them."""
        kept = self.made.tasks.get(task.name) if self.made else None
        known = (kept.facts if kept else None) or stored
        if not known:
            self.splits(task)  # says what is missing
        return read_facts(known or {})


def make_screen(task: Task, curate: CurateConfig) -> RealScreen:
    """Return what real training rows of a task are held to: the same as synthetic ones."""
    length = task.spec.length
    drops = curate.near_test_matches == "drop"
    return RealScreen(length.min_words, length.max_words, curate.max_copy, drops)


def find_lost_data(task: Task) -> NotHere | None:
    """Return the data file of a task that is not here, or ``None`` where all are."""
    return next((one for one in task.not_here if one.kind == "data"), None)


def read_facts(stored: Mapping[str, Any]) -> SplitFacts:
    """Return facts as another version may have stored them: what it did not count is empty."""
    return parse(stored, SplitFacts)


def describe_items(splits: Splits) -> ItemFacts:
    """Return what tells the texts of a split apart."""
    return ItemFacts(
        digest_examples(splits.train),
        digest_examples(splits.validation),
        {one.id: digest_json(one.text)[:16] for one in splits.test},
    )


def _digest_annotations(examples: tuple[Example, ...]) -> str:
    found = [[example.id, example.annotations] for example in examples if example.annotations]
    return digest_json(found) if found else ""


def _count(examples: tuple[Example, ...], task: Task) -> dict[str, int]:
    found = Counter(example.label for example in examples)
    return {label: found[label] for label in task.labels}
