"""Curating a corpus that was brought along: the same checks, a file's rows instead of a ledger's.

There is one round and no other: a file has what it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime

from synth_local.curate.counts import count_outcomes, find_near_test
from synth_local.curate.reasons import OTHER_LABEL
from synth_local.curate.select import Selection, list_accepted, select
from synth_local.pipeline.steps.generate import row_checker
from synth_local.pipeline.steps.report_input import corpus_card_data
from synth_local.records import Outcome, Turn, Verdict
from synth_local.report.data import CorpusPart
from synth_local.report.dataset_card import write_dataset_card
from synth_local.run.context import Context
from synth_local.run.external import OTHER_LABELS, ExternalRows, read_external
from synth_local.run.identity.fingerprints import curation_fingerprint
from synth_local.run.rounds import Rounds, store_rounds
from synth_local.store.corpus import Manifest, digest_examples, write_corpus
from synth_local.store.run_dir import CorpusKey
from synth_local.version import __version__

# no engine wrote these texts: what they are is in the file, so that they are the same every time
ENGINE = {"name": "none", "version": "", "dtype": "", "device": "", "grade": "exact"}


def curate_external(context: Context, key: CorpusKey) -> Manifest:
    """Curate a corpus brought along from its file, and write it.

    Raises:
        DataError: the file is missing, or a row cannot be used; with file and line.
    """
    task = context.tasks[key.task]
    rows = read_external(context, key)
    checker = row_checker(context, task)
    turns = [
        Turn(slot, rows.texts[name], "", checker.check(slot, rows.texts[name]))
        for name, slot in rows.slots.items()
        if name not in rows.others
    ]
    per_label = context.per_label(task)
    selection = select(turns, per_label, context.config.curate.near_duplicates, task.labels)
    outcome = Selection(
        selection.accepted, [*selection.drops, *_drop_others(rows)], selection.missing
    )
    accepted = list_accepted(outcome)
    near = find_near_test(accepted, checker.reference, context.config.curate.max_copy)
    rounds = Rounds(curation_fingerprint(context, key), (rows.admitted,), asdict(rows.facts))
    manifest = replace(
        _describe_corpus(context, key, rounds, outcome),
        corpus_digest=digest_examples(accepted),
        near_test_matches=len(near),
    )
    card = write_dataset_card(corpus_card_data(context, manifest), CorpusPart(manifest))
    store_rounds(context, key, rounds)
    return write_corpus(context.run.corpus(key), outcome.accepted, outcome.drops, manifest, card)


def _drop_others(rows: ExternalRows) -> list[Outcome]:
    """Return the rows whose label the task leaves out, in the file's order."""
    found = []
    for name, slot in rows.slots.items():
        if name in rows.others:
            verdict = Verdict(rows.texts[name].text, OTHER_LABEL)
            found.append(Outcome(Turn(slot, rows.texts[name], "", verdict), 0, verdict))
    return found


def _describe_corpus(
    context: Context, key: CorpusKey, rounds: Rounds, selection: Selection
) -> Manifest:
    task, file = context.tasks[key.task], context.external[key]
    missing = {label: count for label, count in selection.missing.items() if count}
    counts = count_outcomes(selection, task.labels)
    planned = context.per_label(task)
    drops = {label: one.drops for label, one in counts.items()}
    if OTHER_LABELS in rounds.admitted:
        planned |= {OTHER_LABELS: 0}
        drops |= {OTHER_LABELS: {OTHER_LABEL: rounds.admitted[OTHER_LABELS]}}
    return Manifest(
        task=key.task,
        generator=key.generator,
        strategy=key.strategy,
        fingerprint=rounds.fingerprint,
        corpus_digest="",
        complete=not missing,
        shortfall=_explain_shortfall(file.path.name, missing),
        planned=planned,
        admitted=rounds.admitted,
        accepted={label: one.accepted for label, one in counts.items()},
        drops=drops,
        rounds=1,
        tokens={"prompt": 0, "generated": 0},
        seconds=0.0,
        engine={**ENGINE, "notes": [f"brought along from {file.path.name}"]},
        grade=ENGINE["grade"],
        generator_digest={"weights": "", "tokenizer": "", "template": "", "total": file.digest},
        has_seen=[],
        near_test_matches=0,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        brought={
            "file": file.path.name,
            "digest": file.digest,
            "rows": sum(rounds.admitted.values()),
            "read": rounds.read,
        },
    )


def _explain_shortfall(file: str, missing: Mapping[str, int]) -> str:
    if not missing:
        return ""
    spelled = ", ".join(f"{label}: {count}" for label, count in missing.items())
    return f"rows missing because {file} has no further ones that pass: {spelled}"
