"""``step curate``: decide every admitted slot's outcome, and write the corpus or another round.

Order decides, not time: the same slots are kept whatever the batch, the shards or the kills were.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from synth_local.curate.counts import count_outcomes, find_near_test
from synth_local.curate.reasons import PROMPT_TOO_LONG
from synth_local.curate.rounds import next_round
from synth_local.curate.rows import RowChecker
from synth_local.curate.select import Selection, list_accepted, select
from synth_local.errors import EngineError
from synth_local.generate.plan import SlotPlan
from synth_local.pipeline.steps.curate_external import curate_external
from synth_local.pipeline.steps.generate import row_checker
from synth_local.pipeline.steps.report_input import corpus_card_data
from synth_local.records import Turn
from synth_local.report.data import CorpusPart
from synth_local.report.dataset_card import write_dataset_card
from synth_local.run.context import Context
from synth_local.run.identity.fingerprints import checks_fingerprint, curation_fingerprint
from synth_local.run.rounds import Rounds, current_rounds, slot_plan, store_rounds
from synth_local.store.corpus import Manifest, digest_examples, read_manifest, write_corpus
from synth_local.store.ledger import LedgerRow, read_ledger, sum_seconds
from synth_local.store.run_dir import CorpusKey
from synth_local.version import __version__

log = logging.getLogger(__name__)
GRADES = ("exact", "seeded", "unseeded")


@dataclass(frozen=True, slots=True)
class CurateResult:
    """What became of one corpus: finished, or in need of another round."""

    is_done: bool
    message: str


def run_curate(context: Context, key: CorpusKey) -> CurateResult:
    """Curate one corpus from its ledger, or from its file where it was brought along.

    Returns:
        Whether the corpus is finished, and a line for people.

    Raises:
        EngineError: admitted slots have no turn yet.
        DataError: a row of a corpus brought along cannot be used; with file and line.
    """
    manifest = read_manifest(context.run.corpus(key))
    if manifest and manifest.fingerprint == curation_fingerprint(context, key):
        return CurateResult(True, f"{key}: done before")
    if key.is_external:
        return CurateResult(True, _describe(curate_external(context, key)))
    rounds = current_rounds(context, key)
    plan = slot_plan(context, key)
    rows = read_ledger(context.run.ledger(key))
    checker = row_checker(context, context.tasks[key.task])
    turns = list(_turns(context, key, plan, rounds, rows, checker))
    per_label = context.per_label(context.tasks[key.task])
    selection = select(
        turns, per_label, context.config.curate.near_duplicates, plan.labels, rounds.slots
    )
    more = _another_round(context, rounds, selection, per_label, turns)
    if more:
        store_rounds(context, key, Rounds(rounds.fingerprint, (*rounds.slots, dict(more))))
        missing = sum(selection.missing.values())
        added = sum(more.values())
        return CurateResult(False, f"{key}: {missing} rows short, {added} further slots admitted")
    store_rounds(context, key, rounds)
    finished = _finish(context, key, rounds, selection, rows, checker)
    return CurateResult(True, _describe(finished))


def _turns(
    context: Context,
    key: CorpusKey,
    plan: SlotPlan,
    rounds: Rounds,
    rows: Mapping[str, LedgerRow],
    checker: RowChecker,
) -> Iterator[Turn]:
    """Yield the turn of every admitted slot; verdicts of other checks are made anew."""
    checks = checks_fingerprint(context, key)
    missing = 0
    for slot in plan.admitted(rounds.admitted):
        row = rows.get(slot.id)
        if row is None:
            missing += 1
            continue
        stale = row.checks != checks and row.verdict.reason != PROMPT_TOO_LONG
        verdict = checker.check(slot, row.completion) if stale else row.verdict
        yield Turn(slot, row.completion, row.prompt_digest, verdict)
    if missing:
        raise EngineError(
            f"{missing} admitted slots of {key} have no text yet",
            where=context.run.ledger(key),
            fix="generate them first: synth-local step generate --run DIR, or synth-local run",
        )


def _another_round(
    context: Context,
    rounds: Rounds,
    selection: Selection,
    per_label: dict[str, int],
    turns: list[Turn],
) -> Mapping[str, int] | None:
    """Return the further slots per label, or ``None`` where it stays as it is."""
    if len(rounds.slots) > context.config.curate.max_rounds:
        return None
    used = sum(turn.completion.num_tokens for turn in turns)
    budget = context.config.generate.budget_tokens
    accepted = {label: per_label[label] - selection.missing.get(label, 0) for label in per_label}
    return next_round(
        rounds.admitted,
        accepted,
        per_label,
        mean_tokens=used / max(1, len(turns)),
        budget_left=None if budget is None else budget - used,
    )


def _finish(
    context: Context,
    key: CorpusKey,
    rounds: Rounds,
    selection: Selection,
    rows: Mapping[str, LedgerRow],
    checker: RowChecker,
) -> Manifest:
    generator = context.models.generators[key.generator]
    task = context.tasks[key.task]
    outcomes = [*selection.accepted, *selection.drops]
    used = [rows[outcome.turn.slot.id] for outcome in outcomes]
    engine = _merge_engines({row.engine for row in used})
    accepted = list_accepted(selection)
    missing = {label: count for label, count in selection.missing.items() if count}
    counts = count_outcomes(selection, task.labels)
    manifest = Manifest(
        task=key.task,
        generator=key.generator,
        strategy=key.strategy,
        fingerprint=rounds.fingerprint,
        corpus_digest=digest_examples(accepted),
        complete=not missing,
        shortfall=_explain_shortfall(context, rounds, missing),
        planned=context.per_label(task),
        admitted=rounds.admitted,
        accepted={label: one.accepted for label, one in counts.items()},
        drops={label: one.drops for label, one in counts.items()},
        rounds=len(rounds.slots),
        tokens={
            "prompt": sum(row.completion.num_prompt_tokens for row in used),
            "generated": sum(row.completion.num_tokens for row in used),
        },
        seconds=round(sum_seconds(rows.values()), 1),
        engine=engine,
        grade=engine["grade"],
        generator_digest=asdict(context.models.digest(generator)),
        has_seen=[seen.model_dump(mode="json") for seen in generator.card.has_seen],
        near_test_matches=len(
            find_near_test(accepted, checker.reference, context.config.curate.max_copy)
        ),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
    )
    card = write_dataset_card(corpus_card_data(context, manifest), CorpusPart(manifest))
    return write_corpus(
        context.run.corpus(key), selection.accepted, selection.drops, manifest, card
    )


def _merge_engines(lines: set[str]) -> dict[str, Any]:
    """Return what the engine says of itself; several engines lower the grade and are named."""
    found: list[dict[str, Any]] = [json.loads(line) for line in sorted(lines)]
    merged = dict(found[-1])
    merged["grade"] = max((one["grade"] for one in found), key=GRADES.index)
    kinds = {(one["name"], one["version"], one["dtype"], one["device"]) for one in found}
    if len(kinds) > 1:
        merged["grade"] = "unseeded"
        spelled = "; ".join(" ".join(kind) for kind in sorted(kinds))
        merged["notes"] = [*merged["notes"], f"made by several engines: {spelled}"]
    return merged


def _explain_shortfall(context: Context, rounds: Rounds, missing: dict[str, int]) -> str:
    if not missing:
        return ""
    spelled = ", ".join(f"{label}: {count}" for label, count in missing.items())
    tops = len(rounds.slots) - 1
    budget = context.config.generate.budget_tokens
    why = f"after {tops} top-up rounds (max_rounds: {context.config.curate.max_rounds})"
    if tops < context.config.curate.max_rounds:
        why = f"because the token budget of {budget} is used up"
    return f"rows missing {why}: {spelled}"


def _describe(manifest: Manifest) -> str:
    accepted, admitted = sum(manifest.accepted.values()), sum(manifest.admitted.values())
    head = f"{manifest.task} / {manifest.generator} / {manifest.strategy}"
    tail = f"; {manifest.shortfall}" if manifest.shortfall else ""
    return f"{head}: {accepted} rows of {admitted} slots{tail}"
