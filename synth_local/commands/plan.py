"""``plan``: what a run file asks for, what is done, what the rest may cost; computes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from synth_local.commands.estimate import (
    PROMPT_TOKENS,
    TOKENS_PER_WORD,
    WORDS_WITHOUT_BOUND,
    count_read_tokens,
    estimate_gpu_minutes,
)
from synth_local.config import RunConfig
from synth_local.core.files import read_json
from synth_local.errors import BrokenModelError, MachineError, SynthLocalError
from synth_local.evaluate.power import foresee
from synth_local.records import Cell
from synth_local.run.cells import CellPlanner
from synth_local.run.checks import check_machine, check_settings
from synth_local.run.context import Context, resolve_config
from synth_local.run.human.files import HumanFile
from synth_local.run.not_here import find_blocking, format_not_here, list_not_here, list_stages_left
from synth_local.run.opened import Sources
from synth_local.run.splits import SplitFacts
from synth_local.run.stages import STAGES
from synth_local.run.stale_outputs import explain_corpus, explain_stages
from synth_local.run.state import State
from synth_local.store.records import parse
from synth_local.store.run_dir import CorpusKey, RunDir
from synth_local.task import NotHere
from synth_local.task.file_facts import FileFacts
from synth_local.train.sets.budget import count_passes, count_steps
from synth_local.train.students import DETERMINISTIC, GENERATOR_AS_CLASSIFIER


@dataclass(frozen=True)
class CorpusOverview:
    """One corpus: its slots, and what round 0 may cost.

    Attributes:
        slots: per label, admitted so far (round 0 before anything ran); the rows of a file.
        state: ``done`` or ``to do``.
        output_tokens: estimate for the admitted slots.
        prompt_tokens: estimate for the admitted slots.
        gpu_minutes: rough, on one H100-class GPU; ``None`` where the card has no size.
        file: what became of the rows of a corpus brought along.
        why: why stored work on it is to be done again; empty where none is.
        note: what could not be checked here of what is done.
    """

    task: str
    generator: str
    strategy: str
    slots: dict[str, int]
    state: str
    output_tokens: int
    prompt_tokens: int
    gpu_minutes: float | None
    file: dict[str, Any] | None = None
    why: list[str] = field(default_factory=list)
    note: str = ""

    @property
    def read_file(self) -> FileFacts | None:
        """Return what became of the rows of a file brought along; ``None`` for other corpora."""
        return None if self.file is None else parse(self.file, FileFacts)


@dataclass(frozen=True)
class Overview:
    """Everything that ``plan`` shows.

    Attributes:
        tasks: one entry each, with rows by label.
        cells: one entry each, with rows, optimiser steps and passes over the rows.
        stages: all stages, each with ``state``, ``why`` (why stored work is to be done again)
            and ``note``.
        missing: what this machine lacks for the work that is left, a sentence each.
        not_here: sources that nothing left needs; what was recorded of them stands for them.
    """

    out: str
    engine: str
    dtype: str
    tasks: list[dict[str, Any]]
    corpora: list[CorpusOverview]
    cells: list[dict[str, Any]]
    stages: list[dict[str, Any]]
    missing: list[str]
    said: tuple[HumanFile, ...] = ()
    broken: list[str] = field(default_factory=list)
    not_here: list[str] = field(default_factory=list)

    @property
    def classify_tokens(self) -> int:
        """Tokens that generators read to classify the test texts themselves, as far as to do."""
        return sum(cell.get("read_tokens", 0) for cell in self.cells if cell["state"] != "done")

    def to_json(self) -> dict[str, Any]:
        """Return the overview as JSON-ready values."""
        tokens = sum(corpus.output_tokens for corpus in self.corpora if corpus.state != "done")
        minutes = [corpus.gpu_minutes for corpus in self.corpora if corpus.state != "done"]
        known = [minute for minute in minutes if minute is not None]
        return {
            **asdict(self),
            "num_slots": sum(sum(corpus.slots.values()) for corpus in self.corpora),
            "num_cells": len(self.cells),
            "estimate": {
                "output_tokens": tokens,
                "classify_tokens": self.classify_tokens,
                "gpu_minutes": round(sum(known), 1) if len(known) == len(minutes) else None,
            },
        }


def make_overview(config: RunConfig, out: Path) -> Overview:
    """Return what the run file asks for and what of it is done in ``out``.

    Raises:
        ConfigError: the run file, a task file or a template is wrong.
        DataError: the data are wrong.
    """
    run = RunDir(out.resolve())
    context = Context(run, resolve_config(config, run), reads_weights=False)
    config, tasks = context.config, context.tasks
    check_settings(context.sources, context.corpora)
    problems: list[SynthLocalError] = [*check_machine(config, context.models)]
    broken = [str(error) for error in problems if isinstance(error, BrokenModelError)]
    facts = {name: context.data.facts(task) for name, task in tasks.items()}
    said = context.human_files.check(read_json(run.analysis) or {})
    state = context.look()
    stages: list[dict[str, Any]] = []
    notes: list[str] = []
    try:
        lost = list_not_here(context.sources, context.human_files)
    except MachineError:  # weights that nothing is known of: nothing can be compared
        corpora = [_corpus(state, key, is_known=False) for key in state.corpora]
        cells = _planned_cells(context.planner)
    else:
        left = list_stages_left(state)
        blocking = find_blocking(state, left)
        recorded = {str(source.error) for source in lost}
        problems = [
            *(source.error for source in blocking),
            *(error for error in problems if str(error) not in recorded),
        ]
        corpora = [_corpus(state, key) for key in state.corpora]
        cells, stages = _cells(state), _stages(state, left, lost)
        notes = format_not_here([source for source in lost if source not in blocking])
        notes += context.models.format_assumed()
    return Overview(
        str(run.root),
        config.engine,
        config.generate.dtype,
        [_task(name, one, config.margin) for name, one in facts.items()],
        corpora,
        cells,
        stages,
        [f"{error.what}: {error.fix}" for error in problems],
        said,
        broken,
        notes,
    )


def _task(name: str, facts: SplitFacts, margin: float) -> dict[str, Any]:
    return {
        "name": name,
        "train": facts.train,
        "pool": facts.pool,
        "validation": facts.validation,
        "test": facts.test,
        "near_test": facts.num_near_test,
        "reach": asdict(foresee(sum(facts.test.values()), margin)),
        "files": facts.files,
    }


def _corpus(state: State, key: CorpusKey, *, is_known: bool = True) -> CorpusOverview:
    """Return one corpus.

    Args:
        is_known: whether all sources are known, so that it can be said what is done.
    """
    corpora, task = state.identities.corpora, state.sources.tasks[key.task]
    is_done = is_known and key in state.manifests
    spelled = "done" if is_done else "to do"
    why = explain_corpus(state, key) if is_known else []
    note = _format_unchecked(_lost_of(state.sources, key)) if is_done else ""
    current = state.planner.rounds.current
    if key.is_external:
        rounds = current(key)
        return CorpusOverview(
            *_parts(key), rounds.admitted, spelled, 0, 0, 0.0, rounds.read, why, note
        )
    strategy = corpora.strategies[key.strategy]
    slots = current(key).admitted if is_known else corpora.per_label(key.task)
    total = sum(slots.values())
    words = min(task.spec.length.max_words or WORDS_WITHOUT_BOUND, WORDS_WITHOUT_BOUND * 4)
    # texts fill about half of what they are allowed
    output = min(words * 0.5 * TOKENS_PER_WORD, state.config.generate.max_tokens)
    history = (strategy.chain_length - 1) / 2 * (output + PROMPT_TOKENS / 2)
    prompt = PROMPT_TOKENS + history + strategy.shots * words * 0.5 * TOKENS_PER_WORD
    return CorpusOverview(
        *_parts(key),
        slots,
        spelled,
        round(total * output),
        round(total * prompt),
        estimate_gpu_minutes(state.sources.models, key.generator, total * output),
        why=why,
        note=note,
    )


def _lost_of(sources: Sources, key: CorpusKey) -> list[NotHere]:
    """Return the sources of a corpus that are not here."""
    lost = list(sources.tasks[key.task].not_here)
    if key.is_external:
        last = sources.brought.files[key].not_here
    else:
        last = sources.models.generators[key.generator].not_here
    return [*lost, last] if last else lost


def _format_unchecked(lost: Sequence[NotHere]) -> str:
    """Return which kinds of sources could not be compared, or nothing."""
    words = {"generator": "weights", "student": "weights", "embedder": "weights"}
    kinds = dict.fromkeys(words.get(one.kind, one.kind) for one in lost)
    return f"{', '.join(kinds)} not here, not checked" if kinds else ""


def _parts(key: CorpusKey) -> tuple[str, str, str]:
    return key.task, key.generator, key.strategy


def _cells(state: State) -> list[dict[str, Any]]:
    if state.open_corpora:
        return _planned_cells(state.planner)
    left = {plan.cell.name for plan in state.open_cells}
    return [
        _describe_cell(state.planner, plan.cell, "to do" if plan.cell.name in left else "done")
        for plan in state.cells
    ]


def _planned_cells(planner: CellPlanner) -> list[dict[str, Any]]:
    return [_describe_cell(planner, cell, "to do") for cell in planner.expect()]


def _describe_cell(planner: CellPlanner, cell: Cell, state: str) -> dict[str, Any]:
    """Return a cell's rows, its steps and how often it sees a row, where it takes steps at all."""
    rows, settings = cell.num_train, planner.config.train
    takes_steps = cell.student not in (*DETERMINISTIC, GENERATOR_AS_CLASSIFIER)
    return {
        "name": cell.name,
        "source": cell.source,
        "rows": rows,
        "steps": count_steps(rows, settings) if takes_steps else None,
        "passes": round(count_passes(rows, settings), 2) if takes_steps else None,
        "state": state,
        **count_read_tokens(planner.corpora, planner.data, cell),
    }


def _stages(state: State, left: Sequence[str], lost: Sequence[NotHere]) -> list[dict[str, Any]]:
    why = explain_stages(state)
    note = _format_unchecked(lost)
    return [
        {
            "stage": stage,
            "state": "to do" if stage in left else "done",
            "why": why.get(stage, []),
            "note": "" if stage in left else note,
        }
        for stage in STAGES
    ]
