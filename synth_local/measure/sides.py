"""Every metric of one sample of texts, with its interval or the reason why it has no value.

Knows nothing about where texts come from, or which of two samples is the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from synth_local.errors import UndefinedMetricError
from synth_local.measure.diversity import chamfer, remote_cliques
from synth_local.measure.lexical import WordArray, compression_ratio, tabulate_ngrams
from synth_local.measure.neighbours import BoolArray, FloatArray, check_unit_rows
from synth_local.measure.similarity import similarity_among_real, similarity_to_real
from synth_local.measure.subsample import SHARE, draw_subsamples, make_interval
from synth_local.records import Interval

#: Below this many texts nothing is stated.
MIN_TEXTS = 12
#: Compression is slow: subsamples are cut to so many characters (ten of zlib's windows, so that the
#: ratio is that of the whole), and their number to so many characters in all.
COMPRESSED_CHARS = 300_000
COMPRESSION_BUDGET = 6_000_000
MIN_COMPRESSIONS = 20

#: A value with its interval, a value alone, or why there is none. Distances to the nearest texts
#: stand alone: subsampling made their intervals up to 1.9 times too wide.
Found = Interval | float | str


@dataclass(frozen=True, slots=True)
class Sample:
    """Texts that were drawn, with their labels and vectors in the same order.

    Attributes:
        texts: what was drawn.
        words: of each text, as numbers (``lexical.number_words``).
        embeddings: (texts, dimensions).
    """

    texts: Sequence[str]
    labels: Sequence[str]
    words: Sequence[WordArray]
    embeddings: FloatArray

    def of_label(self, label: str) -> Sample:
        """Return the texts of one label, or all of them where it is empty."""
        if not label:
            return self
        chosen = [index for index, one in enumerate(self.labels) if one == label]
        return Sample(
            [self.texts[index] for index in chosen],
            [label] * len(chosen),
            [self.words[index] for index in chosen],
            self.embeddings[chosen],
        )


@dataclass(frozen=True, slots=True)
class Subsampling:
    """How intervals are made: number of subsamples, and the seed of their draws."""

    num: int
    seed: int


def measure_diversity(sample: Sample, how: Subsampling) -> dict[str, Found]:
    """Return the diversity of a sample: each metric's value, or why it has none."""
    measures: dict[str, Callable[[Sample, BoolArray], Interval | float]] = {
        "remote_clique": _remote_clique,
        "chamfer": lambda one, _: chamfer(one.embeddings),
        "distinct_1": partial(_distinct, order=1),
        "distinct_2": partial(_distinct, order=2),
        "distinct_3": partial(_distinct, order=3),
        "compression_ratio": _compression,
    }
    return {name: _try(measure, sample, how) for name, measure in measures.items()}


def measure_similarity(real: Sample, synthetic: Sample) -> Found:
    """Return how close ``synthetic`` comes to ``real``."""
    return _try_plain(
        lambda: similarity_to_real(real.embeddings, synthetic.embeddings), real, synthetic
    )


def measure_similarity_within(sample: Sample) -> Found:
    """Return how close the texts of a sample come to each other, none compared with itself."""
    return _try_plain(lambda: similarity_among_real(sample.embeddings), sample)


def _try_plain(measure: Callable[[], float], *samples: Sample) -> Found:
    try:
        for sample in samples:
            _require_enough(len(sample.texts))
        return measure()
    except UndefinedMetricError as error:
        return error.what


def _try(
    measure: Callable[[Sample, BoolArray], Interval | float], sample: Sample, how: Subsampling
) -> Found:
    try:
        return measure(sample, _draw(sample, how))
    except UndefinedMetricError as error:
        return error.what


def _draw(sample: Sample, how: Subsampling) -> BoolArray:
    """Return the subsamples behind an interval, or raise ``UndefinedMetricError``."""
    _require_enough(len(sample.texts))
    members = draw_subsamples(sample.labels, how.num, how.seed)
    if 2 * int(members[0].sum()) < MIN_TEXTS:
        _require_enough(int(members[0].sum()))
    return members


def _require_enough(num_texts: int) -> None:
    if num_texts < MIN_TEXTS:
        raise UndefinedMetricError(
            f"{num_texts} text(s) are fewer than the {MIN_TEXTS} that it takes"
        )


def _remote_clique(sample: Sample, members: BoolArray) -> Interval:
    unit = check_unit_rows(sample.embeddings)
    everything = np.ones((1, len(unit)), dtype=np.bool_)
    point, *values = remote_cliques(unit, np.concatenate([everything, members]))
    return _interval(float(point), values, members)


def _distinct(sample: Sample, members: BoolArray, order: int) -> Interval:
    table = tabulate_ngrams(sample.words, order)
    return _interval(table.distinct(), [table.distinct(part) for part in members], members)


def _compression(sample: Sample, members: BoolArray) -> Interval:
    num_chars = sum(map(len, sample.texts))
    share = min(SHARE, COMPRESSED_CHARS / max(1, num_chars))
    most = int(COMPRESSION_BUDGET / max(1.0, share * num_chars))
    num = min(len(members), max(MIN_COMPRESSIONS, most))
    few = draw_subsamples(sample.labels, num, num_chars, share)
    values = [
        compression_ratio([sample.texts[index] for index in np.flatnonzero(one)]) for one in few
    ]
    return _interval(compression_ratio(sample.texts), values, few)


def _interval(point: float, values: Sequence[float], members: BoolArray) -> Interval:
    return make_interval(point, values, members.shape[1], float(members[0].sum()))
