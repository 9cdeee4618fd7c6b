"""``preview``: a few rows per label with their exact prompts, before a long run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synth_local.config import RunConfig
from synth_local.engines.choose import open_engine
from synth_local.engines.protocol import Engine
from synth_local.generate.loop import ChainWork, Lane, Loop
from synth_local.generate.plan import group_chains
from synth_local.pipeline.steps.generate import make_composer, row_checker
from synth_local.records import Conversation, Turn
from synth_local.run.checks import check_machine
from synth_local.run.context import Context, resolve_config
from synth_local.run.external import read_external
from synth_local.run.rounds import slot_plan
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
    problems = check_machine(context)
    if problems:
        raise problems[0]
    found: list[PreviewRow] = []
    for name, generator in context.models.generators.items():
        engine = open_engine(
            generator.engine,
            generator.folder,
            generator.card,
            context.config.generate,
            context.config.generate.dtype,
        )
        try:
            for key in context.corpora:
                if key.generator == name and not context.is_repeat(key):
                    found += _preview_corpus(context, key, engine, num_rows)
        finally:
            engine.close()
    for key in context.external:
        if key in context.corpora:
            found += _preview_external(context, key, num_rows)
    return found


def _preview_external(context: Context, key: CorpusKey, num_rows: int) -> list[PreviewRow]:
    brought = read_external(context, key)
    checker = row_checker(context, context.tasks[key.task])
    rows = []
    for name, slot in brought.slots.items():
        if slot.position < num_rows and name not in brought.others:
            text = brought.texts[name]
            rows.append(PreviewRow(key, Turn(slot, text, "", checker.check(slot, text)), ()))
    return rows


def _preview_corpus(
    context: Context, key: CorpusKey, engine: Engine, num_rows: int
) -> list[PreviewRow]:
    plan = slot_plan(context, key)
    composer = make_composer(context, key, plan, engine)
    turns: dict[str, Turn] = {}

    def sink(turn: Turn) -> None:
        turns[turn.slot.id] = turn

    lane = Lane(composer, row_checker(context, context.tasks[key.task]).check, sink)
    chains = group_chains(plan.admitted(dict.fromkeys(plan.labels, num_rows)))
    Loop(engine, lambda: False).run(ChainWork(lane, chain.slots) for chain in chains)
    rows = []
    for chain in chains:
        for end, slot in enumerate(chain.slots):
            replies = [turns[slot.id].completion.text for slot in chain.slots[:end]]
            prompt = composer.compose(chain.slots[: end + 1], replies)
            rows.append(PreviewRow(key, turns[slot.id], prompt.conversation))
    return rows
