"""The training conditions of a run, planned from counts alone.

Fairness is decided here: which rows each source may use, and how many optimiser steps all cells of
a task and student take. Texts are only touched when a cell is trained.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from synth_local.core.hashing import digest_json
from synth_local.pipeline.context import Context
from synth_local.pipeline.fingerprints import TRAIN_VERSION
from synth_local.pipeline.splits import SplitFacts, split_facts
from synth_local.records import Cell
from synth_local.store.corpus import Manifest
from synth_local.store.run_dir import CorpusKey
from synth_local.task import Task

NONE = "-"


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
    """

    source: str
    corpus: CorpusKey | None
    real: dict[str, int]
    synthetic: dict[str, int] = field(default_factory=dict)
    partner: dict[str, int] = field(default_factory=dict)
    twin: CorpusKey | None = None

    @property
    def num_train(self) -> int:
        """Return the number of rows."""
        return sum(self.real.values()) + sum(self.synthetic.values())

    def cell(self, task: str, student: str, seed: int) -> Cell:
        """Return the cell of this set for one student and seed."""
        named = self.corpus or self.twin
        generator = named.generator if named else NONE
        strategy = named.strategy if named else NONE
        return Cell(task, self.source, generator, strategy, student, self.num_train, seed)


@dataclass(frozen=True, slots=True)
class CellPlan:
    """One cell that is to be trained.

    Attributes:
        cell: its name's parts.
        fingerprint: identity of everything that decides its predictions.
        rows: its training set.
        steps: optimiser steps.
        partner: the ``real`` cell that it is compared with, or ``None``.
    """

    cell: Cell
    fingerprint: str
    rows: SetPlan
    steps: int
    partner: Cell | None


def plan_sets(
    sources: Iterable[str],
    match: str,
    facts: SplitFacts,
    corpora: Mapping[CorpusKey, Mapping[str, int]],
) -> list[SetPlan]:
    """Return the training sets of one task.

    ``real`` and ``synthetic`` are matched: the same count per label, the smaller of the two.
    ``pool`` and combined sources are never cut. Corpora of different counts bring a ``real`` set
    each; without a corpus, or with ``match: none``, ``real`` is all of it.

    Args:
        sources: of the run file.
        match: ``labels`` or ``none``.
        facts: rows of the real split.
        corpora: accepted rows per label of each finished corpus.
    """
    matched = {
        key: {label: min(count, facts.train[label]) for label, count in accepted.items()}
        if match == "labels"
        else dict(facts.train)
        for key, accepted in corpora.items()
    }
    default = next(iter(matched.values()), dict(facts.train))
    wanted = list(sources)
    plans = list(_real_sets(matched, facts)) if "real" in wanted else []
    if "pool" in wanted:
        plans.append(SetPlan("pool", None, facts.pool, partner=default))
    for key, accepted in corpora.items():
        partner = matched[key]
        rows = partner if match == "labels" else dict(accepted)
        if "synthetic" in wanted:
            plans.append(SetPlan("synthetic", key, {}, rows, partner))
        if "pool+synthetic" in wanted:
            plans.append(SetPlan("pool+synthetic", key, facts.pool, dict(accepted), partner))
        if "real+synthetic" in wanted:
            plans.append(SetPlan("real+synthetic", key, facts.train, dict(accepted), partner))
    return plans


def _real_sets(
    matched: Mapping[CorpusKey, dict[str, int]], facts: SplitFacts
) -> Iterator[SetPlan]:
    """Yield one real set per distinct vector of counts."""
    seen: list[dict[str, int]] = []
    for key, counts in matched.items() or ((None, dict(facts.train)),):
        if counts in seen:
            continue
        same_total = any(sum(one.values()) == sum(counts.values()) for one in seen)
        seen.append(counts)
        yield SetPlan("real", None, counts, twin=key if same_total else None)


def count_steps(context: Context, sets: Iterable[SetPlan], rows: SetPlan) -> int:
    """Return the optimiser steps of one cell under the run's budget."""
    train = context.config.train
    sizes = [one.num_train for one in sets] if train.budget == "steps" else [rows.num_train]
    return -(-max(sizes) // train.batch) * train.epochs


def plan_cells(context: Context, manifests: Mapping[CorpusKey, Manifest]) -> list[CellPlan]:
    """Return the cells that the finished corpora allow, task by task.

    A set with no row of some label is left out: nothing can be learned from it, and its corpus's
    shortfall says why.
    """
    plans: list[CellPlan] = []
    for task in context.tasks.values():
        corpora = {key: one for key, one in manifests.items() if key.task == task.name}
        facts = split_facts(context, task)
        accepted = {key: one.accepted for key, one in corpora.items()}
        sets = [
            one
            for one in plan_sets(context.config.sources, context.config.train.match, facts, accepted)
            if all(_has_rows(one, label) for label in task.labels)
        ]
        for student in context.config.students:
            for rows in sets:
                steps = count_steps(context, sets, rows)
                identity = _identity(context, task, facts, rows, corpora, student, steps)
                plans.extend(_cells(context, task, student, sets, rows, steps, identity))
    return plans


def _cells(  # noqa: PLR0913 - one call site
    context: Context,
    task: Task,
    student: str,
    sets: list[SetPlan],
    rows: SetPlan,
    steps: int,
    identity: str,
) -> Iterator[CellPlan]:
    real = next((one for one in sets if one.source == "real" and one.real == rows.partner), None)
    for seed in context.config.seeds:
        cell = rows.cell(task.name, student, seed)
        partner = real.cell(task.name, student, seed) if real and rows.source != "real" else None
        yield CellPlan(cell, digest_json([identity, seed]), rows, steps, partner)


def _has_rows(plan: SetPlan, label: str) -> bool:
    return plan.real.get(label, 0) + plan.synthetic.get(label, 0) > 0


def _identity(  # noqa: PLR0913 - one call site
    context: Context,
    task: Task,
    facts: SplitFacts,
    rows: SetPlan,
    corpora: Mapping[CorpusKey, Manifest],
    student: str,
    steps: int,
) -> str:
    digest = context.students[student]
    return digest_json(
        {
            "version": TRAIN_VERSION,
            "task": task.name,
            "data": facts.data_digest,
            "corpus": corpora[rows.corpus].corpus_digest if rows.corpus else "",
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
