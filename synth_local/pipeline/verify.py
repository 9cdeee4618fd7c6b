"""``verify``: prove a run from what lies on disk.

Every admitted slot has exactly one outcome, every table has its checksum, every fingerprint is
the one that the run file, the data and the weights give today. Nothing is changed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from synth_local.core.files import read_json
from synth_local.core.hashing import digest_file
from synth_local.core.tables import read_parquet
from synth_local.core.text import match_key
from synth_local.errors import SynthLocalError
from synth_local.pipeline.context import Context
from synth_local.pipeline.rounds import current_rounds, slot_plan
from synth_local.pipeline.splits import real_splits
from synth_local.pipeline.state import State
from synth_local.store.corpus import Manifest, digest_examples, read_accepted, read_manifest
from synth_local.store.ledger import LedgerRow, read_ledger
from synth_local.store.run_dir import CorpusKey


@dataclass
class Findings:
    """What was proven, what is wrong, and what could not be looked at."""

    proven: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def verify_run(context: Context) -> Findings:
    """Return what holds and what does not."""
    findings = Findings()
    try:
        state = State(context)
        keys = context.corpora
        _ = state.manifests
    except SynthLocalError as error:
        findings.wrong.append(f"the run cannot be checked: {error.what}; {error.fix}")
        return findings
    for key in keys:
        _verify_corpus(context, state, key, findings)
    _verify_cells(context, state, findings)
    _verify_scores(context, state, findings)
    return findings


def _verify_corpus(context: Context, state: State, key: CorpusKey, findings: Findings) -> None:
    stored = read_manifest(context.run.corpus(key))
    rows = read_ledger(context.run.ledger(key))
    admitted = {
        slot.id for slot in slot_plan(context, key).admitted(current_rounds(context, key).admitted)
    }
    if stored is None:
        missing = len(admitted - set(rows))
        state_of = f"{missing} of {len(admitted)} admitted slots have no text yet"
        if missing:
            findings.wrong.append(f"{key}: not finished: {state_of}; call run again")
        else:
            findings.proven.append(f"{key}: {len(admitted)} slots written, each once; not curated")
        return
    if key not in state.manifests:
        findings.wrong.append(
            f"{key}: fingerprint {stored.fingerprint[:16]} is not what the run file, the data and "
            "the weights give now"
        )
        return
    before = len(findings.wrong)
    _verify_files(context, key, stored, findings)
    if len(findings.wrong) == before:
        _verify_outcomes(context, key, stored, admitted, rows, findings)
    if len(findings.wrong) == before:
        count = sum(stored.accepted.values())
        findings.proven.append(
            f"{key}: {len(admitted)} slots, each once: {count} rows, {len(admitted) - count} drops"
        )


def _verify_files(context: Context, key: CorpusKey, manifest: Manifest, findings: Findings) -> None:
    for name, digest in manifest.files.items():
        path = context.run.corpus(key) / name
        if not path.is_file():
            findings.wrong.append(f"{key}: {name} is missing")
        elif digest_file(path) != digest:
            findings.wrong.append(f"{key}: {name} has changed since it was written")


def _verify_outcomes(
    context: Context,
    key: CorpusKey,
    manifest: Manifest,
    admitted: set[str],
    rows: dict[str, LedgerRow],
    findings: Findings,
) -> None:
    folder = context.run.corpus(key)
    accepted = read_accepted(folder)
    dropped = [row["id"] for row in read_parquet(folder / "drops.parquet", ["id"])]
    ids = Counter([*(one.id for one in accepted), *dropped])
    twice = sorted(one for one, count in ids.items() if count > 1)
    checks = {
        f"slots with two outcomes: {_some(twice)}": twice,
        f"admitted slots without an outcome: {_some(sorted(admitted - set(ids)))}": admitted
        - set(ids),
        f"outcomes of slots never admitted: {_some(sorted(set(ids) - admitted))}": set(ids)
        - admitted,
        f"outcomes without a text in the ledger: {_some(sorted(set(ids) - set(rows)))}": set(ids)
        - set(rows),
    }
    findings.wrong.extend(f"{key}: {what}" for what, bad in checks.items() if bad)
    if digest_examples(accepted) != manifest.corpus_digest:
        findings.wrong.append(f"{key}: the rows do not have the digest of the manifest")
    splits = real_splits(context, context.tasks[key.task])
    real = {
        match_key(one.text)
        for part in (splits.train, splits.validation, splits.test)
        for one in part
    }
    copies = [one.id for one in accepted if match_key(one.text) in real]
    if copies:
        findings.wrong.append(f"{key}: verbatim copies of real texts: {_some(copies)}")


def _verify_cells(context: Context, state: State, findings: Findings) -> None:
    run = context.run
    done = [plan for plan in state.cells if plan not in state.open_cells]
    good = 0
    for plan in done:
        marker = read_json(run.cell_marker(plan.cell))
        if digest_file(run.predictions(plan.cell)) != marker["predictions"]:
            findings.wrong.append(f"{plan.cell.name}: the predictions have changed")
        elif not plan.is_classified and not (run.student(plan.cell) / "README.md").is_file():
            findings.wrong.append(f"{plan.cell.name}: the student's folder is missing")
        else:
            good += 1
    if good:
        findings.proven.append(f"{good} students with the predictions they were stored with")
    started = (run.work / "train" / "cells").is_dir()
    findings.wrong.extend(
        f"{plan.cell.name}: not trained, or trained on something else; call run again"
        for plan in (state.open_cells if started else [])
    )


def _verify_scores(context: Context, state: State, findings: Findings) -> None:
    run = context.run
    stored = read_json(run.summary)
    if stored is None:
        return
    if not state.is_evaluated:
        findings.wrong.append("results.csv is not of the present cells; call run again")
    elif digest_file(run.results) != stored["results"]:
        findings.wrong.append("results.csv has changed since it was written")
    else:
        findings.proven.append("results.csv is what the predictions gave")


def _some(ids: list[str]) -> str:
    head = ", ".join(ids[:3])
    return f"{len(ids)} ({head}{', ...' if len(ids) > 3 else ''})"
