"""Which stored outputs of a run are of something else, and why: for ``status`` and ``plan``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from synth_local.core.files import read_json
from synth_local.run.state import State
from synth_local.store.corpus import read_manifest
from synth_local.store.ledger import SPEC, read_ledger
from synth_local.store.run_dir import CorpusKey

OTHER_CORPUS = "their corpora are to be made again"


def count_other_texts(state: State, key: CorpusKey) -> int | None:
    """Return how many texts are stored that were written under other settings.

    Returns:
        The number; ``None`` where the ledger is of the present settings, or there is none.
    """
    folder = state.run.ledger(key)
    stored = read_json(folder / SPEC)
    if stored is None or stored["fingerprint"] == state.identities.generation(key):
        return None
    return len(read_ledger(folder))


def explain_corpus(state: State, key: CorpusKey) -> list[str]:
    """Return why stored work on a corpus is to be done again; nothing where none is."""
    num_texts = count_other_texts(state, key)
    if num_texts is not None:
        why = "; ".join(state.reasons.of_texts(key))
        return [f"{num_texts} texts were written under other settings ({why})"]
    if key not in state.manifests:
        if read_manifest(state.run.corpus(key)) is None:
            return []
        why = "; ".join(state.reasons.of_corpus(key))
        return [f"its rows were chosen under other settings ({why})"]
    if key in state.unmeasured and read_json(state.run.measures(key)) is not None:
        return [f"it was measured under other settings ({_of_measures(state, key)})"]
    return []


def explain_stages(state: State) -> dict[str, list[str]]:
    """Return why stored work is to be done again, stage by stage.

    Returns:
        Sentences by stage; stages of which nothing stored is stale are left out.
    """
    found = {
        "generate": _explain_texts(state),
        "curate": _explain_rows(state),
        "measure": _explain_measures(state),
        "train": _explain_cells(state),
        "analyze": _explain_analysis(state),
    }
    return {stage: lines for stage, lines in found.items() if lines}


def _explain_texts(state: State) -> list[str]:
    stale: dict[str, int] = {}
    for key in state.open_corpora:
        num_texts = count_other_texts(state, key)
        if num_texts is not None:
            why = "; ".join(state.reasons.of_texts(key))
            stale[why] = stale.get(why, 0) + num_texts
    return [
        f"{count} texts were written under other settings ({why})" for why, count in stale.items()
    ]


def _explain_rows(state: State) -> list[str]:
    reasons = [
        "; ".join(state.reasons.of_corpus(key))
        for key in state.open_corpora
        if read_manifest(state.run.corpus(key)) is not None
    ]
    return _count(reasons, "corpus was made", "corpora were made")


def _explain_measures(state: State) -> list[str]:
    reasons = [
        _of_measures(state, key) if key in state.manifests else OTHER_CORPUS
        for key in state.unmeasured
        if read_json(state.run.measures(key)) is not None
    ]
    return _count(reasons, "corpus was measured", "corpora were measured")


def _explain_cells(state: State) -> list[str]:
    run = state.run
    known: dict[tuple[str, str], str] = {}
    reasons = []
    for plan in state.open_cells:
        if read_json(run.cell_marker(plan.cell)) is None:
            continue
        key = (plan.cell.student, plan.cell.task)
        if key not in known:
            known[key] = "; ".join(state.reasons.of_cells(*key))
        reasons.append(known[key])
    lines = _count(reasons, "cell was trained", "cells were trained")
    was_trained = any((run.work / "train" / "cells").glob("*.json"))
    if was_trained and _has_stale_corpora(state):
        lines.append(f"cells wait: {OTHER_CORPUS}")
    return lines


def _explain_analysis(state: State) -> list[str]:
    stored = read_json(state.run.analysis)
    if stored is None or state.open_corpora or state.open_cells or state.is_analyzed:
        return []
    if not state.is_evaluated:
        return ["the scores that it rests on are to be made again"]
    return [f"it was made of something else ({'; '.join(state.reasons.of_analysis())})"]


def _has_stale_corpora(state: State) -> bool:
    run = state.run
    return any(read_manifest(run.corpus(key)) is not None for key in state.open_corpora)


def _of_measures(state: State, key: CorpusKey) -> str:
    return "; ".join(state.reasons.of_measures(key))


def _count(reasons: Sequence[str], one: str, many: str) -> list[str]:
    return [
        f"{count} {one if count == 1 else many} under other settings ({why})"
        for why, count in Counter(reasons).items()
    ]
