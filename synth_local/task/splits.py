"""Cutting labelled rows into train, validation, pool and test.

Which rows are cut depends on the task's ``split_seed`` and on texts alone: rows are ranked by a
hash of their text, so that neither their order in the file nor a run's seeds decide, and verbatim
repeats stay together. Knows nothing about how rows are read.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from synth_local.core.hashing import derive_seed
from synth_local.errors import DataError, list_names
from synth_local.records import Example
from synth_local.task.examples import read_examples
from synth_local.task.file_facts import TEST_MATCH, FileFacts
from synth_local.task.load import Task


@dataclass(frozen=True, slots=True)
class Screened:
    """What a screen says of training rows.

    Attributes:
        left_out: reasons (of ``file_facts.REASONS``) by the ids of rows not to be trained on.
        num_near_test: rows that come near a test text, left out or not.
    """

    left_out: Mapping[str, str] = field(default_factory=dict)
    num_near_test: int = 0


#: Looks at training rows, given the test rows.
Screen = Callable[[Sequence[Example], Sequence[Example]], Screened]


@dataclass(frozen=True, slots=True)
class Splits:
    """The parts of a task's real data, each in the order of the data file.

    Every label has a row in every part. Training and validation rows share no verbatim text with
    the test part.

    Attributes:
        train: all training rows, those of the pool included, those of the validation part not.
        validation: cut first; no training row.
        pool: the part of ``train`` that exemplars come from.
        test: the official test rows, or the part cut from the train file.
        num_test_matches: rows removed because the test part has the same text.
        num_other_labels: rows left out because the task does not have their label.
        num_empty: rows left out because nothing was left of the text after cleaning.
        files: what became of the rows of the train file, and of the test file where there is one;
            the rows removed because of the test part, and by the screen, count there too.
        num_near_test: rows of the train file that come near a test text, left out or not.
    """

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    pool: tuple[Example, ...]
    test: tuple[Example, ...]
    num_test_matches: int
    num_other_labels: int
    num_empty: int
    files: tuple[FileFacts, ...] = ()
    num_near_test: int = 0


@dataclass(frozen=True, slots=True)
class _Part:
    """What to set aside of each label's rows.

    Attributes:
        name: of the part; each part has an order of its own.
        share: of each label's rows, in (0, 1], rounded half up.
        at_least: rows per label.
        leave: rows per label that must stay.
    """

    name: str
    share: float
    at_least: int
    leave: int


def load_splits(task: Task, *, min_pool_per_label: int = 1, screen: Screen | None = None) -> Splits:
    """Read a task's data and return its parts.

    Where the task has no test file, the test part is cut first. Then rows whose text stands in
    the test part are removed and those that the screen leaves out, then the validation part is
    cut, then the pool is marked.

    Args:
        min_pool_per_label: rows of each label that the pool must have; a larger pool contains
            every smaller one.
        screen: what else is not to be trained on; ``None``: nothing.

    Returns:
        The parts; the same for the same task, whatever a run's seeds.

    Raises:
        DataError: the data are wrong, or a label has too few rows to be split.
    """
    if min_pool_per_label < 1:
        msg = f"min_pool_per_label={min_pool_per_label} must be at least 1"
        raise ValueError(msg)
    spec = task.spec
    read = [read_examples(spec, task.train_file, "train" if task.test_file else "row")]
    if task.test_file:
        read.append(read_examples(spec, task.test_file, "test"))
    keys = {one: key for rows in read for one, key in rows.keys.items()}
    cutter = _Cutter(keys, spec.split_seed, task.train_file)
    rest: Sequence[Example] = read[0].examples
    test: Sequence[Example] = read[-1].examples
    validation_share = spec.validation_share
    if not task.test_file:
        test, rest = cutter.set_aside(
            rest, _Part("test", spec.test_share, at_least=1, leave=1 + min_pool_per_label)
        )
        validation_share /= 1 - spec.test_share  # of all rows, as the test share is
    sacred = {keys[row.id] for row in test}
    left_out = {row.id: TEST_MATCH for row in rest if keys[row.id] in sacred}
    unseen = [row for row in rest if row.id not in left_out]
    screened = screen(unseen, test) if screen else Screened()
    num_test_matches = len(left_out)
    spared = _find_short(unseen, screened.left_out, 1 + min_pool_per_label)
    left_out |= {
        row.id: screened.left_out[row.id]
        for row in unseen
        if row.id in screened.left_out and row.label not in spared
    }
    kept = [row for row in rest if row.id not in left_out]
    _check_labels_left(rest, kept, task.train_file)
    validation, train = cutter.set_aside(
        kept, _Part("validation", validation_share, at_least=1, leave=min_pool_per_label)
    )
    pool, _ = cutter.set_aside(
        train, _Part("pool", spec.pool_share, at_least=min_pool_per_label, leave=0)
    )
    return Splits(
        train=tuple(train),
        validation=tuple(validation),
        pool=tuple(pool),
        test=tuple(test),
        num_test_matches=num_test_matches,
        num_other_labels=sum(rows.num_other_labels for rows in read),
        num_empty=sum(rows.num_empty for rows in read),
        files=_note_rows([rows.facts for rows in read], left_out.values(), spared),
        num_near_test=screened.num_near_test,
    )


def _note_rows(
    files: Sequence[FileFacts], reasons: Collection[str], spared: Sequence[str]
) -> tuple[FileFacts, ...]:
    """Return the facts with further train rows among those left out, and with who was spared."""
    train, *others = files
    if spared:
        note = (
            f"rows of {list_names(spared)} stay although they come near test texts, or are shorter "
            "or longer than the task allows: too few would be left"
        )
        train = replace(train, notes=(*train.notes, note))
    if reasons:
        left_out = {**train.left_out, **Counter(reasons)}
        train = replace(train, used=train.used - len(reasons), left_out=left_out)
    return (train, *others)


@dataclass(frozen=True, slots=True)
class _Cutter:
    """Sets rows aside in the order of a seeded hash of their texts.

    Attributes:
        keys: row id to the identity of its text.
        seed: the task's ``split_seed``.
        source: file that an error points at.
    """

    keys: Mapping[str, str]
    seed: int
    source: Path

    def set_aside(
        self, rows: Sequence[Example], part: _Part
    ) -> tuple[list[Example], list[Example]]:
        """Return the rows that are set aside and the others, both in the order of ``rows``."""
        totals = Counter(row.label for row in rows)
        wanted = {label: self._count(part, label, total) for label, total in totals.items()}
        chosen: set[str] = set()
        for row in sorted(rows, key=lambda row: (self._rank(row, part), row.id)):
            if wanted[row.label]:
                wanted[row.label] -= 1
                chosen.add(row.id)
        left = [row for row in rows if row.id not in chosen]
        return [row for row in rows if row.id in chosen], left

    def _rank(self, row: Example, part: _Part) -> int:
        return derive_seed(self.seed, part.name, self.keys[row.id])

    def _count(self, part: _Part, label: str, total: int) -> int:
        """Return how many of a label's ``total`` rows are set aside."""
        if total < part.at_least + part.leave:
            raise DataError(
                f"the label {label!r} has {total} row(s) left, too few to set {part.at_least} "
                f"aside as {part.name} and keep {part.leave}",
                where=self.source,
                fix="add rows of this label, take the label out of the task file, "
                "or ask for fewer shots",
            )
        rounded = math.floor(part.share * total + 0.5)
        return min(max(rounded, part.at_least), total - part.leave)


def _find_short(rows: Sequence[Example], left_out: Mapping[str, str], num_needed: int) -> list[str]:
    """Return the labels of which a screen would leave too few rows.

    Data made by a pattern come near each other everywhere: a task that cannot be split says less
    than one whose near matches stay and are named.
    """
    there = Counter(row.label for row in rows)
    kept = Counter(row.label for row in rows if row.id not in left_out)
    return sorted(label for label in there if kept[label] < num_needed <= there[label])


def _check_labels_left(before: Sequence[Example], after: Sequence[Example], source: Path) -> None:
    lost = sorted({row.label for row in before} - {row.label for row in after})
    if lost:
        raise DataError(
            f"every training row of the label {lost[0]!r} stands in the test part too",
            where=source,
            fix="use a test part that does not repeat the training rows",
        )
