"""``step measure``: every corpus beside the real texts.

Diversity before and after curation, whether the labels hold, and what tells the texts from real
ones.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from synth_local.core.files import write_json
from synth_local.core.tables import read_parquet
from synth_local.curate.duplicates import keep_distinct
from synth_local.curate.reasons import FORM_REASONS
from synth_local.engines.embed.choose import open_embedder
from synth_local.engines.embed.vectors import Embedder
from synth_local.errors import Interrupted
from synth_local.measure.compare import AFTER, BEFORE, View, measure_corpus
from synth_local.measure.discriminator import discriminate
from synth_local.measure.label_audit import RealParts, audit_labels
from synth_local.records import Example
from synth_local.run.context import Context
from synth_local.run.identity.fingerprints import measure_fingerprint
from synth_local.run.splits import real_splits
from synth_local.store.corpus import Manifest, read_accepted
from synth_local.store.run_dir import CorpusKey

log = logging.getLogger(__name__)


def run_measure(
    context: Context, manifests: Mapping[CorpusKey, Manifest], should_stop: Callable[[], bool]
) -> None:
    """Measure finished corpora and store what was found.

    The embedder is opened once. The real texts beside the corpora are deduplicated by the same
    rule, for otherwise curation alone would make the synthetic texts look more diverse.

    Args:
        should_stop: asked before each corpus.

    Raises:
        Interrupted: told to stop between two corpora.
    """
    embedder = None
    distinct: dict[str, list[Example]] = {}  # real texts of a task, each once
    for key, manifest in manifests.items():
        if should_stop():
            raise Interrupted("stopped between two corpora", fix="call the same command again")
        if embedder is None:
            model = context.models.embedder
            embedder = open_embedder(model.folder if model else None)
        splits = real_splits(context, context.tasks[key.task])
        if key.task not in distinct:
            near = context.config.curate.near_duplicates
            distinct[key.task] = keep_distinct(splits.train, near)
        _measure(context, key, manifest, embedder, distinct[key.task])


def _measure(
    context: Context,
    key: CorpusKey,
    manifest: Manifest,
    embedder: Embedder,
    distinct: Sequence[Example],
) -> None:
    task = context.tasks[key.task]
    splits = real_splits(context, task)
    accepted = read_accepted(context.run.corpus(key))
    views = [
        View(BEFORE, splits.train, read_generated(context, key, accepted)),
        View(AFTER, distinct, accepted),
    ]
    pool = {row.id for row in splits.pool}
    measures = measure_corpus(views, task.labels, pool, embedder, context.config.measure)
    most, seed = context.config.measure.sample, context.config.measure.seed
    parts = RealParts(splits.train, splits.validation, splits.test)
    audit = audit_labels(parts, accepted, task.labels, most, seed)
    # real texts deduplicated as the corpus is: repeats would give them away
    likeness = discriminate(distinct, accepted, task.labels, most, seed)
    value = {
        "fingerprint": measure_fingerprint(context, key, manifest),
        "measures": asdict(measures),
        "audit": asdict(audit),
        "likeness": asdict(likeness),
    }
    write_json(context.run.measures(key), value)
    log.info("%s: %d values, %d undefined", key, len(measures.rows), len(measures.undefined))


def read_generated(context: Context, key: CorpusKey, accepted: list[Example]) -> list[Example]:
    """Return the texts as generated, copies and repeats included, in the order of their ids.

    What is no text of the asked kind at all (refusals, echoes) is left out.
    """
    path = context.run.corpus(key) / "drops.parquet"
    drops = read_parquet(path, ["id", "text", "label", "reason"])
    texts = [
        Example(row["id"], row["text"], row["label"])
        for row in drops
        if row["reason"] not in FORM_REASONS
    ]
    return sorted([*accepted, *texts], key=lambda one: one.id)
