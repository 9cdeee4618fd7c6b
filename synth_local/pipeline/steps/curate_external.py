"""Curating a corpus that was brought along: the same checks, a file's rows instead of a ledger's.

There is one round and no other: a file has what it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from synth_local.curate.reasons import OTHER_LABEL
from synth_local.curate.rows import RowChecker
from synth_local.curate.select import Selection, select
from synth_local.records import Outcome, Turn, Verdict
from synth_local.run.external import OTHER_LABELS, ExternalRows
from synth_local.run.rounds import CorpusRounds
from synth_local.run.sources.external_files import ExternalFile
from synth_local.store.corpus import Manifest

# no engine wrote these texts: what they are is in the file, so that they are the same every time
ENGINE = {"name": "none", "version": "", "dtype": "", "device": "", "grade": "exact"}


def select_brought(
    rows: ExternalRows,
    checker: RowChecker,
    per_label: Mapping[str, int],
    near_duplicates: float,
    labels: tuple[str, ...],
) -> Selection:
    """Return what becomes of the rows of a file."""
    turns = [
        Turn(slot, rows.texts[name], "", checker.check(slot, rows.texts[name]))
        for name, slot in rows.slots.items()
        if name not in rows.others
    ]
    selection = select(turns, per_label, near_duplicates, labels)
    return replace(selection, drops=[*selection.drops, *_drop_others(rows)])


def _drop_others(rows: ExternalRows) -> list[Outcome]:
    """Return the rows whose label the task leaves out, in the file's order."""
    found = []
    for name, slot in rows.slots.items():
        if name in rows.others:
            verdict = Verdict(rows.texts[name].text, OTHER_LABEL)
            found.append(Outcome(Turn(slot, rows.texts[name], "", verdict), 0, verdict))
    return found


def describe_brought(manifest: Manifest, file: ExternalFile, rounds: CorpusRounds) -> Manifest:
    """Return the manifest with what there is to say of a file in the place of a generator."""
    planned, drops = manifest.planned, manifest.drops
    if OTHER_LABELS in rounds.admitted:
        planned = planned | {OTHER_LABELS: 0}
        drops = drops | {OTHER_LABELS: {OTHER_LABEL: rounds.admitted[OTHER_LABELS]}}
    name = file.path.name
    return replace(
        manifest,
        shortfall=format_missing(manifest, f"because {name} has no further ones that pass"),
        planned=planned,
        drops=drops,
        engine={**ENGINE, "notes": [f"brought along from {name}"]},
        grade=ENGINE["grade"],
        generator_digest={"weights": "", "tokenizer": "", "template": "", "total": file.digest},
        brought={
            "file": name,
            "digest": file.digest,
            "rows": sum(rounds.admitted.values()),
            "read": rounds.read,
        },
    )


def format_missing(manifest: Manifest, why: str) -> str:
    """Return which labels lack how many rows, and why; nothing where none does."""
    lacks = {label: asked - manifest.accepted[label] for label, asked in manifest.planned.items()}
    spelled = ", ".join(f"{label}: {count}" for label, count in lacks.items() if count)
    return f"rows missing {why}: {spelled}" if spelled else ""
