"""``verify``: prove a run from what lies on disk.

Every admitted slot has exactly one outcome, every table has its checksum, every fingerprint is
the one that the run file, the data and the weights give today. The slots of a corpus brought along
are the rows of its file. What needs a source that is not on this machine is named, and is neither
proven nor wrong. Nothing is changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from synth_local.core.files import read_json
from synth_local.core.hashing import digest_file
from synth_local.core.tables import read_parquet
from synth_local.core.text import match_key
from synth_local.errors import SynthLocalError
from synth_local.records import Example
from synth_local.run.context import Context
from synth_local.run.not_here import format_not_here, list_not_here
from synth_local.run.rounds import Rounds
from synth_local.run.splits import RealData, find_lost_data
from synth_local.run.state import State
from synth_local.store.corpus import Manifest, digest_examples, read_accepted, read_manifest
from synth_local.store.ledger import read_ledger
from synth_local.store.run_dir import CorpusKey
from synth_local.task import Task


@dataclass
class Findings:
    """What was proven, what is wrong, and what cannot be checked on this machine."""

    proven: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, list[str]]:
        """Return the findings as JSON-ready values."""
        return {"proven": self.proven, "wrong": self.wrong, "not_checkable_here": self.unknown}


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots of a corpus, and those whose text is stored in ``place``."""

    admitted: set[str]
    written: set[str]
    place: str


def verify_run(context: Context) -> Findings:
    """Return what holds and what does not."""
    findings = Findings()
    try:
        state = context.look()
        _ = state.manifests
        findings.unknown += format_not_here(list_not_here(state.sources, state.human_files))
    except SynthLocalError as error:
        findings.wrong.append(f"the run cannot be checked: {error.what}; {error.fix}")
        return findings
    for key in state.corpora:
        _verify_corpus(state, key, findings)
    _verify_cells(state, findings)
    _verify_scores(state, findings)
    return findings


def _verify_corpus(state: State, key: CorpusKey, findings: Findings) -> None:
    brought, corpus = state.sources.brought, state.run.corpus(key)
    stored = read_manifest(corpus)
    if stored is not None and key not in state.manifests:
        findings.wrong.append(f"{key}: {_explain_stale(state, key, stored)}")
        return
    if key.is_external and brought.files[key].not_here:
        _verify_without_file(corpus, key, stored, findings)
        return
    slots = _read_slots(state.planner.rounds, key)
    num_admitted = len(slots.admitted)
    if stored is None:
        missing = len(slots.admitted - slots.written)
        state_of = f"{missing} of {num_admitted} admitted slots have no text yet"
        if missing:
            findings.wrong.append(f"{key}: not finished: {state_of}; call run again")
        else:
            findings.proven.append(f"{key}: {num_admitted} slots written, each once; not curated")
        return
    before = len(findings.wrong)
    _verify_files(corpus, key, stored, findings)
    if len(findings.wrong) == before:
        accepted = read_accepted(corpus)
        _verify_outcomes(corpus, key, accepted, slots, findings)
        if digest_examples(accepted) != stored.corpus_digest:
            findings.wrong.append(f"{key}: the rows do not have the digest of the manifest")
        _verify_no_copies(state.data, key, state.sources.tasks[key.task], accepted, findings)
    if len(findings.wrong) == before:
        count = sum(stored.accepted.values())
        what = f"rows of {brought.files[key].path.name}" if key.is_external else "slots"
        findings.proven.append(
            f"{key}: {num_admitted} {what}, each once: {count} rows, {num_admitted - count} drops"
        )


def _verify_without_file(
    corpus: Path, key: CorpusKey, stored: Manifest | None, findings: Findings
) -> None:
    """Check the tables of a corpus brought along whose file is not here."""
    if stored is None:
        findings.wrong.append(f"{key}: not finished; call run again where its file is")
        return
    before = len(findings.wrong)
    _verify_files(corpus, key, stored, findings)
    if len(findings.wrong) == before:
        accepted = read_accepted(corpus)
        if digest_examples(accepted) != stored.corpus_digest:
            findings.wrong.append(f"{key}: the rows do not have the digest of the manifest")
            return
        findings.proven.append(f"{key}: {len(accepted)} rows and its drops as they were written")
        findings.unknown.append(f"{key}: whether every row of its file has one outcome")


def _explain_stale(state: State, key: CorpusKey, stored: Manifest) -> str:
    file = state.sources.brought.files[key] if stored.brought else None
    if file and stored.brought and stored.brought["digest"] != file.digest:
        return (
            f"{file.path} has changed since the corpus was made from it "
            f"({stored.brought['digest'][:16]} then); call run again"
        )
    return (
        f"fingerprint {stored.fingerprint[:16]} is not what the run file, the data and the "
        f"weights give now ({'; '.join(state.reasons.of_corpus(key))})"
    )


def _read_slots(rounds: Rounds, key: CorpusKey) -> Slots:
    if key.is_external:
        rows = rounds.brought.read(key)
        return Slots(set(rows.slots), set(rows.texts), "the file")
    plan = rounds.slot_plan(key, with_exemplars=False)  # which say nothing of its identity
    admitted = {slot.id for slot in plan.admitted(rounds.current(key).admitted)}
    return Slots(admitted, set(read_ledger(rounds.run.ledger(key))), "the ledger")


def _verify_files(corpus: Path, key: CorpusKey, manifest: Manifest, findings: Findings) -> None:
    for name, digest in manifest.files.items():
        path = corpus / name
        if not path.is_file():
            findings.wrong.append(f"{key}: {name} is missing")
        elif digest_file(path) != digest:
            findings.wrong.append(f"{key}: {name} has changed since it was written")


def _verify_outcomes(
    corpus: Path,
    key: CorpusKey,
    accepted: Sequence[Example],
    slots: Slots,
    findings: Findings,
) -> None:
    dropped = [row["id"] for row in read_parquet(corpus / "drops.parquet", ["id"])]
    ids = Counter([*(one.id for one in accepted), *dropped])
    twice = sorted(one for one, count in ids.items() if count > 1)
    lost, foreign = slots.admitted - set(ids), set(ids) - slots.admitted
    unwritten = set(ids) - slots.written
    checks = {
        f"slots with two outcomes: {_some(twice)}": twice,
        f"admitted slots without an outcome: {_some(sorted(lost))}": lost,
        f"outcomes of slots never admitted: {_some(sorted(foreign))}": foreign,
        f"outcomes without a text in {slots.place}: {_some(sorted(unwritten))}": unwritten,
    }
    findings.wrong.extend(f"{key}: {what}" for what, bad in checks.items() if bad)


def _verify_no_copies(
    data: RealData, key: CorpusKey, task: Task, accepted: Sequence[Example], findings: Findings
) -> None:
    if find_lost_data(task) is not None:
        findings.unknown.append(f"{key}: whether any row is a verbatim copy of a real text")
        return
    splits = data.splits(task)
    real = {
        match_key(one.text)
        for part in (splits.train, splits.validation, splits.test)
        for one in part
    }
    copies = [one.id for one in accepted if match_key(one.text) in real]
    if copies:
        findings.wrong.append(f"{key}: verbatim copies of real texts: {_some(copies)}")


def _verify_cells(state: State, findings: Findings) -> None:
    run = state.run
    good = 0
    for plan in state.trained_cells:
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


def _verify_scores(state: State, findings: Findings) -> None:
    run = state.run
    stored = read_json(run.summary)
    if stored is None:
        return
    if not state.is_evaluated:
        findings.wrong.append("results.csv is not of the present cells; call run again")
    elif digest_file(run.results) != stored["results"]:
        findings.wrong.append("results.csv has changed since it was written")
    elif not run.verdicts.is_file() or digest_file(run.verdicts) != stored["verdicts"]:
        findings.wrong.append("verdicts.json is missing, or has changed since it was written")
    else:
        findings.proven.append("results.csv and verdicts.json are what the predictions gave")


def _some(ids: list[str]) -> str:
    head = ", ".join(ids[:3])
    return f"{len(ids)} ({head}{', ...' if len(ids) > 3 else ''})"
