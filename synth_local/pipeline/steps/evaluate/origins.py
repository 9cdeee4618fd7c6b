"""Where each condition's synthetic texts come from, as far as a verdict depends on it."""

from __future__ import annotations

from synth_local.evaluate.summary import Condition
from synth_local.evaluate.verdicts.against import Origin
from synth_local.models.card import Card, HasSeen, tell_seen
from synth_local.report.data import format_seen, read_seen
from synth_local.run.state import State
from synth_local.store.corpus import Manifest


def find_origins(state: State) -> dict[Condition, Origin]:
    """Return the origin of every condition with synthetic texts.

    Returns:
        By condition; what the model's card of today lists counts beside what the corpus noted.
    """
    generators, tasks = state.sources.models.generators, state.sources.tasks
    origins: dict[Condition, Origin] = {}
    for plan in state.cells:
        key = plan.rows.corpus
        if key is None or key not in state.manifests:
            continue
        condition = Condition.of(plan.cell)
        if condition not in origins:
            generator = generators.get(key.generator)
            num_pool = sum(state.data.facts(tasks[key.task]).pool.values())
            card = generator.card if generator else None
            origins[condition] = _judge(state.manifests[key], card, num_pool)
    return origins


def _judge(manifest: Manifest, card: Card | None, num_pool: int) -> Origin:
    shortfall = "" if manifest.complete else manifest.shortfall or "rows are missing"
    if manifest.brought is not None:
        return Origin("unknown", "was brought along: nobody knows what it has seen", shortfall)
    entries = list_seen(manifest, card)
    seen = tell_seen(entries, manifest.task, num_pool)
    if seen == "yes":
        mine = [entry for entry in entries if entry.task == manifest.task]
        return Origin(seen, f"has seen {format_seen(mine)} of this task", shortfall)
    told = "may have seen texts of this task: its card does not say" if seen == "unknown" else ""
    return Origin(seen, told, shortfall)


def list_seen(manifest: Manifest, card: Card | None) -> list[HasSeen]:
    """Return what the generator of a corpus has seen, by its card of today and by the manifest.

    Where the two disagree about a part of a task, the higher count stands.
    """
    entries = [*(card.has_seen if card else ()), *map(read_seen, manifest.has_seen)]
    merged: dict[tuple[str, str], HasSeen] = {}
    for entry in entries:
        known = merged.get((entry.task, entry.split))
        if known is None or _count(entry) > _count(known):
            merged[entry.task, entry.split] = entry
    return list(merged.values())


def _count(one: HasSeen) -> float:
    """Return how many rows were seen; more than any where nobody knows."""
    return float("inf") if one.num_rows is None else one.num_rows
