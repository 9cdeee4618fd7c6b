"""``replay``: generate stored slots again, and say of how many the text is the same.

Each slot is asked for with the replies that its chain has stored, so that a text is held against
its own stored one and a first difference does not spread. Nothing of the run is changed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from synth_local.engines.choose import open_engine
from synth_local.engines.protocol import Engine
from synth_local.errors import ConfigError, MachineError
from synth_local.generate.conversation import Composer
from synth_local.generate.plan import Chain, group_chains
from synth_local.pipeline.steps.generate import make_composer, stored_rows
from synth_local.records import Completion, EngineInfo, Request
from synth_local.run.context import Context
from synth_local.run.rounds import Rounds
from synth_local.run.stale_outputs import count_other_texts
from synth_local.run.state import State
from synth_local.store.ledger import LedgerRow
from synth_local.store.run_dir import CorpusKey

SHOWN = 24  # characters of a text beside its first difference
_ENGINE_FACTS = ("name", "version", "dtype", "device", "num_devices")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What became of the sampled slots of one corpus.

    Attributes:
        grade: that the stored texts were written with: ``exact``, ``seeded`` or ``unseeded``.
        num_slots: how many were asked for again.
        num_same: of these, texts and their ends that are equal to the stored ones.
        engine: what the engine says of itself now and said otherwise then, a sentence each.
        differing: slots whose texts differ, with the place of the first difference.
    """

    corpus: CorpusKey
    grade: str
    num_slots: int
    num_same: int
    engine: tuple[str, ...]
    differing: tuple[str, ...]

    @property
    def is_broken(self) -> bool:
        """Return whether a text differs that its grade says must not."""
        return self.grade == "exact" and self.num_same < self.num_slots and not self.engine

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {**asdict(self), "corpus": self.corpus.relative.as_posix()}


@dataclass(frozen=True, slots=True)
class _Sampled:
    """A stored slot to ask for again, with what its chain had before it."""

    row: LedgerRow
    request: Request
    prompt_digest: str


def replay_run(context: Context, sample: int, seed: int = 0) -> list[Replayed]:
    """Generate a sample of a run's stored slots again.

    Args:
        sample: slots over all corpora, spread evenly; all of a corpus where it has fewer.

    Returns:
        One result per corpus with stored texts.

    Raises:
        ConfigError: no texts are stored.
        MachineError: weights, settings or data are not those that the texts were made with.
        DataError: the pool is not here.
    """
    settings = context.config.generate
    stored = _read_stored(context.look(), context.rounds)
    each, more = divmod(sample, len(stored))
    counts = {key: each + (place < more) for place, key in enumerate(stored)}
    results: list[Replayed] = []
    for name in dict.fromkeys(key.generator for key in stored):
        model = context.models.generators[name]
        engine = open_engine(model.engine, model.folder, model.card, settings, settings.dtype)
        try:
            for key, rows in stored.items():
                if key.generator == name and counts[key]:
                    plan = context.rounds.slot_plan(key)
                    prompts = context.sources.prompts[key.task]
                    composer = make_composer(plan, prompts, engine, settings.max_tokens)
                    chains = group_chains(plan.admitted(context.rounds.current(key).admitted))
                    chosen = _choose(chains, rows, composer, counts[key], seed)
                    results.append(_replay(key, chosen, engine))
        finally:
            engine.close()
    return results


def _read_stored(state: State, rounds: Rounds) -> dict[CorpusKey, dict[str, LedgerRow]]:
    """Return the stored turns of every generated corpus that has some."""
    stored = {}
    for key in rounds.corpora.keys:
        if key.is_external:
            continue
        folder = rounds.run.ledger(key)
        if count_other_texts(state, key):
            reasons = "; ".join(state.reasons.of_texts(key))
            raise MachineError(
                f"the stored texts of {key} cannot come again: {reasons}",
                where=folder,
                fix="put back what they were made with; synth-local status says what differs",
            )
        rows = stored_rows(rounds.run, key, rounds.identities.generation(key))
        if rows:
            stored[key] = rows
    if not stored:
        raise ConfigError(
            "no generated texts are stored", where=rounds.run.root, fix="synth-local run it first"
        )
    return stored


def _choose(
    chains: Sequence[Chain], rows: Mapping[str, LedgerRow], composer: Composer, num: int, seed: int
) -> list[_Sampled]:
    """Return so many stored slots at random, each with its prompt as the chain had it."""
    places = [
        (chain, turn)
        for chain in chains
        for turn, slot in enumerate(chain.slots)
        if all(before.id in rows for before in chain.slots[: turn + 1])
    ]
    sampled: list[_Sampled] = []
    for chain, turn in random.Random(seed).sample(places, len(places)):  # noqa: S311
        if len(sampled) == num:
            break
        slots = chain.slots[: turn + 1]
        replies = [rows[slot.id].completion.text for slot in slots[:-1]]
        prompt = composer.compose(slots, replies)
        if prompt.fits:
            request = composer.request(slots[-1], prompt)
            sampled.append(_Sampled(rows[slots[-1].id], request, prompt.digest))
    return sampled


def _replay(key: CorpusKey, sampled: Sequence[_Sampled], engine: Engine) -> Replayed:
    again = _generate(engine, [one.request for one in sampled])
    then = [json.loads(one.row.engine) for one in sampled]
    differing = [line for one in sampled for line in _tell_difference(one, again[one.request.id])]
    grades = dict.fromkeys(str(facts["grade"]) for facts in then)
    return Replayed(
        corpus=key,
        grade=", ".join(grades),
        num_slots=len(sampled),
        num_same=len(sampled) - len(differing),
        engine=tuple(_tell_engine(then, engine.info)),
        differing=tuple(differing),
    )


def _generate(engine: Engine, requests: Sequence[Request]) -> dict[str, Completion]:
    """Return the completions by id; the engine is kept full."""
    again: dict[str, Completion] = {}
    waiting = list(reversed(requests))
    while len(again) < len(requests):
        while waiting and engine.num_in_flight < engine.capacity:
            engine.submit(waiting.pop())
        again |= {completion.id: completion for completion in engine.step()}
    return again


def _tell_difference(sampled: _Sampled, again: Completion) -> Iterator[str]:
    """Yield where a text leaves the stored one; nothing where it is the same."""
    stored = sampled.row.completion
    if (again.text, again.finish_reason) == (stored.text, stored.finish_reason):
        return
    if sampled.prompt_digest != sampled.row.prompt_digest:
        yield f"{stored.id}: its prompt is another one"
        return
    pairs = enumerate(zip(stored.text, again.text, strict=False))
    shorter = min(len(stored.text), len(again.text))
    place = next((number for number, (then, now) in pairs if then != now), shorter)
    then, now = (text[place : place + SHOWN] for text in (stored.text, again.text))
    yield f"{stored.id}: from character {place} on {then!r} then, {now!r} now"


def _tell_engine(then: Sequence[Mapping[str, Any]], now: EngineInfo) -> Iterator[str]:
    """Yield what the engine says of itself that is not what it said then."""
    for fact in _ENGINE_FACTS:
        before = sorted({str(facts.get(fact, "")) for facts in then} - {str(getattr(now, fact))})
        if before:
            yield f"{fact}: {', '.join(before)} then, {getattr(now, fact)} now"
