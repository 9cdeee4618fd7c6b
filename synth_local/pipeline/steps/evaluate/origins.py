"""Where each condition's synthetic texts come from, as far as a verdict depends on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from synth_local.evaluate.summary import Condition
from synth_local.evaluate.verdicts.against import Origin
from synth_local.models.card import HasSeen, tell_seen
from synth_local.report.data import format_seen, read_seen
from synth_local.run.cells import CellPlan
from synth_local.run.context import Context
from synth_local.run.splits import split_facts
from synth_local.store.corpus import Manifest
from synth_local.store.run_dir import CorpusKey


def find_origins(
    context: Context, plans: Iterable[CellPlan], manifests: Mapping[CorpusKey, Manifest]
) -> dict[Condition, Origin]:
    """Return the origin of every condition with synthetic texts.

    Returns:
        By condition; what the model's card of today lists counts beside what the corpus noted.
    """
    found: dict[Condition, Origin] = {}
    for plan in plans:
        key = plan.rows.corpus
        if key is None or key not in manifests:
            continue
        condition = Condition.of(plan.cell)
        if condition not in found:
            found[condition] = _look(context, key, manifests[key])
    return found


def _look(context: Context, key: CorpusKey, manifest: Manifest) -> Origin:
    shortfall = "" if manifest.complete else manifest.shortfall or "rows are missing"
    if manifest.brought is not None:
        return Origin("unknown", "was brought along: nobody knows what it has seen", shortfall)
    entries = list_seen(context, key, manifest)
    num_pool = sum(split_facts(context, context.tasks[key.task]).pool.values())
    seen = tell_seen(entries, key.task, num_pool)
    if seen == "yes":
        mine = [entry for entry in entries if entry.task == key.task]
        return Origin(seen, f"has seen {format_seen(mine)} of this task", shortfall)
    told = "may have seen texts of this task: its card does not say" if seen == "unknown" else ""
    return Origin(seen, told, shortfall)


def list_seen(context: Context, key: CorpusKey, manifest: Manifest) -> list[HasSeen]:
    """Return what the generator of a corpus has seen, by its card of today and by the manifest.

    Where the two disagree about a part of a task, the higher count stands.
    """
    generator = context.models.generators.get(key.generator)
    entries = [*(generator.card.has_seen if generator else ()), *map(read_seen, manifest.has_seen)]
    merged: dict[tuple[str, str], HasSeen] = {}
    for entry in entries:
        known = merged.get((entry.task, entry.split))
        if known is None or _count(entry) > _count(known):
            merged[entry.task, entry.split] = entry
    return list(merged.values())


def _count(one: HasSeen) -> float:
    """Return how many rows were seen; more than any where nobody knows."""
    return float("inf") if one.num_rows is None else one.num_rows
