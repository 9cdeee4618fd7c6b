"""Which rows each source of a task trains on.

The fairness rules live here: `real` and `synthetic` are cut to the same count per label, `pool` and
combined sources are never cut, and every set that is judged names the real set it is judged
against. Pure; knows nothing of students, seeds or files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from synth_local.core.hashing import derive_seed
from synth_local.errors import DataError
from synth_local.records import Cell, Example

NONE = "-"
CorpusKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SetKey:
    """What names a training set within a task: the parts of a cell's name that it decides."""

    source: str
    generator: str
    strategy: str
    num_train: int

    def make_cell(self, task: str, student: str, seed: int) -> Cell:
        """Return the cell of this training set for one task, student and seed."""
        return Cell(task, self.source, self.generator, self.strategy, student, self.num_train, seed)


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The rows of one source.

    Attributes:
        source: ``real``, ``synthetic``, ``pool``, ``pool+synthetic`` or ``real+synthetic``.
        generator: of the corpus; ``-`` where there is none.
        strategy: of the corpus; ``-`` where there is none.
        examples: in the order of the data they come from.
        partner: the real set that this one is judged against; ``None`` for real sets, and where
            ``real`` is not among the sources.
    """

    source: str
    generator: str
    strategy: str
    examples: tuple[Example, ...]
    partner: SetKey | None = None

    @property
    def key(self) -> SetKey:
        """Return what names this set within its task."""
        return SetKey(self.source, self.generator, self.strategy, len(self.examples))


@dataclass(frozen=True, slots=True)
class RealData:
    """A task's real training rows; ``pool`` is a subset of ``train``."""

    train: Sequence[Example]
    pool: Sequence[Example]


def build_training_sets(
    real: RealData,
    corpora: Mapping[CorpusKey, Sequence[Example]],
    sources: Sequence[str],
    match: Literal["labels", "none"],
) -> list[TrainingSet]:
    """Return the training sets of a task: real ones first, then corpus by corpus, then the pool.

    With ``match: labels`` each corpus and the real rows are cut to the smaller of their two counts
    per label. Corpora that lead to the same counts share one real set. Where two real sets differ
    in counts but not in total, the later one carries the generator and strategy of the corpus it
    is matched with, so that their names differ. Without a corpus ``real`` is all rows.

    Args:
        real: the real rows.
        corpora: accepted rows by (generator, strategy).
        sources: the sources asked for.
        match: whether to cut.

    Raises:
        DataError: a set would be empty.
    """
    found: list[TrainingSet] = []
    partners: dict[CorpusKey, SetKey] = {}
    reals: dict[tuple[tuple[str, int], ...], TrainingSet] = {}
    for corpus_key, rows in corpora.items() or [((NONE, NONE), real.train)]:
        counts = _match_counts(real.train, rows) if match == "labels" else None
        real_rows = _cut(real.train, counts)
        vector = tuple(sorted(_count(real_rows).items()))
        if vector not in reals:
            taken = {len(other.examples) for other in reals.values()}
            names = corpus_key if len(real_rows) in taken else (NONE, NONE)
            reals[vector] = TrainingSet("real", *names, real_rows)
        partners[corpus_key] = reals[vector].key
        if corpora:
            found.append(TrainingSet("synthetic", *corpus_key, _cut(rows, counts)))
    for corpus_key, rows in corpora.items():
        found.append(TrainingSet("pool+synthetic", *corpus_key, (*real.pool, *rows)))
        found.append(TrainingSet("real+synthetic", *corpus_key, (*real.train, *rows)))
    found.append(TrainingSet("pool", NONE, NONE, tuple(real.pool)))
    largest = max(reals.values(), key=lambda one: len(one.examples)).key
    judged = [
        TrainingSet(
            one.source,
            one.generator,
            one.strategy,
            one.examples,
            partners.get((one.generator, one.strategy), largest) if "real" in sources else None,
        )
        for one in found
    ]
    kept = [one for one in (*reals.values(), *judged) if one.source in sources]
    _refuse_empty(kept)
    return kept


def _count(rows: Sequence[Example]) -> Counter[str]:
    return Counter(row.label for row in rows)


def _match_counts(real: Sequence[Example], corpus: Sequence[Example]) -> dict[str, int]:
    ours, theirs = _count(real), _count(corpus)
    return {label: min(ours[label], theirs[label]) for label in ours.keys() | theirs.keys()}


def _cut(rows: Sequence[Example], counts: Mapping[str, int] | None) -> tuple[Example, ...]:
    """Return the first ``counts`` rows of each label in hash order, in their order in ``rows``.

    The hash order depends on ids alone: a smaller cut is a subset of a larger one.
    """
    if counts is None:
        return tuple(rows)
    kept: set[str] = set()
    for label, count in counts.items():
        ids = [row.id for row in rows if row.label == label]
        kept.update(sorted(ids, key=lambda one: (derive_seed(0, "match", one), one))[:count])
    return tuple(row for row in rows if row.id in kept)


def _refuse_empty(sets: Sequence[TrainingSet]) -> None:
    for one in sets:
        if not one.examples:
            raise DataError(
                f"the training set of source {one.source!r} has no rows",
                where=f"generator {one.generator}, strategy {one.strategy}",
                fix="match: labels keeps the smaller count of each label: check that the real data "
                "and the corpus have rows of the same labels, or set train.match: none",
            )
