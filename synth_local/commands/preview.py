"""``preview``: a few rows per label with their exact prompts, before a long run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synth_local.config import RunConfig
from synth_local.curate.rows import RowChecker
from synth_local.engines.choose import open_engine
from synth_local.engines.protocol import Engine
from synth_local.generate.conversation import Composer
from synth_local.generate.loop import ChainWork, Lane, Loop
from synth_local.generate.plan import group_chains
from synth_local.pipeline.steps.generate import make_composer, row_checker
from synth_local.records import Conversation, Turn
from synth_local.run.checks import check_machine
from synth_local.run.context import Context, resolve_config
from synth_local.run.external import ExternalRows
from synth_local.store.run_dir import CorpusKey, RunDir


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One text with the messages that asked for it."""

    key: CorpusKey
    turn: Turn
    conversation: Conversation


def preview_rows(config: RunConfig, out: Path, num_rows: int) -> list[PreviewRow]:
    """Return the first slots of each label of every first corpus, generated; nothing is stored.

    Of a corpus brought along these are its file's first rows; nobody asked for them here, so their
    conversation is empty.

    Args:
        num_rows: slots per label.

    Returns:
        The rows, corpus by corpus, in plan order.

    Raises:
        MachineError: weights are missing.
    """
    run = RunDir(out.resolve())
    context = Context(run, resolve_config(config, run), reads_weights=False)
    problems = check_machine(context.config, context.models)
    if problems:
        raise problems[0]
    corpora, brought, settings = context.corpora, context.sources.brought, context.config.generate
    rows: list[PreviewRow] = []

    def check_rows(key: CorpusKey) -> RowChecker:
        task = context.tasks[key.task]
        return row_checker(task, context.data.splits(task), context.config.curate)

    for name, model in context.models.generators.items():
        engine = open_engine(model.engine, model.folder, model.card, settings, settings.dtype)
        try:
            for key in corpora.keys:
                if key.generator == name and not corpora.is_repeat(key):
                    plan, prompts = context.rounds.slot_plan(key), context.sources.prompts[key.task]
                    composer = make_composer(plan, prompts, engine, settings.max_tokens)
                    rows += _preview_corpus(key, composer, check_rows(key), engine, num_rows)
        finally:
            engine.close()
    for key in brought.files:
        if key in corpora.keys:
            rows += _preview_brought(key, brought.read(key), check_rows(key), num_rows)
    return rows


def _preview_brought(
    key: CorpusKey, brought: ExternalRows, checker: RowChecker, num_rows: int
) -> list[PreviewRow]:
    rows = []
    for name, slot in brought.slots.items():
        if slot.position < num_rows and name not in brought.others:
            text = brought.texts[name]
            rows.append(PreviewRow(key, Turn(slot, text, "", checker.check(slot, text)), ()))
    return rows


def _preview_corpus(
    key: CorpusKey, composer: Composer, checker: RowChecker, engine: Engine, num_rows: int
) -> list[PreviewRow]:
    plan = composer.plan
    turns: dict[str, Turn] = {}

    def sink(turn: Turn) -> None:
        turns[turn.slot.id] = turn

    lane = Lane(composer, checker.check, sink)
    chains = group_chains(plan.admitted(dict.fromkeys(plan.labels, num_rows)))
    Loop(engine, lambda: False).run(ChainWork(lane, chain.slots) for chain in chains)
    rows = []
    for chain in chains:
        for end, slot in enumerate(chain.slots):
            replies = [turns[slot.id].completion.text for slot in chain.slots[:end]]
            prompt = composer.compose(chain.slots[: end + 1], replies)
            rows.append(PreviewRow(key, turns[slot.id], prompt.conversation))
    return rows
