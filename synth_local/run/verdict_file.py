"""Reads ``verdicts.json``; imports little, since ``run`` prints it even where nothing was to do."""

from __future__ import annotations

from synth_local.evaluate.verdicts.verdict import Verdict
from synth_local.store.records import load
from synth_local.store.run_dir import RunDir


def load_verdicts(run: RunDir) -> tuple[Verdict, ...]:
    """Return the verdicts of a run; none where it was not evaluated."""
    return load(run.verdicts, tuple[Verdict, ...]) or ()
