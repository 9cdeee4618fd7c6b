"""A corpus beside real texts: every measure, on both sides, before and after curation.

Each text is embedded once; labels, views and subsamples are rows of the same vectors.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from synth_local.config.sections import MeasureConfig
from synth_local.measure.draw import allocate, draw
from synth_local.measure.lexical import WordArray, number_words
from synth_local.measure.measures import CorpusMeasures, MeasureRow, Side, UndefinedRow
from synth_local.measure.neighbours import FloatArray
from synth_local.measure.sides import (
    Found,
    Sample,
    Subsampling,
    measure_diversity,
    measure_similarity,
    measure_similarity_within,
)
from synth_local.records import Example

BEFORE = "before curation"
AFTER = "after curation"
SIMILARITY = "similarity_to_real"


class TextEncoder(Protocol):
    """What turns texts into vectors."""

    @property
    def name(self) -> str:
        """Return how the encoder is called in reports."""
        ...

    @property
    def digest(self) -> str:
        """Return the encoder's identity."""
        ...

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Return (texts, dimensions)."""
        ...


@dataclass(frozen=True, slots=True)
class View:
    """Real and synthetic texts that are held beside each other.

    Attributes:
        name: ``BEFORE`` or ``AFTER``.
        real: real training texts; after curation with the same deduplication applied to them.
        synthetic: the texts as generated, or the corpus.
    """

    name: str
    real: Sequence[Example]
    synthetic: Sequence[Example]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """The four samples of one view; the last two are those of similarity, without the pool."""

    view: str
    real: list[Example]
    synthetic: list[Example]
    other_real: list[Example]
    beside_it: list[Example]

    @property
    def samples(self) -> tuple[list[Example], ...]:
        return self.real, self.synthetic, self.other_real, self.beside_it


def measure_corpus(
    views: Sequence[View],
    labels: Sequence[str],
    pool_ids: Collection[str],
    encoder: TextEncoder,
    settings: MeasureConfig,
) -> CorpusMeasures:
    """Measure a corpus beside real texts.

    Every side of every view gives the same number of texts of each label (what the poorest has, at
    most ``settings.sample`` in all), so that the values of a metric can be compared. Similarity to
    real leaves the pool out of the real texts, since few-shot prompts showed it; beside it stands
    the similarity of the same real texts among themselves, none compared with itself.

    Args:
        views: before and after curation.
        labels: names, in the task's order.
        pool_ids: ids of the real texts that prompts may have shown.
        encoder: turns texts into vectors; asked once, for distinct texts.
        settings: size of the samples, number of subsamples, seed.

    Returns:
        Rows for each view, side, label (and over all labels) and metric; a metric without a value
        says why.
    """
    sides = [side for view in views for side in (view.real, view.synthetic)]
    counts = allocate(sides, labels, settings.sample)
    drawn = _draw_views(views, counts, frozenset(pool_ids), settings.seed)
    vectors = _Vectors.encode(encoder, drawn)
    how = Subsampling(settings.subsamples, settings.seed)
    rows: list[MeasureRow] = []
    undefined: list[UndefinedRow] = []
    for one in drawn:
        samples = [vectors.look_up(sample) for sample in one.samples]
        for label in ("", *counts):
            for row in _measure_label(one.view, label, [s.of_label(label) for s in samples], how):
                if isinstance(row, MeasureRow):
                    rows.append(row)
                else:
                    undefined.append(row)
    return CorpusMeasures(
        embedder=encoder.name,
        embedder_digest=encoder.digest,
        counts=counts,
        rows=tuple(rows),
        undefined=tuple(undefined),
        subsamples=settings.subsamples,
        seed=settings.seed,
    )


@dataclass(frozen=True, slots=True)
class _Vectors:
    """Vectors and words of all drawn texts, each text once."""

    rows: Mapping[str, int]
    words: Sequence[WordArray]
    embeddings: FloatArray

    @classmethod
    def encode(cls, encoder: TextEncoder, drawn: Sequence[_Drawn]) -> _Vectors:
        """Embed every distinct text of the samples."""
        texts = (example.text for one in drawn for sample in one.samples for example in sample)
        rows = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        embeddings = encoder.encode(list(rows)) if rows else np.zeros((0, 1), dtype=np.float32)
        return cls(rows, number_words(list(rows)), embeddings)

    def look_up(self, examples: Sequence[Example]) -> Sample:
        """Return examples with their vectors."""
        places = [self.rows[example.text] for example in examples]
        return Sample(
            [example.text for example in examples],
            [example.label for example in examples],
            [self.words[place] for place in places],
            self.embeddings[places],
        )


def _draw_views(
    views: Sequence[View], counts: Mapping[str, int], pool_ids: frozenset[str], seed: int
) -> list[_Drawn]:
    others = [[one for one in view.real if one.id not in pool_ids] for view in views]
    found = allocate(others, list(counts))
    fewer = {label: min(count, counts[label]) for label, count in found.items()}
    return [
        _Drawn(
            view=view.name,
            real=draw(view.real, counts, seed),
            synthetic=draw(view.synthetic, counts, seed),
            other_real=draw(other, fewer, seed),
            beside_it=draw(view.synthetic, fewer, seed),
        )
        for view, other in zip(views, others, strict=True)
    ]


def _measure_label(
    view: str, label: str, samples: Sequence[Sample], how: Subsampling
) -> Iterator[MeasureRow | UndefinedRow]:
    """Yield every metric of one view and label, the real side first."""
    real, synthetic, other_real, beside_it = samples
    sides: tuple[tuple[Side, Sample], ...] = (("real", real), ("synthetic", synthetic))
    for side, sample in sides:
        for metric, found in measure_diversity(sample, how).items():
            yield _make_row((view, side, label, metric), found, len(sample.texts))
    num = len(other_real.texts)
    within = measure_similarity_within(other_real)
    yield _make_row((view, "real", label, SIMILARITY), within, num)
    across = measure_similarity(other_real, beside_it)
    yield _make_row((view, "synthetic", label, SIMILARITY), across, num)


def _make_row(
    names: tuple[str, Side, str, str], found: Found, num_texts: int
) -> MeasureRow | UndefinedRow:
    view, side, label, metric = names
    if isinstance(found, str):
        return UndefinedRow(
            view=view, side=side, label=label, metric=metric, why=found, num_texts=num_texts
        )
    return MeasureRow(
        view=view, side=side, label=label, metric=metric, value=found, num_texts=num_texts
    )
