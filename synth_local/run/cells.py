"""The training conditions of a run, planned from counts alone.

A cell is decided by its own rows, student and seed alone: naming another source, seed, generator or
learning curve changes none that is there. Texts are only touched when a cell is trained.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synth_local.config import RunConfig
from synth_local.core.hashing import digest_json
from synth_local.records import Cell
from synth_local.run.corpora import Corpora
from synth_local.run.identity.fingerprints import Identities
from synth_local.run.rounds import Rounds
from synth_local.run.splits import RealData
from synth_local.store.corpus import Manifest
from synth_local.store.run_dir import CorpusKey
from synth_local.task import Task
from synth_local.train.sets.budget import count_steps
from synth_local.train.sets.sources import SetPlan, plan_points, plan_repeats, plan_sets
from synth_local.train.sets.tags import NONE, Counts, RealCounts
from synth_local.train.students import BASELINE_STUDENTS, DETERMINISTIC, GENERATOR_AS_CLASSIFIER

# what a cell costs beside one whose student takes steps (docs/log.md, three small tasks on a CPU)
_CLASSIFIED = 2.0
_SOLVED = 0.1


@dataclass(frozen=True, slots=True)
class CellPlan:
    """One cell that is to be trained.

    Attributes:
        fingerprint: identity of everything that decides its predictions.
        partners: the cells that it is compared with, in order; none where the run file lists none.
    """

    cell: Cell
    fingerprint: str
    rows: SetPlan
    steps: int
    partners: tuple[Cell, ...]

    @property
    def is_classified(self) -> bool:
        """Whether the generator itself says the labels, and no student is trained."""
        return self.cell.student == GENERATOR_AS_CLASSIFIER


@dataclass(frozen=True)
class CellPlanner:
    """Plans the training conditions of a run."""

    corpora: Corpora
    data: RealData
    identities: Identities
    rounds: Rounds

    @property
    def config(self) -> RunConfig:
        """The run file."""
        return self.corpora.config

    @property
    def trained_students(self) -> list[str]:
        """The students but a generator itself."""
        return [name for name in self.config.students if name != GENERATOR_AS_CLASSIFIER]

    def plan(self, manifests: Mapping[CorpusKey, Manifest]) -> list[CellPlan]:
        """Return the cells that the finished corpora allow, task by task.

        A set with no row of some label is left out: nothing can be learned from it. ``untrained``
        names these. No cell depends on which others there are.
        """
        plans: list[CellPlan] = []
        for task in self.corpora.tasks.values():
            mine = {key: manifest for key, manifest in manifests.items() if key.task == task.name}
            plans += self._plan_trained(task, mine)
            plans += [self._plan_classified(key, cell) for key, cell in self._list_classified(task)]
        return plans

    def expect(self) -> list[Cell]:
        """Return the cells as they will be if every corpus reaches its number of rows."""
        cells = []
        for task in self.corpora.tasks.values():
            facts = self.data.facts(task)
            counts = {
                key: self._expect_rows(key) for key in self.corpora.keys if key.task == task.name
            }
            sets = self._plan_whole_sets(task, RealCounts(facts.train, facts.pool), counts)
            cells += [
                rows.cell(task.name, student, seed)
                for student in self.trained_students
                for rows in sets
                if _is_for(rows, student)
                for seed in self._list_seeds(rows, student)
            ]
            cells += [cell for _, cell in self._list_classified(task)]
        return cells

    def plan_sets(
        self, task: Task, real: RealCounts, accepted: Mapping[CorpusKey, Counts]
    ) -> tuple[list[SetPlan], list[SetPlan]]:
        """Return the sets that are compared with each other, and those of repeated corpora.

        Args:
            task: one of its tasks.
            accepted: rows per label of its finished corpora.

        Returns:
            All of them, sets with no row of some label too.
        """
        sources, match = self.config.sources, self.config.train.match
        firsts, repeats = self._split_repeats(accepted)
        sets = plan_sets(sources, match, real, firsts, self.corpora.per_label(task.name))
        return sets, plan_repeats(sources, match, real, repeats)

    def _plan_trained(self, task: Task, manifests: Mapping[CorpusKey, Manifest]) -> list[CellPlan]:
        facts = self.data.facts(task)
        accepted = {key: manifest.accepted for key, manifest in manifests.items()}
        sets = self._plan_whole_sets(task, RealCounts(facts.train, facts.pool), accepted)
        by_name = {rows.name: rows for rows in sets}
        plans = []
        for student in self.trained_students:
            for rows in (rows for rows in sets if _is_for(rows, student)):
                digest = manifests[rows.corpus].corpus_digest if rows.corpus else ""
                steps = count_steps(rows.num_train, self.config.train)
                identity = self.identities.training(facts.data_digest, rows, digest, student, steps)
                partners = [by_name[name] for name in rows.partners if name in by_name]
                for seed in self._list_seeds(rows, student):
                    against = tuple(
                        partner.cell(task.name, student, self._share_seed(partner, student, seed))
                        for partner in partners
                    )
                    fingerprint = digest_json([identity, task.name, seed])
                    cell = rows.cell(task.name, student, seed)
                    plans.append(CellPlan(cell, fingerprint, rows, steps, against))
        return plans

    def _plan_whole_sets(
        self, task: Task, real: RealCounts, accepted: Mapping[CorpusKey, Counts]
    ) -> list[SetPlan]:
        """Return all sets that have a row of every label; those of repeats and curves come last."""
        config = self.config
        compared, repeats = self.plan_sets(task, real, accepted)
        whole = [rows for rows in compared if _is_whole(rows, task)]
        firsts, _ = self._split_repeats(accepted)
        asked = self.corpora.per_label(task.name)
        points = plan_points(config.sources, config.learning_curve, real, firsts, whole, asked)
        return whole + [rows for rows in repeats + points if _is_whole(rows, task)]

    def _split_repeats(
        self, accepted: Mapping[CorpusKey, Counts]
    ) -> tuple[dict[CorpusKey, Counts], dict[CorpusKey, Counts]]:
        """Return the counts of first corpora, and those of corpora that repeat one."""
        parts: tuple[dict[CorpusKey, Counts], dict[CorpusKey, Counts]] = ({}, {})
        for key, counts in accepted.items():
            parts[self.corpora.is_repeat(key)][key] = counts
        return parts

    def _list_seeds(self, rows: SetPlan, student: str) -> tuple[int, ...]:
        """Return the training seeds: one where neither the student nor its rows would differ."""
        seeds = self.config.seeds
        return seeds[:1] if student in DETERMINISTIC and not rows.is_cut else seeds

    def _share_seed(self, partner: SetPlan, student: str, seed: int) -> int:
        """Return a cell's own seed, or the one that stands for all of its partner."""
        seeds = self._list_seeds(partner, student)
        return seed if seed in seeds else seeds[0]

    def _expect_rows(self, key: CorpusKey) -> dict[str, int]:
        """Return the rows that a corpus may get: of a file no more than it has."""
        wanted = self.corpora.per_label(key.task)
        if not key.is_external:
            return wanted
        admitted = self.rounds.current(key).admitted
        return {label: min(count, admitted[label]) for label, count in wanted.items()}

    def _plan_classified(self, key: CorpusKey, cell: Cell) -> CellPlan:
        fingerprint = self.identities.classify(key, cell.seed)
        return CellPlan(cell, fingerprint, SetPlan(NONE, None, {}), steps=0, partners=())

    def _list_classified(self, task: Task) -> list[tuple[CorpusKey, Cell]]:
        """Return the cells whose classifier is a generator itself: crossed with no source."""
        if GENERATOR_AS_CLASSIFIER not in self.config.students:
            return []
        return [
            (
                CorpusKey(task.name, generator, spec.name),
                Cell(task.name, NONE, generator, spec.name, GENERATOR_AS_CLASSIFIER, 0, seed),
            )
            for generator in self.config.generators
            for spec in self.config.strategies  # no corpus, so nothing to repeat
            for seed in self.config.seeds
        ]


def place_cells(plans: Sequence[CellPlan], num_shards: int) -> list[int]:
    """Return the shard of each cell, from 0: what costs most is placed first, then in turns.

    All cells that one generator classifies itself are in one shard: it is loaded once. Decided
    from the plan alone, so that every job of a run finds the same places.
    """
    loads = [0.0] * num_shards
    shards: dict[str, int] = {}
    whole = Counter(plan.cell.generator for plan in plans if plan.is_classified)
    for generator, count in whole.most_common():
        shards[generator] = _add_load(loads, count * _CLASSIFIED)
    return [
        shards[plan.cell.generator] if plan.is_classified else _add_load(loads, _weigh(plan))
        for plan in plans
    ]


def _add_load(loads: list[float], weight: float) -> int:
    """Add to the shard with the least to do, and return it."""
    shard = min(range(len(loads)), key=loads.__getitem__)
    loads[shard] += weight
    return shard


def _weigh(plan: CellPlan) -> float:
    return _SOLVED if plan.cell.student in DETERMINISTIC else 1.0


def _is_for(rows: SetPlan, student: str) -> bool:
    """Return whether a student is trained on a set: no curve of one that reads nothing."""
    return student not in BASELINE_STUDENTS or not (rows.is_point or rows.is_repeat)


def _is_whole(rows: SetPlan, task: Task) -> bool:
    """Return whether every label has a row."""
    return not rows.list_empty(task.labels)
