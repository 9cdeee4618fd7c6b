"""What a changed run file makes stale: moved aside before anything new is written.

Only what is stale is moved; what the new run file asks for again comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from synth_local.core.files import read_json
from synth_local.records import EXTERNAL, Cell
from synth_local.run.corpora import Corpora
from synth_local.run.state import State
from synth_local.store.ledger import SPEC
from synth_local.store.run_dir import CorpusKey, RunDir
from synth_local.store.stale import bring_back, set_aside
from synth_local.train.sets.tags import NONE
from synth_local.train.students import GENERATOR_AS_CLASSIFIER


def retire(look: Callable[[], State], say: Callable[[str], None]) -> None:
    """Move aside what the run file no longer asks for, and bring back what it asks for again.

    Args:
        look: returns what is done by then.
        say: prints a line for people.
    """
    state = look()
    run, identities, wanted = state.run, state.identities, state.corpora
    moved = 0
    for key in stored_corpora(run):
        if key not in wanted:
            moved += _retire_corpus(run, key, "", "")
    for key in wanted:
        moved += _retire_corpus(run, key, identities.generation(key), identities.curation(key))
    moved += _retire_cells(look())
    if run.summary.is_file() and not look().is_evaluated:
        # scores of cells that are gone must not stand beside the new ones
        stored = read_json(run.summary) or {}
        paths = [run.results, run.verdicts, run.summary, run.analysis, run.report]
        paths.append(run.report_marker)
        set_aside(run, stored.get("fingerprint", "unknown"), paths)
        moved += 1
    if moved:
        say(f"{moved} outputs belong to another run file: moved to {run.work / 'stale'}")


def stored_corpora(run: RunDir) -> list[CorpusKey]:
    """Return the corpora that have anything on disk."""
    found = set()
    for base, pattern in ((run.root / "corpora", "*/*/*"), (run.work / "generate", "*/*/*")):
        for path in base.glob(pattern):
            if path.is_dir():
                found.add(CorpusKey(*path.relative_to(base).parts))
    return sorted(found)


def _retire_corpus(run: RunDir, key: CorpusKey, generation: str, curation: str) -> int:
    """Move a corpus's parts aside where their identity is not the given one; return how many."""
    parts = [
        (run.ledger(key) / SPEC, generation, [run.ledger(key)]),
        (run.curation(key), curation, [run.curation(key)]),
        (run.corpus(key) / "manifest.json", curation, [run.corpus(key), run.measures(key)]),
    ]
    moved = 0
    for marker, wanted, paths in parts:
        stored = read_json(marker)
        if stored is not None and stored["fingerprint"] == wanted:
            continue
        if stored is not None or any(path.exists() for path in paths):
            set_aside(run, (stored or {}).get("fingerprint", "unknown"), paths)
            moved += 1
        if wanted:
            bring_back(run, wanted, [path for path in paths if path != run.measures(key)])
            bring_back(run, wanted, [path for path in paths if path == run.measures(key)])
    return moved


def _retire_cells(state: State) -> int:
    """Move aside the cells that are not in the present matrix, or of another identity."""
    run = state.run
    wanted = {plan.cell.name: plan.fingerprint for plan in state.cells}
    known_corpora = not state.open_corpora
    moved = 0
    for marker in sorted((run.work / "train" / "cells").glob("*.json")):
        stored = read_json(marker)
        name = marker.stem
        fingerprint = stored["fingerprint"]
        unknown = (
            name not in wanted and not known_corpora and _may_come(state.identities.corpora, name)
        )
        if wanted.get(name) != fingerprint and not unknown:
            set_aside(run, fingerprint, cell_paths(run, name))
            moved += 1
    for name, fingerprint in wanted.items():
        bring_back(run, fingerprint, cell_paths(run, name))
    return moved


def cell_paths(run: RunDir, name: str) -> list[Path]:
    """Return everything that belongs to one cell; the generator itself leaves no student."""
    is_trained = Cell.parse(name).student != GENERATOR_AS_CLASSIFIER
    return [
        *([run.root / "students" / name] if is_trained else []),
        run.root / "predictions" / f"{name}.parquet",
        run.work / "train" / "cells" / f"{name}.json",
    ]


def _may_come(corpora: Corpora, name: str) -> bool:
    """Return whether a cell could be of this matrix once the open corpora are finished."""
    cell, config = Cell.parse(name), corpora.config
    is_made = cell.generator != NONE
    # the pool stands for pool_balanced where it has that mix of labels
    is_pool = cell.source == "pool" and "pool_balanced" in config.sources
    return (
        cell.task in corpora.tasks
        and (is_pool or cell.source in config.sources)
        and cell.generator in (*config.generators, *config.corpora, NONE)
        and (not is_made or cell.strategy in (*corpora.strategies, EXTERNAL))
        and cell.student in config.students
        and cell.seed in config.seeds
    )
