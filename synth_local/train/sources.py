"""Which rows each source of a task trains on, decided from counts alone.

The fairness rules live here: ``real`` and ``synthetic`` are cut to the same count per label,
``pool`` and combined sources are never cut, and every set names the real set that it is judged
against.
Texts are only touched by ``take_rows``, when a set is trained on. Pure; knows nothing of students,
seeds or files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from synth_local.core.hashing import derive_seed
from synth_local.records import Cell, Example
from synth_local.store.run_dir import CorpusKey

NONE = "-"
Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RealCounts:
    """Rows of a task's real data by label; the pool is a part of ``train``."""

    train: dict[str, int]
    pool: dict[str, int]


@dataclass(frozen=True, slots=True)
class SetPlan:
    """One training set: rows per label from each of its parts.

    Attributes:
        source: ``real``, ``synthetic``, ``pool``, ``pool+synthetic`` or ``real+synthetic``.
        corpus: the corpus of the synthetic part, or ``None``.
        real: rows per label of the real part (the pool's where the source says pool).
        synthetic: rows per label of the synthetic part.
        partner: rows per label of the ``real`` set that it is compared with.
        twin: the set shares its number of rows with another real set, so its name carries the
            corpus that it is matched with.
        is_point: a cut for a learning curve: compared with no other set.
        is_repeat: rows of a corpus that repeats another: compared with no other set.
    """

    source: str
    corpus: CorpusKey | None
    real: dict[str, int]
    synthetic: dict[str, int] = field(default_factory=dict)
    partner: dict[str, int] = field(default_factory=dict)
    twin: CorpusKey | None = None
    is_point: bool = False
    is_repeat: bool = False

    @property
    def num_train(self) -> int:
        """Return the number of rows."""
        return sum(self.real.values()) + sum(self.synthetic.values())

    def list_empty(self, labels: Iterable[str]) -> list[str]:
        """Return the labels of which the set has no row."""
        return [one for one in labels if not self.real.get(one, 0) + self.synthetic.get(one, 0)]

    def cell(self, task: str, student: str, seed: int) -> Cell:
        """Return the cell of this set for one student and seed."""
        named = self.corpus or self.twin
        generator = named.generator if named else NONE
        strategy = named.strategy if named else NONE
        return Cell(task, self.source, generator, strategy, student, self.num_train, seed)


def plan_sets(
    sources: Iterable[str],
    match: str,
    real: RealCounts,
    corpora: Mapping[CorpusKey, Counts],
    wanted_rows: Counts | None = None,
) -> list[SetPlan]:
    """Return the training sets of one task.

    ``real`` and ``synthetic`` are matched: the same count per label, the smaller of the two.
    ``pool`` and combined sources are never cut. Corpora of different counts bring a ``real`` set
    each; without a corpus, or with ``match: none``, ``real`` is all of it. A corpus that lacks a
    label would leave ``real`` without one too: where the others do not, they alone decide, and
    where all do, ``real`` is cut to the rows that were asked for.

    Args:
        sources: of the run file.
        match: ``labels`` or ``none``.
        real: rows of the real split.
        corpora: accepted rows per label of each finished corpus.
        wanted_rows: rows per label that were asked for; ``None`` is all that there are.

    Returns:
        Real sets first, then the pool, then corpus by corpus. Sets with no row of some label are
        among them; nothing can be learned from these.
    """
    matched = {
        key: {label: min(count, real.train[label]) for label, count in accepted.items()}
        if match == "labels"
        else dict(real.train)
        for key, accepted in corpora.items()
    }
    whole = [rows for rows in matched.values() if all(rows.get(one) for one in real.train)]
    asked = wanted_rows or real.train
    by_request = {one: min(count, asked.get(one, count)) for one, count in real.train.items()}
    default = next(iter(whole), by_request if matched else dict(real.train))
    wanted = list(sources)
    plans = list(_real_sets(matched, real)) if "real" in wanted else []
    if "real" in wanted and matched and not whole:
        plans.append(SetPlan("real", None, by_request))
    if "pool" in wanted:
        plans.append(SetPlan("pool", None, real.pool, partner=default))
    for key, accepted in corpora.items():
        rows = matched[key] if match == "labels" else dict(accepted)
        partner = matched[key] if matched[key] in whole else default
        if "synthetic" in wanted:
            plans.append(SetPlan("synthetic", key, {}, rows, partner))
        if "pool+synthetic" in wanted:
            plans.append(SetPlan("pool+synthetic", key, real.pool, dict(accepted), partner))
        if "real+synthetic" in wanted:
            plans.append(SetPlan("real+synthetic", key, real.train, dict(accepted), partner))
    return plans


def plan_points(
    sources: Iterable[str],
    sizes: Iterable[int],
    real: RealCounts,
    corpora: Mapping[CorpusKey, Counts],
    plans: Iterable[SetPlan],
) -> list[SetPlan]:
    """Return the cuts of real and synthetic rows that learning curves need besides the plans.

    Each cut keeps at most ``size`` rows of every label; a size beyond what there is means all of
    it. A smaller cut is part of a larger one.

    Args:
        sources: of the run file.
        sizes: rows per label.
        real: rows of the real split.
        corpora: accepted rows per label of each finished corpus.
        plans: the task's training sets; a cut whose name one of them has is left to it.

    Returns:
        Cuts of real rows first, then corpus by corpus.
    """
    wanted = list(sources)
    wholes: list[tuple[str, CorpusKey | None, Counts]] = []
    if "real" in wanted:
        wholes.append(("real", None, real.train))
    if "synthetic" in wanted:
        wholes += [("synthetic", key, accepted) for key, accepted in corpora.items()]
    taken = {(one.source, one.corpus, one.num_train) for one in plans if one.twin is None}
    points = []
    for source, key, counts in wholes:
        for size in sizes:
            rows = {label: min(size, count) for label, count in counts.items()}
            name = (source, key, sum(rows.values()))
            if name in taken:
                continue
            taken.add(name)
            parts = ({}, rows) if key else (rows, {})
            points.append(SetPlan(source, key, *parts, is_point=True))
    return points


def plan_repeats(
    sources: Iterable[str], match: str, real: RealCounts, corpora: Mapping[CorpusKey, Counts]
) -> list[SetPlan]:
    """Return the training sets of corpora that repeat others.

    They bring no real set and no pool, so that no other set changes for them.

    Args:
        sources: of the run file.
        match: ``labels`` or ``none``.
        real: rows of the real split.
        corpora: accepted rows per label of each repeat.

    Returns:
        The sets, corpus by corpus.
    """
    made = [source for source in sources if "synthetic" in source]
    plans = plan_sets(made, match, real, corpora)
    return [replace(plan, partner={}, is_repeat=True) for plan in plans]


def _real_sets(matched: Mapping[CorpusKey, dict[str, int]], real: RealCounts) -> Iterator[SetPlan]:
    """Yield one real set per distinct vector of counts."""
    seen: list[dict[str, int]] = []
    for key, counts in matched.items() or ((None, dict(real.train)),):
        if counts in seen:
            continue
        same_total = any(sum(one.values()) == sum(counts.values()) for one in seen)
        seen.append(counts)
        yield SetPlan("real", None, counts, twin=key if same_total else None)


def take_rows(rows: Sequence[Example], counts: Counts) -> tuple[Example, ...]:
    """Return the first ``counts`` rows of each label in hash order, in their order in ``rows``.

    The hash order depends on ids alone: a smaller cut is a subset of a larger one.
    """
    kept: set[str] = set()
    for label, count in counts.items():
        ids = [row.id for row in rows if row.label == label]
        if count < len(ids):
            ids = sorted(ids, key=lambda one: (derive_seed(0, "match", one), one))[:count]
        kept.update(ids)
    return tuple(row for row in rows if row.id in kept)
