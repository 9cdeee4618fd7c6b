"""Outputs that no longer belong to the run file: moved aside, found again by their fingerprint.

Nothing is deleted. An output is moved to ``work/stale/<fingerprint>/`` under its own relative
path; a run file that asks for that fingerprint again gets it back without computing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from synth_local.core.files import explain_disk_errors
from synth_local.store.run_dir import RunDir


def set_aside(run: RunDir, fingerprint: str, paths: Iterable[Path]) -> None:
    """Move ``paths`` (below the run directory) aside; missing ones are passed over."""
    for path in paths:
        if path.exists():
            _move(path, _stale(run, fingerprint) / path.relative_to(run.root))


def bring_back(run: RunDir, fingerprint: str, paths: Iterable[Path]) -> bool:
    """Move ``paths`` back where all of them were set aside under ``fingerprint``."""
    pairs = [(_stale(run, fingerprint) / path.relative_to(run.root), path) for path in paths]
    if not all(aside.exists() and not path.exists() for aside, path in pairs):
        return False
    for aside, path in pairs:
        _move(aside, path)
    return True


def _stale(run: RunDir, fingerprint: str) -> Path:
    return run.work / "stale" / (fingerprint[:16] or "unknown")


def _move(source: Path, target: Path) -> None:
    with explain_disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            shutil.rmtree(target)
        source.replace(target)
