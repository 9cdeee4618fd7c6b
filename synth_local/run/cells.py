"""The training conditions of a run, planned from counts alone.

A cell is decided by its own rows, student and seed alone: naming another source, seed, generator or
learning curve changes none that is there. Texts are only touched when a cell is trained.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synth_local.core.hashing import digest_json
from synth_local.records import Cell
from synth_local.run.context import Context
from synth_local.run.identity.fingerprints import TRAIN_VERSION, classify_fingerprint
from synth_local.run.rounds import current_rounds
from synth_local.run.splits import SplitFacts, split_facts
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


def plan_cells(context: Context, manifests: Mapping[CorpusKey, Manifest]) -> list[CellPlan]:
    """Return the cells that the finished corpora allow, task by task.

    A set with no row of some label is left out: nothing can be learned from it. ``untrained``
    names these. No cell depends on which others there are.
    """
    plans: list[CellPlan] = []
    settings = context.config.train
    for task in context.tasks.values():
        corpora = {key: one for key, one in manifests.items() if key.task == task.name}
        facts = split_facts(context, task)
        accepted = {key: one.accepted for key, one in corpora.items()}
        sets = _plan_sets(context, task, RealCounts(facts.train, facts.pool), accepted)
        by_name = {one.name: one for one in sets}
        for student in _trained_students(context):
            for rows in (one for one in sets if _is_for(one, student)):
                digest = corpora[rows.corpus].corpus_digest if rows.corpus else ""
                steps = count_steps(rows.num_train, settings)
                identity = _identity(context, facts, rows, digest, student, steps)
                for seed in _list_seeds(context, rows, student):
                    cell = rows.cell(task.name, student, seed)
                    against = tuple(
                        partner.cell(
                            task.name, student, _share_seed(context, by_name[partner], cell)
                        )
                        for partner in rows.partners
                        if partner in by_name
                    )
                    fingerprint = digest_json([identity, task.name, seed])
                    plans.append(CellPlan(cell, fingerprint, rows, steps, against))
        plans += _plan_classified(context, task)
    return plans


def expect_cells(context: Context) -> list[Cell]:
    """Return the cells as they will be if every corpus reaches its number of rows."""
    cells = []
    for task in context.tasks.values():
        facts = split_facts(context, task)
        corpora = {
            key: _expect_rows(context, key) for key in context.corpora if key.task == task.name
        }
        sets = _plan_sets(context, task, RealCounts(facts.train, facts.pool), corpora)
        cells += [
            one.cell(task.name, student, seed)
            for student in _trained_students(context)
            for one in sets
            if _is_for(one, student)
            for seed in _list_seeds(context, one, student)
        ]
        cells += [cell for _, cell in _list_classified(context, task)]
    return cells


def plan_all_sets(
    context: Context, task: Task, real: RealCounts, corpora: Mapping[CorpusKey, Counts]
) -> list[SetPlan]:
    """Return the sets that are compared with each other; repeats are not among them.

    Args:
        task: one of its tasks.
        corpora: accepted rows per label of its finished corpora.

    Returns:
        All of them, sets with no row of some label too.
    """
    config = context.config
    firsts = {key: counts for key, counts in corpora.items() if not context.is_repeat(key)}
    return plan_sets(config.sources, config.train.match, real, firsts, context.per_label(task))


def _plan_sets(
    context: Context, task: Task, real: RealCounts, corpora: Mapping[CorpusKey, Counts]
) -> list[SetPlan]:
    """Return all sets that have a row of every label: those of repeats and of curves come last."""
    config = context.config
    firsts = {key: counts for key, counts in corpora.items() if not context.is_repeat(key)}
    others = {key: counts for key, counts in corpora.items() if context.is_repeat(key)}
    sets = plan_all_sets(context, task, real, corpora)
    whole = [one for one in sets if _is_whole(one, task)]
    repeats = plan_repeats(config.sources, config.train.match, real, others)
    asked = context.per_label(task)
    points = plan_points(config.sources, config.learning_curve, real, firsts, whole, asked)
    return whole + [one for one in repeats + points if _is_whole(one, task)]


def _is_for(rows: SetPlan, student: str) -> bool:
    """Return whether a student is trained on a set: no curve of one that reads nothing."""
    return student not in BASELINE_STUDENTS or not (rows.is_point or rows.is_repeat)


def _list_seeds(context: Context, rows: SetPlan, student: str) -> tuple[int, ...]:
    """Return the training seeds: one where neither the student nor its rows would differ."""
    seeds = context.config.seeds
    return seeds[:1] if student in DETERMINISTIC and not rows.is_cut else seeds


def _share_seed(context: Context, partner: SetPlan, cell: Cell) -> int:
    """Return the cell's own seed, or the one that stands for all of its partner."""
    seeds = _list_seeds(context, partner, cell.student)
    return cell.seed if cell.seed in seeds else seeds[0]


def _expect_rows(context: Context, key: CorpusKey) -> dict[str, int]:
    """Return the rows that a corpus may get: of a file no more than it has."""
    wanted = context.per_label(context.tasks[key.task])
    if not key.is_external:
        return wanted
    admitted = current_rounds(context, key).admitted
    return {label: min(count, admitted[label]) for label, count in wanted.items()}


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


def _trained_students(context: Context) -> list[str]:
    return [name for name in context.config.students if name != GENERATOR_AS_CLASSIFIER]


def _plan_classified(context: Context, task: Task) -> list[CellPlan]:
    return [
        CellPlan(
            cell,
            classify_fingerprint(context, key, cell.seed),
            SetPlan(NONE, None, {}),
            steps=0,
            partners=(),
        )
        for key, cell in _list_classified(context, task)
    ]


def _list_classified(context: Context, task: Task) -> list[tuple[CorpusKey, Cell]]:
    """Return the cells in which a generator itself is the classifier: crossed with no source."""
    if GENERATOR_AS_CLASSIFIER not in context.config.students:
        return []
    return [
        (
            CorpusKey(task.name, generator, spec.name),
            Cell(task.name, NONE, generator, spec.name, GENERATOR_AS_CLASSIFIER, 0, seed),
        )
        for generator in context.config.generators
        for spec in context.config.strategies  # no corpus, so nothing to repeat
        for seed in context.config.seeds
    ]


def _is_whole(plan: SetPlan, task: Task) -> bool:
    """Return whether every label has a row."""
    return not plan.list_empty(task.labels)


def _identity(
    context: Context, facts: SplitFacts, rows: SetPlan, corpus_digest: str, student: str, steps: int
) -> str:
    model = context.models.students[student]
    return digest_json(
        {
            "version": TRAIN_VERSION,
            "data": facts.data_digest,
            "corpus": corpus_digest,
            "rows": [rows.source.removesuffix("_all"), rows.real, rows.synthetic],
            "student": [student, context.models.digest(model).total if model else ""],
            "settings": {
                key: value
                for key, value in context.config.train.fingerprint_fields().items()
                if key not in {"epochs", "min_steps", "match"}  # decided: rows and steps
            },
            "steps": steps,
        }
    )
