"""``step curate``: decide every admitted slot's outcome, and write the corpus or another round.

Order decides, not time: the same slots are kept whatever the batch, the shards or the kills were.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from synth_local.config import RunConfig
from synth_local.curate.counts import count_outcomes, find_near_test
from synth_local.curate.reasons import PROMPT_TOO_LONG
from synth_local.curate.rounds import next_round
from synth_local.curate.rows import RowChecker
from synth_local.curate.select import Selection, list_accepted, select
from synth_local.errors import EngineError
from synth_local.pipeline.steps.curate_external import (
    describe_brought,
    format_missing,
    select_brought,
)
from synth_local.pipeline.steps.generate import row_checker
from synth_local.pipeline.steps.report_input import task_part
from synth_local.records import Slot, Turn
from synth_local.report.data import CorpusPart, ModelPart, ReportData, RunPart
from synth_local.report.dataset_card import write_dataset_card
from synth_local.run.context import Context
from synth_local.run.rounds import CorpusRounds
from synth_local.store.corpus import Manifest, digest_examples, read_manifest, write_corpus
from synth_local.store.ledger import LedgerRow, read_ledger, sum_seconds
from synth_local.store.run_dir import CorpusKey
from synth_local.version import __version__

log = logging.getLogger(__name__)
GRADES = ("exact", "seeded", "unseeded")


def run_curate(context: Context, key: CorpusKey) -> str:
    """Curate one corpus from its ledger, or from its file where it was brought along.

    Returns:
        A line for people: it is finished, or needs another round.

    Raises:
        EngineError: admitted slots have no turn yet.
        DataError: a row of a corpus brought along cannot be used; with file and line.
    """
    run, config, task = context.run, context.config, context.tasks[key.task]
    before = read_manifest(run.corpus(key))
    fingerprint = context.identities.curation(key)
    if before and before.fingerprint == fingerprint:
        return f"{key}: done before"
    near_duplicates, max_copy = config.curate.near_duplicates, config.curate.max_copy
    per_label = context.corpora.per_label(key.task)
    checker = row_checker(task, context.data.splits(task), config.curate)
    models: tuple[ModelPart, ...] = ()
    if key.is_external:
        file, brought = context.sources.brought.files[key], context.sources.brought.read(key)
        rounds = CorpusRounds(fingerprint, (brought.admitted,), asdict(brought.facts))
        selection = select_brought(brought, checker, per_label, near_duplicates, task.labels)
        manifest = describe_brought(_describe(key, rounds, selection, per_label), file, rounds)
    else:
        rounds, plan = context.rounds.current(key), context.rounds.slot_plan(key)
        rows = read_ledger(run.ledger(key))
        slots = list(plan.admitted(rounds.admitted))
        _require_texts(key, slots, rows, run.ledger(key))
        turns = list(_list_turns(slots, rows, checker, context.identities.checks(task)))
        selection = select(turns, per_label, near_duplicates, plan.labels, rounds.slots)
        more = _another_round(config, rounds, selection, per_label, turns)
        if more:
            context.rounds.store(key, CorpusRounds(fingerprint, (*rounds.slots, dict(more))))
            missing, added = sum(selection.missing.values()), sum(more.values())
            return f"{key}: {missing} rows short, {added} further slots admitted"
        generator = context.models.generators[key.generator]
        models = (ModelPart(generator.card, context.models.digest(generator)),)
        manifest = _describe(key, rounds, selection, per_label)
        manifest = replace(
            _describe_generated(manifest, selection, rows),
            shortfall=_explain_shortfall(config, manifest),
            generator_digest=asdict(context.models.digest(generator)),
            has_seen=[seen.model_dump(mode="json") for seen in generator.card.has_seen],
        )
    accepted = list_accepted(selection)
    near_test = find_near_test(accepted, checker.reference, max_copy)
    manifest = replace(
        manifest, corpus_digest=digest_examples(accepted), near_test_matches=len(near_test)
    )
    about = RunPart(run.root.name, context.identities.run_file)
    data = ReportData(about, (task_part(task, context.data.facts(task)),), models=models)
    card = write_dataset_card(data, CorpusPart(manifest))
    context.rounds.store(key, rounds)
    write_corpus(run.corpus(key), selection.accepted, selection.drops, manifest, card)
    return _format(manifest)


def _require_texts(
    key: CorpusKey, slots: Sequence[Slot], rows: Mapping[str, LedgerRow], ledger: Path
) -> None:
    missing = sum(slot.id not in rows for slot in slots)
    if missing:
        raise EngineError(
            f"{missing} admitted slots of {key} have no text yet",
            where=ledger,
            fix="generate them first: synth-local step generate --run DIR, or synth-local run",
        )


def _list_turns(
    slots: Sequence[Slot], rows: Mapping[str, LedgerRow], checker: RowChecker, checks: str
) -> Iterator[Turn]:
    """Yield the turn of every slot; verdicts of other checks are made anew."""
    for slot in slots:
        row = rows[slot.id]
        stale = row.checks != checks and row.verdict.reason != PROMPT_TOO_LONG
        verdict = checker.check(slot, row.completion) if stale else row.verdict
        yield Turn(slot, row.completion, row.prompt_digest, verdict)


def _another_round(
    config: RunConfig,
    rounds: CorpusRounds,
    selection: Selection,
    per_label: dict[str, int],
    turns: list[Turn],
) -> Mapping[str, int] | None:
    """Return the further slots per label, or ``None`` where it stays as it is."""
    if len(rounds.slots) > config.curate.max_rounds:
        return None
    used = sum(turn.completion.num_tokens for turn in turns)
    budget = config.generate.budget_tokens
    accepted = {label: per_label[label] - selection.missing.get(label, 0) for label in per_label}
    return next_round(
        rounds.admitted,
        accepted,
        per_label,
        mean_tokens=used / max(1, len(turns)),
        budget_left=None if budget is None else budget - used,
    )


def _describe(
    key: CorpusKey, rounds: CorpusRounds, selection: Selection, per_label: dict[str, int]
) -> Manifest:
    """Return what can be said of any corpus, wherever its texts are from."""
    counts = count_outcomes(selection, tuple(per_label))
    return Manifest(
        task=key.task,
        generator=key.generator,
        strategy=key.strategy,
        fingerprint=rounds.fingerprint,
        corpus_digest="",
        complete=not any(selection.missing.values()),
        shortfall="",
        planned=per_label,
        admitted=rounds.admitted,
        accepted={label: count.accepted for label, count in counts.items()},
        drops={label: count.drops for label, count in counts.items()},
        rounds=len(rounds.slots),
        tokens={"prompt": 0, "generated": 0},
        seconds=0.0,
        engine={},
        grade="",
        generator_digest={},
        has_seen=[],
        near_test_matches=0,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
    )


def _describe_generated(
    manifest: Manifest, selection: Selection, rows: Mapping[str, LedgerRow]
) -> Manifest:
    """Return the manifest with what the ledger says of the generation."""
    outcomes = [*selection.accepted, *selection.drops]
    used = [rows[outcome.turn.slot.id] for outcome in outcomes]
    engine = _merge_engines({row.engine for row in used})
    return replace(
        manifest,
        tokens={
            "prompt": sum(row.completion.num_prompt_tokens for row in used),
            "generated": sum(row.completion.num_tokens for row in used),
        },
        seconds=round(sum_seconds(rows.values()), 1),
        engine=engine,
        grade=engine["grade"],
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


def _explain_shortfall(config: RunConfig, manifest: Manifest) -> str:
    most, tops = config.curate.max_rounds, manifest.rounds - 1
    why = f"after {tops} top-up rounds (max_rounds: {most})"
    if tops < most:
        why = f"because the token budget of {config.generate.budget_tokens} is used up"
    return format_missing(manifest, why)


def _format(manifest: Manifest) -> str:
    accepted, admitted = sum(manifest.accepted.values()), sum(manifest.admitted.values())
    head = f"{manifest.task} / {manifest.generator} / {manifest.strategy}"
    tail = f"; {manifest.shortfall}" if manifest.shortfall else ""
    return f"{head}: {accepted} rows of {admitted} slots{tail}"
