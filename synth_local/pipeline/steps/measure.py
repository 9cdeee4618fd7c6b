"""``step measure``: every corpus beside the real texts.

Diversity before and after curation, whether the labels hold, and what tells the texts from real
ones.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synth_local.config import MeasureConfig
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
from synth_local.store.corpus import Manifest, read_accepted
from synth_local.store.run_dir import CorpusKey
from synth_local.task import Splits

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Real:
    """The real texts of a task; ``distinct`` are those of the training part, each once."""

    labels: tuple[str, ...]
    splits: Splits
    distinct: list[Example]


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
    run = context.run
    real: dict[str, _Real] = {}
    for key, manifest in manifests.items():
        if should_stop():
            raise Interrupted("stopped between two corpora", fix="call the same command again")
        if embedder is None:
            model = context.models.embedder
            embedder = open_embedder(model.folder if model else None)
        if key.task not in real:
            task = context.tasks[key.task]
            splits = context.data.splits(task)
            distinct = keep_distinct(splits.train, context.config.curate.near_duplicates)
            real[key.task] = _Real(task.labels, splits, distinct)
        values = _measure(run.corpus(key), real[key.task], embedder, context.config.measure)
        fingerprint = context.identities.measure(key, manifest)
        write_json(run.measures(key), {"fingerprint": fingerprint, **values})
        rows, undefined = values["measures"]["rows"], values["measures"]["undefined"]
        log.info("%s: %d values, %d undefined", key, len(rows), len(undefined))


def _measure(
    corpus: Path, real: _Real, embedder: Embedder, settings: MeasureConfig
) -> dict[str, Any]:
    """Return the measures of a corpus, its audit and its likeness to real texts, to be stored."""
    accepted = read_accepted(corpus)
    splits, most, seed = real.splits, settings.sample, settings.seed
    views = [
        View(BEFORE, splits.train, read_generated(corpus, accepted)),
        View(AFTER, real.distinct, accepted),
    ]
    pool = {row.id for row in splits.pool}
    parts = RealParts(splits.train, splits.validation, splits.test)
    return {
        "measures": asdict(measure_corpus(views, real.labels, pool, embedder, settings)),
        "audit": asdict(audit_labels(parts, accepted, real.labels, most, seed)),
        # real texts deduplicated as the corpus is: repeats would give them away
        "likeness": asdict(discriminate(real.distinct, accepted, real.labels, most, seed)),
    }


def read_generated(corpus: Path, accepted: list[Example]) -> list[Example]:
    """Return the texts as generated, copies and repeats included, in the order of their ids.

    What is no text of the asked kind at all (refusals, echoes) is left out.
    """
    drops = read_parquet(corpus / "drops.parquet", ["id", "text", "label", "reason"])
    texts = [
        Example(row["id"], row["text"], row["label"])
        for row in drops
        if row["reason"] not in FORM_REASONS
    ]
    return sorted([*accepted, *texts], key=lambda one: one.id)
