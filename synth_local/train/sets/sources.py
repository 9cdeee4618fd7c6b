"""Which training sets a task has, and what each is compared with; decided from counts alone.

The fairness rules live here: ``real`` and ``synthetic`` are cut to the same count per label, the
other sources are never cut, and partners are planned by name. A set's name depends on that set
alone, so that it stays what it is whatever else is asked for. Pure; knows nothing of texts,
students, seeds or files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from synth_local.records import Cell
from synth_local.store.run_dir import CorpusKey
from synth_local.train.sets.tags import (
    NONE,
    Counts,
    RealCounts,
    has_same_mix,
    request_rows,
    tag_balanced,
    tag_real,
)


@dataclass(frozen=True, slots=True)
class SetName:
    """What tells a task's training sets apart; ``-`` where a part does not apply."""

    source: str
    generator: str
    strategy: str
    num_train: int

    def cell(self, task: str, student: str, seed: int) -> Cell:
        """Return the cell of this set for one student and seed."""
        return Cell(task, self.source, self.generator, self.strategy, student, self.num_train, seed)


@dataclass(frozen=True, slots=True)
class SetPlan:
    """One training set: rows per label from each of its parts.

    Attributes:
        source: as in the run file.
        corpus: the corpus of the synthetic part, or ``None``.
        real: rows per label of the real part (the pool's where the source says pool).
        synthetic: rows per label of the synthetic part.
        partners: names of the sets that it is compared with, in order.
        serves: the sources that it has all rows of, where these are several; whether the run file
            lists them or not.
        tag: stands in the name where the number of rows does not say how many each label has.
        is_cut: a training seed decides which rows are taken.
        is_point: a cut for a learning curve: compared with no other set.
        is_repeat: rows of a corpus that repeats another: compared with no other set.
    """

    source: str
    corpus: CorpusKey | None
    real: dict[str, int]
    synthetic: dict[str, int] = field(default_factory=dict)
    partners: tuple[SetName, ...] = ()
    serves: tuple[str, ...] = ()
    tag: str = NONE
    is_cut: bool = False
    is_point: bool = False
    is_repeat: bool = False

    @property
    def num_train(self) -> int:
        """Return the number of rows, each as often as it stands in the set."""
        return sum(self.real.values()) + sum(self.synthetic.values())

    @property
    def name(self) -> SetName:
        """Return what tells this set from the task's others."""
        if self.corpus is None:
            return SetName(self.source, NONE, self.tag, self.num_train)
        return SetName(self.source, self.corpus.generator, self.corpus.strategy, self.num_train)

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the sources that the set stands for."""
        return self.serves or (self.source,)

    def list_empty(self, labels: Iterable[str]) -> list[str]:
        """Return the labels of which the set has no row."""
        return [
            label for label in labels if not self.real.get(label, 0) + self.synthetic.get(label, 0)
        ]

    def cell(self, task: str, student: str, seed: int) -> Cell:
        """Return the cell of this set for one student and seed."""
        return self.name.cell(task, student, seed)


def plan_sets(
    sources: Iterable[str],
    match: str,
    real: RealCounts,
    corpora: Mapping[CorpusKey, Counts],
    wanted_rows: Counts | None = None,
) -> list[SetPlan]:
    """Return the training sets of one task.

    ``real`` and ``synthetic`` are matched: the same count per label, the smaller of the two.
    Corpora of different counts bring a ``real`` set each. Without a corpus, and for a corpus that
    lacks a label, ``real`` is cut to the rows that were asked for; with ``match: none`` nothing is.
    All other sources are never cut. A set that has all rows of a second source serves that one
    too, and is trained once.

    Args:
        match: ``labels`` or ``none``.
        corpora: accepted rows per label of each finished corpus.
        wanted_rows: rows per label that were asked for; ``None`` is all that there are.

    Returns:
        Real sets first, then the pool, then corpus by corpus. Sets with no row of some label are
        among them; nothing can be learned from these.
    """
    planner = _Planner(frozenset(sources), match, real, corpora, wanted_rows or real.train)
    return planner.plan()


@dataclass(frozen=True)
class _Planner:
    """Plans the sets of one task; the arguments of ``plan_sets``."""

    wanted: frozenset[str]
    match: str
    real: RealCounts
    corpora: Mapping[CorpusKey, Counts]
    asked: Counts

    def plan(self) -> list[SetPlan]:
        reals = list(self._plan_real())
        pools = list(self._plan_pools())
        made = [
            corpu
            for key, accepted in self.corpora.items()
            for corpu in self._plan_corpus(key, accepted, reals, pools)
        ]
        return reals + pools + made

    def _match(self, accepted: Counts) -> dict[str, int]:
        """Return the rows per label of the ``real`` set that a corpus is matched with."""
        if self.match == "none":
            return dict(self.real.train)
        matched = {one: min(n, accepted.get(one, 0)) for one, n in self.real.train.items()}
        return matched if all(matched.values()) else request_rows(self.real, self.asked)

    def _plan_real(self) -> Iterator[SetPlan]:
        train, wanted = self.real.train, list[dict[str, int]]()
        if "real" in self.wanted:
            wanted = [self._match(accepted) for accepted in self.corpora.values()]
            if not wanted:
                wanted = [self._match(self.asked)]
        seen: list[dict[str, int]] = []
        for counts in wanted:
            if counts in seen:
                continue
            seen.append(counts)
            is_all = counts == train
            serves = ("real", "real_all") if is_all else ()
            tag = tag_real(counts, self.real, self.asked)
            yield SetPlan("real", None, counts, serves=serves, tag=tag, is_cut=not is_all)
        if "real_all" in self.wanted and train not in seen:
            yield SetPlan("real_all", None, dict(train))

    def _plan_pools(self) -> Iterator[SetPlan]:
        pool = self.real.pool
        balanced = list[dict[str, int]]()
        for accepted in self.corpora.values():
            counts = {one: n + accepted.get(one, 0) for one, n in pool.items()}
            balanced += [counts] if counts not in balanced else []
        is_same = any(has_same_mix(counts, pool) for counts in balanced)
        if "pool" in self.wanted or ("pool_balanced" in self.wanted and is_same):
            yield SetPlan("pool", None, pool, serves=("pool", "pool_balanced") if is_same else ())
        for counts in balanced if "pool_balanced" in self.wanted else ():
            if not has_same_mix(counts, pool):
                tag = tag_balanced(counts, pool, self.asked)
                is_cut = any(n % (pool[one] or 1) for one, n in counts.items())
                yield SetPlan("pool_balanced", None, counts, tag=tag, is_cut=is_cut)

    def _plan_corpus(
        self, key: CorpusKey, accepted: Counts, reals: list[SetPlan], pools: list[SetPlan]
    ) -> Iterator[SetPlan]:
        real_all = [real.name for real in reals if "real_all" in real.sources]
        counts = dict(accepted)
        cut = counts
        if self.match == "labels":
            cut = {one: min(n, self.real.train[one]) for one, n in accepted.items()}
        wants_all = "synthetic_all" in self.wanted
        if "synthetic" in self.wanted:
            matched = [real.name for real in reals if _is_partner(real, self._match(accepted))]
            both = cut == counts
            partners = dict.fromkeys(matched + (real_all if both else []))
            serves = ("synthetic", "synthetic_all") if both else ()
            is_cut = cut != counts
            yield SetPlan("synthetic", key, {}, cut, tuple(partners), serves, is_cut=is_cut)
            wants_all = wants_all and not both
        if wants_all:
            yield SetPlan("synthetic_all", key, {}, counts, tuple(real_all))
        pool = self.real.pool
        if "pool+synthetic" in self.wanted:
            against = [pool.name for pool in pools if self._is_pool_of(pool, counts)]
            yield SetPlan("pool+synthetic", key, pool, counts, tuple(against))
        if "real+synthetic" in self.wanted:
            yield SetPlan("real+synthetic", key, self.real.train, counts, tuple(real_all))

    def _is_pool_of(self, one: SetPlan, accepted: Counts) -> bool:
        """Return whether a set of pool rows is what the pool with a corpus is compared with."""
        if one.source == "pool":
            return True
        pool = self.real.pool
        return one.real == {label: n + accepted.get(label, 0) for label, n in pool.items()}


def plan_points(
    sources: Iterable[str],
    sizes: Iterable[int],
    real: RealCounts,
    corpora: Mapping[CorpusKey, Counts],
    plans: Iterable[SetPlan],
    wanted_rows: Counts | None = None,
) -> list[SetPlan]:
    """Return the cuts of real and synthetic rows that learning curves need besides the plans.

    Each cut keeps at most ``size`` rows of every label; a size beyond what there is means all of
    it. A smaller cut of one training seed is part of its larger one.

    Args:
        sizes: rows per label.
        corpora: accepted rows per label of each finished corpus.
        plans: the task's training sets; a cut whose name one of them has is left to it.
        wanted_rows: rows per label that were asked for, as in ``plan_sets``.

    Returns:
        Cuts of real rows first, then corpus by corpus.
    """
    wanted = list(sources)
    wholes: list[tuple[str, CorpusKey | None, Counts]] = []
    if "real" in wanted:
        wholes.append(("real", None, real.train))
    if "synthetic" in wanted:
        wholes += [("synthetic", key, accepted) for key, accepted in corpora.items()]
    taken = {plan.name for plan in plans}
    points = []
    for source, key, counts in wholes:
        for size in sizes:
            rows = {label: min(size, count) for label, count in counts.items()}
            parts = ({}, rows) if key else (rows, {})
            tag = NONE if key else tag_real(rows, real, wanted_rows or real.train)
            is_cut = rows != dict(counts)
            point = SetPlan(source, key, *parts, tag=tag, is_cut=is_cut, is_point=True)
            if point.name not in taken:
                taken.add(point.name)
                points.append(point)
    return points


def plan_repeats(
    sources: Iterable[str], match: str, real: RealCounts, corpora: Mapping[CorpusKey, Counts]
) -> list[SetPlan]:
    """Return the training sets of corpora that repeat others.

    They bring no real set and no pool, so that no other set changes for them.

    Args:
        match: ``labels`` or ``none``.
        corpora: accepted rows per label of each repeat.
    """
    made = [source for source in sources if "synthetic" in source]
    plans = plan_sets(made, match, real, corpora)
    return [replace(plan, partners=(), is_repeat=True) for plan in plans]


def _is_partner(one: SetPlan, matched: Counts) -> bool:
    return one.source == "real" and one.real == matched
