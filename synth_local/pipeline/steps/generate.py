"""``step generate``: write the admitted slots that have no turn yet, one shard of them.

One process serves one generator: memory is not returned within a process. Corpora of the same
generator share its engine, so that it never drains between them.
"""

from __future__ import annotations

import json
import logging
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field

from synth_local.config import CurateConfig
from synth_local.core.files import read_json, write_json
from synth_local.core.signals import StopFlag
from synth_local.curate.reference import Reference
from synth_local.curate.rows import RowChecker
from synth_local.engines.choose import open_engine
from synth_local.engines.protocol import Engine
from synth_local.errors import ConfigError, Interrupted
from synth_local.generate.conversation import Composer
from synth_local.generate.loop import ChainWork, Lane, Loop, Sink
from synth_local.generate.plan import Chain, SlotPlan, group_chains, take_shard
from synth_local.generate.prompts import PromptSet
from synth_local.records import Turn
from synth_local.run.context import Context
from synth_local.run.rounds import Rounds
from synth_local.store.ledger import SPEC, LedgerRow, LedgerWriter, read_ledger
from synth_local.store.markers import ProgressWriter
from synth_local.store.run_dir import CorpusKey, RunDir
from synth_local.task import Splits, Task

log = logging.getLogger(__name__)


@dataclass
class Todo:
    """What one shard of one corpus still has to write."""

    key: CorpusKey
    plan: SlotPlan
    chains: list[Chain]

    def count_missing(self, rows: dict[str, LedgerRow]) -> int:
        """Return the slots of this shard without a turn."""
        return sum(slot.id not in rows for chain in self.chains for slot in chain.slots)


@dataclass
class Tally:
    """Counts what is written, for the progress line."""

    progress: ProgressWriter
    done: int = 0
    tokens: int = 0
    refused: int = 0
    started: float = field(default_factory=time.monotonic)

    def add(self, turn: Turn) -> None:
        """Count one finished turn."""
        self.done += 1
        self.tokens += turn.completion.num_tokens
        self.refused += bool(turn.verdict.reason)
        self.progress.update(self.done, self.describe())

    def describe(self) -> str:
        """Return speed, refusals and the time that is left, for people."""
        seconds = max(time.monotonic() - self.started, 1e-3)
        left = (self.progress.total - self.done) * seconds / max(self.done, 1)
        return (
            f"{self.tokens / seconds:.0f} tokens/s, {self.refused} refused by the row checks, "
            f"about {left / 60:.1f} min left"
        )


def shard_todo(rounds: Rounds, key: CorpusKey, shard: int, num_shards: int) -> Todo:
    """Return the chains of one shard of a corpus's admitted slots."""
    plan = rounds.slot_plan(key)
    chains = group_chains(plan.admitted(rounds.current(key).admitted))
    return Todo(key, plan, take_shard(chains, len(plan.labels), shard, num_shards))


def prepare_ledger(run: RunDir, key: CorpusKey, fingerprint: str) -> None:
    """Note in the ledger's folder what decides its texts.

    Raises:
        ConfigError: the folder holds texts that were decided by something else.
    """
    path = run.ledger(key) / SPEC
    stored = read_json(path)
    if stored is None:
        write_json(path, {"fingerprint": fingerprint})
    elif stored["fingerprint"] != fingerprint:
        raise ConfigError(
            f"the stored texts of {key} were made under other settings or weights",
            where=path.parent,
            fix="call synth-local run: it moves them aside and starts anew",
        )


def stored_rows(run: RunDir, key: CorpusKey, fingerprint: str) -> dict[str, LedgerRow]:
    """Return the turns that are stored under the present settings, by slot id."""
    folder = run.ledger(key)
    stored = read_json(folder / SPEC)
    if stored is not None and stored["fingerprint"] != fingerprint:
        return {}
    return read_ledger(folder)


def run_generate(
    context: Context, generator: str, shard: int, num_shards: int, should_stop: StopFlag
) -> int:
    """Write what is missing of one generator's corpora, one shard; return the number of turns.

    Args:
        shard: from 0.

    Raises:
        Interrupted: a signal asked to stop; everything that was finished is stored.
    """
    job = f"generate-{generator}-{shard:05d}-of-{num_shards:05d}"
    run, settings = context.run, context.config.generate
    todos = _list_todos(context.rounds, generator, shard, num_shards)
    total = sum(missing for _, missing in todos)
    progress = ProgressWriter(run, job, total)
    if not total:
        log.info("%s: every admitted slot of this shard is written", job)
        return 0
    planned = sum(len(chain.slots) for todo, _ in todos for chain in todo.chains)
    log.info("%s: %d of %d texts are stored, going on from there", job, planned - total, planned)
    model = context.models.generators[generator]
    engine = open_engine(model.engine, model.folder, model.card, settings, settings.dtype)
    tally = Tally(progress)
    described = json.dumps(asdict(engine.info), sort_keys=True)
    checkers: dict[str, RowChecker] = {}
    works: list[ChainWork] = []
    try:
        with ExitStack() as stack:
            for todo, _ in todos:
                task, ledger = context.tasks[todo.key.task], run.ledger(todo.key)
                checks = context.identities.checks(task)
                writer = LedgerWriter(ledger, shard, num_shards, checks, described)
                stack.enter_context(writer)
                if task.name not in checkers:
                    real = context.data.splits(task)
                    checkers[task.name] = row_checker(task, real, context.config.curate)
                prompts = context.sources.prompts[task.name]
                composer = make_composer(todo.plan, prompts, engine, settings.max_tokens)
                lane = Lane(composer, checkers[task.name].check, _make_sink(writer, tally))
                # read after the segment is open: from here on its fences decide what counts
                works += _list_works(todo.chains, read_ledger(ledger), lane)
            progress.update(0, "the engine is ready", force=True)
            tally.started = time.monotonic()
            finished = Loop(engine, should_stop, lambda: should_stop.is_late).run(works)
    finally:
        engine.close()
    progress.update(tally.done, tally.describe(), force=True)
    log.info("%s: %d of %d turns, %d tokens", job, tally.done, total, tally.tokens)
    if not finished:
        raise Interrupted(
            f"stopped after {tally.done} of {total} texts; all of them are stored",
            where=run.root,
            fix="call the same command again to go on",
        )
    return tally.done


def _list_todos(
    rounds: Rounds, generator: str, shard: int, num_shards: int
) -> list[tuple[Todo, int]]:
    """Return what is left of each corpus of a generator, with the number of texts."""
    todos = []
    for key in (key for key in rounds.corpora.keys if key.generator == generator):
        todo = shard_todo(rounds, key, shard, num_shards)
        prepare_ledger(rounds.run, key, rounds.identities.generation(key))
        missing = todo.count_missing(read_ledger(rounds.run.ledger(key)))
        if missing:
            todos.append((todo, missing))
    return todos


def _list_works(chains: list[Chain], rows: dict[str, LedgerRow], lane: Lane) -> list[ChainWork]:
    """Return the chains that are left."""
    replies = [(chain, _stored_replies(chain, rows)) for chain in chains]
    return [
        ChainWork(lane, chain.slots, stored)
        for chain, stored in replies
        if len(stored) < len(chain.slots)
    ]


def make_composer(plan: SlotPlan, prompts: PromptSet, engine: Engine, max_tokens: int) -> Composer:
    """Return what makes the prompts of one corpus."""
    pool = {example.id: example for example in plan.pool}
    context_length = engine.info.context_length
    return Composer(plan, prompts, pool, engine.render, context_length, max_tokens)


def _make_sink(writer: LedgerWriter, tally: Tally) -> Sink:
    def sink(turn: Turn) -> None:
        writer.append(turn)
        tally.add(turn)

    return sink


def row_checker(task: Task, real: Splits, curate: CurateConfig) -> RowChecker:
    """Return the row checks of a task, with its real texts as the reference."""
    reference = Reference.build(real.train, real.validation, real.test)
    spec = task.spec
    return RowChecker(
        labels=task.labels,
        phrases=[spec.labels[label].phrase for label in task.labels],
        kind=spec.kind,
        min_words=spec.length.min_words,
        max_words=spec.length.max_words,
        max_copy=curate.max_copy,
        reference=reference,
        clean=spec.clean,
        drops_near_test=curate.near_test_matches == "drop",
    )


def _stored_replies(chain: Chain, rows: dict[str, LedgerRow]) -> list[str]:
    replies: list[str] = []
    for slot in chain.slots:
        if slot.id not in rows:
            break
        replies.append(rows[slot.id].completion.text)
    return replies
