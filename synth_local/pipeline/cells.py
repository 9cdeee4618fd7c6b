"""The training conditions of a run, planned from counts alone.

Fairness is decided here: which rows each source may use, and how many optimiser steps all cells of
a task and student take. Texts are only touched when a cell is trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synth_local.core.hashing import digest_json
from synth_local.pipeline.context import Context
from synth_local.pipeline.fingerprints import TRAIN_VERSION, classify_fingerprint
from synth_local.pipeline.rounds import current_rounds
from synth_local.pipeline.splits import SplitFacts, split_facts
from synth_local.records import Cell
from synth_local.store.corpus import Manifest
from synth_local.store.run_dir import CorpusKey
from synth_local.task import Task
from synth_local.train.budget import count_steps
from synth_local.train.sources import (
    NONE,
    Counts,
    RealCounts,
    SetPlan,
    plan_points,
    plan_repeats,
    plan_sets,
)
from synth_local.train.students import GENERATOR_ITSELF, READ_NOTHING


@dataclass(frozen=True, slots=True)
class CellPlan:
    """One cell that is to be trained.

    Attributes:
        cell: its name's parts.
        fingerprint: identity of everything that decides its predictions.
        rows: its training set.
        steps: optimiser steps.
        partners: the cells that it is compared with, in order.
    """

    cell: Cell
    fingerprint: str
    rows: SetPlan
    steps: int
    partners: tuple[Cell, ...]

    @property
    def is_classified(self) -> bool:
        """Whether the generator itself says the labels, and no student is trained."""
        return self.cell.student == GENERATOR_ITSELF


def plan_cells(context: Context, manifests: Mapping[CorpusKey, Manifest]) -> list[CellPlan]:
    """Return the cells that the finished corpora allow, task by task.

    A set with no row of some label is left out: nothing can be learned from it. ``untrained``
    names these.
    """
    plans: list[CellPlan] = []
    settings = context.config.train
    for task in context.tasks.values():
        corpora = {key: one for key, one in manifests.items() if key.task == task.name}
        facts = split_facts(context, task)
        accepted = {key: one.accepted for key, one in corpora.items()}
        real = RealCounts(facts.train, facts.pool)
        sets = [one for one in plan_all_sets(context, task, real, accepted) if _is_whole(one, task)]
        sizes = [one.num_train for one in sets]
        further = _plan_further(context, task, real, accepted, sets)
        for student in _trained_students(context):
            for rows in sets + (further if student not in READ_NOTHING else []):
                digest = corpora[rows.corpus].corpus_digest if rows.corpus else ""
                steps = count_steps(rows.num_train, sizes, settings)
                identity = _identity(context, facts, rows, digest, student, steps)
                partners = _find_partners(sets, rows)
                for seed in context.config.seeds:
                    cell = rows.cell(task.name, student, seed)
                    against = tuple(one.cell(task.name, student, seed) for one in partners)
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
        real = RealCounts(facts.train, facts.pool)
        sets = [one for one in plan_all_sets(context, task, real, corpora) if _is_whole(one, task)]
        further = _plan_further(context, task, real, corpora, sets)
        cells += [
            one.cell(task.name, student, seed)
            for student in _trained_students(context)
            for one in sets + (further if student not in READ_NOTHING else [])
            for seed in context.config.seeds
        ]
        cells += [cell for _, cell in _list_classified(context, task)]
    return cells


def plan_all_sets(
    context: Context, task: Task, real: RealCounts, corpora: Mapping[CorpusKey, Counts]
) -> list[SetPlan]:
    """Return the sets that are compared with each other; repeats are not among them.

    Args:
        context: the opened run.
        task: one of its tasks.
        real: rows of the task's real data.
        corpora: accepted rows per label of its finished corpora.

    Returns:
        All of them, sets with no row of some label too.
    """
    config = context.config
    firsts = {key: counts for key, counts in corpora.items() if not context.is_repeat(key)}
    return plan_sets(config.sources, config.train.match, real, firsts, context.per_label(task))


def _plan_further(
    context: Context,
    task: Task,
    real: RealCounts,
    corpora: Mapping[CorpusKey, Counts],
    sets: list[SetPlan],
) -> list[SetPlan]:
    """Return the sets of repeats and the cuts for learning curves.

    They take as many optimiser steps as the sets do, and change nothing about these.
    """
    config = context.config
    firsts = {key: counts for key, counts in corpora.items() if not context.is_repeat(key)}
    others = {key: counts for key, counts in corpora.items() if context.is_repeat(key)}
    repeats = plan_repeats(config.sources, config.train.match, real, others)
    points = plan_points(config.sources, config.learning_curve, real, firsts, sets)
    return [one for one in repeats + points if _is_whole(one, task)]


def _expect_rows(context: Context, key: CorpusKey) -> dict[str, int]:
    """Return the rows that a corpus may get: of a file no more than it has."""
    wanted = context.per_label(context.tasks[key.task])
    if not key.is_brought:
        return wanted
    admitted = current_rounds(context, key).admitted
    return {label: min(count, admitted[label]) for label, count in wanted.items()}


def place_cells(plans: Sequence[CellPlan], num_shards: int) -> list[int]:
    """Return the shard of each cell, from 0: cells take turns.

    All cells that one generator classifies itself are in the shard of the first of them: it is
    loaded once.
    """
    first: dict[str, int] = {}
    return [
        (first.setdefault(plan.cell.generator, number) if plan.is_classified else number)
        % num_shards
        for number, plan in enumerate(plans)
    ]


def _trained_students(context: Context) -> list[str]:
    return [name for name in context.config.students if name != GENERATOR_ITSELF]


def _plan_classified(context: Context, task: Task) -> list[CellPlan]:
    return [
        CellPlan(
            cell,
            classify_fingerprint(context, key, cell.seed),
            SetPlan(NONE, None, {}, twin=key),
            steps=0,
            partners=(),
        )
        for key, cell in _list_classified(context, task)
    ]


def _list_classified(context: Context, task: Task) -> list[tuple[CorpusKey, Cell]]:
    """Return the cells in which a generator itself is the classifier: crossed with no source."""
    if GENERATOR_ITSELF not in context.config.students:
        return []
    return [
        (
            CorpusKey(task.name, generator, spec.name),
            Cell(task.name, NONE, generator, spec.name, GENERATOR_ITSELF, 0, seed),
        )
        for generator in context.config.generators
        for spec in context.config.strategies  # no corpus, so nothing to repeat
        for seed in context.config.seeds
    ]


def _find_partners(sets: list[SetPlan], rows: SetPlan) -> list[SetPlan]:
    if rows.source == "real" or rows.is_point or rows.is_repeat:
        return []
    real = (one for one in sets if one.source == "real" and one.real == rows.partner)
    found = [next(real, None)]
    if rows.source == "pool+synthetic":
        found.append(next((one for one in sets if one.source == "pool"), None))
    return [one for one in found if one is not None]


def _is_whole(plan: SetPlan, task: Task) -> bool:
    """Return whether every label has a row."""
    return not plan.list_empty(task.labels)


def _identity(
    context: Context, facts: SplitFacts, rows: SetPlan, corpus_digest: str, student: str, steps: int
) -> str:
    digest = context.students[student]
    return digest_json(
        {
            "version": TRAIN_VERSION,
            "data": facts.data_digest,
            "corpus": corpus_digest,
            "rows": [rows.source, rows.real, rows.synthetic],
            "student": [student, digest.total if digest else ""],
            "settings": {
                key: value
                for key, value in context.config.train.fingerprint_fields().items()
                if key not in {"epochs", "match", "budget"}  # decided: rows and steps
            },
            "steps": steps,
        }
    )
