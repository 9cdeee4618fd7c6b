"""What a comparison needs to know of a run: its trained conditions and what decided them.

The reading edge of ``compare``: run directories in, frozen records out. Where two runs have other
real data, digests that each keeps of its texts say which part of them differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa

from synth_local.core.files import read_json
from synth_local.core.hashing import digest_json
from synth_local.errors import DataError
from synth_local.evaluate.groups import CellPredictions
from synth_local.evaluate.summary import Condition
from synth_local.generate.plan import StrategyPlan
from synth_local.generate.prompts import PromptSet
from synth_local.pipeline.steps.evaluate.step import load_cell
from synth_local.run.cells import CellPlan
from synth_local.run.context import Context, open_context
from synth_local.run.identity.fingerprints import IN_A_PROMPT, OF_A_STRATEGY, Identities
from synth_local.run.splits import RealData, SplitFacts, describe_items
from synth_local.run.state import State
from synth_local.store.corpus import Manifest
from synth_local.store.run_dir import CorpusKey, RunDir
from synth_local.task import Task

REAL_DATA = "real data"
WEIGHTS = "generator's weights"
SHOTS = "shots"
WORDING = "wording of the question"
TRAINING_ROWS = "training rows"
QUESTION_FACTS = frozenset({WEIGHTS, WORDING, SHOTS})
_IN_A_PROMPT = IN_A_PROMPT - {"name"}  # tasks are told apart by it

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TrainedCondition:
    """One condition with the predictions of its seeds.

    Attributes:
        condition: what its seeds have in common.
        corpus: of the synthetic part of its training set, or ``None``.
        cells: the seeds that have predictions.
        facts: what decided the students beside the run's settings, by name.
        is_repeat: trained on a corpus that repeats another.
    """

    condition: Condition
    corpus: CorpusKey | None
    cells: tuple[CellPredictions, ...]
    facts: Facts
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run, as far as a comparison looks at it.

    Attributes:
        name: the directory as the user spelled it.
        generators: names in the run file.
        num_waiting: cells without predictions.
        making: result-bearing settings of generation and curation, by their keys.
        training: result-bearing settings of training, by their keys.
        strategies: every setting of each strategy.
        tasks: real data and labels of each task, as digests where they are long.
        prompts: what the slot plan takes from each task.
        students: the weights of each student.
        corpora: manifests of the finished corpora.
        waiting: the condition of each cell without predictions.
        chosen: the parts that all conditions have because they were asked for, by name.
    """

    name: str
    generators: tuple[str, ...]
    conditions: tuple[TrainedCondition, ...]
    num_waiting: int
    making: Facts
    training: Facts
    strategies: Mapping[str, Facts]
    tasks: Mapping[str, Facts]
    prompts: Mapping[str, Facts]
    students: Mapping[str, Facts]
    corpora: Mapping[CorpusKey, Manifest]
    waiting: tuple[Condition, ...] = ()
    chosen: Mapping[str, str] = field(default_factory=dict)


def load_runs(directories: Sequence[Path]) -> list[RunFacts]:
    """Return the facts of run directories; one that is named twice is read once.

    Args:
        directories: of runs that may differ in anything.

    Returns:
        One record per directory, in their order.

    Raises:
        ConfigError: a directory is no run.
        DataError: the data or the predictions of a run cannot be read.
    """
    contexts = [open_context(directory) for directory in directories]
    read: dict[Path, RunFacts] = {}
    for context in contexts:
        if context.run.root not in read:
            read[context.run.root] = read_run(context)
    digests: dict[str, set[str]] = {}
    for facts in read.values():
        for task, about in facts.tasks.items():
            digests.setdefault(task, set()).add(about[REAL_DATA])
    unlike = {task for task, found in digests.items() if len(found) > 1}
    detailed = {
        context.run.root: detail_data(
            read[context.run.root],
            context.data,
            [task for task in context.tasks.values() if task.name in unlike],
        )
        for context in contexts
    }
    return [
        replace(detailed[context.run.root], name=str(directory))
        for context, directory in zip(contexts, directories, strict=True)
    ]


def read_run(context: Context) -> RunFacts:
    """Return the facts of an opened run.

    Returns:
        Its facts; ``name`` is the directory's path.

    Raises:
        DataError: predictions cannot be read.
    """
    state, models, data = context.look(), context.models, context.data
    config, corpora, prompts = context.config, context.corpora, context.sources.prompts
    generate = config.generate.fingerprint_fields()
    making = {f"generate.{k}": v for k, v in generate.items() if k not in OF_A_STRATEGY}
    curate = config.curate.fingerprint_fields()
    return RunFacts(
        name=str(context.run.root),
        generators=config.generators,
        conditions=tuple(_list_conditions(state)),
        num_waiting=len(state.open_cells),
        making=making | {f"curate.{key}": value for key, value in curate.items()},
        training={f"train.{k}": v for k, v in config.train.fingerprint_fields().items()},
        strategies={name: describe_strategy(one) for name, one in corpora.strategies.items()},
        tasks={
            name: _describe_task(task, data.facts(task)) for name, task in context.tasks.items()
        },
        prompts={
            name: _describe_prompts(task, prompts[name], corpora.per_label(name))
            for name, task in context.tasks.items()
        },
        students={
            name: {"weights": models.digest(model).total if model else "none: built in"}
            for name, model in models.students.items()
        },
        corpora=state.manifests,
        waiting=tuple(Condition.of(plan.cell) for plan in state.open_cells),
    )


def detail_data(facts: RunFacts, data: RealData, tasks: Sequence[Task]) -> RunFacts:
    """Return ``facts`` with a digest for each part of the real data of ``tasks``.

    Ids of test items are row numbers: where two runs have other data, the same number may be
    another text. There the texts become part of the ids.
    """
    detailed = dict(facts.tasks)
    conditions = facts.conditions
    for task in tasks:
        name = task.name
        items = data.items(task) or describe_items(data.splits(task))
        about = {key: value for key, value in detailed[name].items() if key != REAL_DATA}
        parts = {
            "test data": data.facts(task).test_digest,
            "training data": items.train_digest,
            "validation data": items.validation_digest,
        }
        detailed[name] = parts | about
        conditions = tuple(
            name_by_text(condition, items.test) if condition.condition.task == name else condition
            for condition in conditions
        )
    return replace(facts, tasks=detailed, conditions=conditions)


def name_by_text(condition: TrainedCondition, texts: Mapping[str, str]) -> TrainedCondition:
    """Return the condition with each test item's text in its id, as the start of its digest.

    Args:
        texts: what tells a test text from others, by the item's id.
    """
    names = {item: f"{item}:{text}" for item, text in texts.items()}
    cells = tuple(
        replace(
            cell,
            predictions=tuple(
                replace(row, id=names.get(row.id, row.id)) for row in cell.predictions
            ),
        )
        for cell in condition.cells
    )
    return replace(condition, cells=cells)


def describe_strategy(plan: StrategyPlan) -> Facts:
    """Return the settings of a strategy that decide its slots and prompts."""
    about: dict[str, Any] = {
        "base": plan.base,
        "shots": plan.shots,
        "chain_length": plan.chain_length,
    }
    if plan.base == "few_shot":
        about["shots_from"] = plan.shots_from
    if plan.chain_length > 1:
        about["diversity_every"] = plan.diversity_every
    return about


def _describe_task(task: Task, facts: SplitFacts) -> Facts:
    return {
        REAL_DATA: facts.data_digest,
        "pool": facts.pool_digest,
        "labels": sorted(task.labels),
    }


def _describe_prompts(task: Task, prompts: PromptSet, per_label: Mapping[str, int]) -> Facts:
    return {
        "per_label": per_label,
        "task description": digest_json(task.spec.model_dump(mode="json", include=_IN_A_PROMPT)),
        "wording of prompts": prompts.digest,
    }


def _describe_question(identities: Identities, condition: Condition) -> Facts:
    """Return what decides the answers of a generator itself."""
    models = identities.sources.models
    return {
        WEIGHTS: models.digest(models.generators[condition.generator]).total,
        WORDING: identities.sources.prompts[condition.task].classify_digest,
        SHOTS: identities.corpora.strategies[condition.strategy].shots,
    }


def _list_conditions(state: State) -> Iterator[TrainedCondition]:
    run, tasks = state.run, state.sources.tasks
    for condition, group in groupby(state.trained_cells, key=lambda plan: Condition.of(plan.cell)):
        members = list(group)
        rows = members[0].rows
        reports = [
            (read_json(run.cell_marker(plan.cell)) or {}).get("report", {}) for plan in members
        ]
        yield TrainedCondition(
            condition,
            rows.corpus,
            tuple(_read(run, tasks[condition.task], plan) for plan in members),
            {
                TRAINING_ROWS: {"real": rows.real, "synthetic": rows.synthetic},
                "steps": members[0].steps,
                "seeds": sorted(plan.cell.seed for plan in members),
                "student's dtype": sorted({str(report.get("dtype", "")) for report in reports}),
                **(
                    _describe_question(state.identities, condition)
                    if members[0].is_classified
                    else {}
                ),
            },
            rows.is_repeat,
        )


def _read(run: RunDir, task: Task, plan: CellPlan) -> CellPredictions:
    try:
        return load_cell(run, task, plan)
    except (pa.ArrowInvalid, KeyError, OSError) as error:
        raise DataError(
            f"cannot read predictions: {error}",
            where=run.predictions(plan.cell),
            fix=f"remove the file and call `synth-local run` again, which trains {plan.cell.name}",
        ) from error
