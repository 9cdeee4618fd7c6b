"""A corpus beside real texts: equal numbers, every metric, both views."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import pytest

from synth_local.config.sections import MeasureConfig
from synth_local.measure.compare import AFTER, BEFORE, View, measure_corpus
from synth_local.measure.draw import allocate, draw
from synth_local.measure.measures import CorpusMeasures, MeasureRow
from synth_local.measure.neighbours import FloatArray
from synth_local.measure.subsample import draw_subsamples, make_interval
from synth_local.records import Example, Interval
from synth_local.store.records import parse

LABELS = ("ham", "spam")
WORDS = ("free", "prize", "call", "mum", "late", "train", "home", "tonight", "now", "win", "bus")
METRICS = {"remote_clique", "chamfer", "similarity_to_real", "distinct_1", "distinct_2",
           "distinct_3", "compression_ratio"}  # fmt: skip
SETTINGS = MeasureConfig(sample=60, subsamples=20, seed=1)


@dataclass
class BagOfWords:
    """Counts of words as vectors; remembers what it was asked."""

    name: str = "bag"
    digest: str = "b" * 64
    asked: list[list[str]] = field(default_factory=list)

    def encode(self, texts: Sequence[str]) -> FloatArray:
        self.asked.append(list(texts))
        counts = [[text.split().count(word) for word in WORDS] for text in texts]
        return np.array(counts, dtype=np.float32)


def make_texts(prefix: str, num: int, label: str, words: Sequence[str] = WORDS) -> list[Example]:
    source = random.Random(f"{prefix} {label}")
    texts = [" ".join(source.choices(words, k=6)) for _ in range(num)]
    return [Example(f"{prefix}.{label}.{i}", text, label) for i, text in enumerate(texts)]


REAL = [*make_texts("real", 90, "ham"), *make_texts("real", 40, "spam")]
MADE = [*make_texts("made", 50, "ham", WORDS[:4]), *make_texts("made", 50, "spam", WORDS[:4])]
POOL = {example.id for example in REAL[:10]}


def measure(
    real: Sequence[Example] = REAL,
    made: Sequence[Example] = MADE,
    settings: MeasureConfig = SETTINGS,
) -> CorpusMeasures:
    views = [View(BEFORE, real, made), View(AFTER, real[5:], made[3:])]
    return measure_corpus(views, LABELS, POOL, BagOfWords(), settings)


def test_every_view_side_label_and_metric_has_a_row() -> None:
    measures = measure()
    assert not measures.undefined
    found = {(row.view, row.side, row.label, row.metric) for row in measures.rows}
    assert len(found) == len(measures.rows)
    assert found == {
        (view, side, label, metric)
        for view in (BEFORE, AFTER)
        for side in ("real", "synthetic")
        for label in ("", *LABELS)
        for metric in METRICS
    }
    for row in measures.rows:
        assert isinstance(row.value, float) == (row.metric in ("chamfer", "similarity_to_real"))
        if isinstance(row.value, Interval):
            assert row.value.low <= row.value.point <= row.value.high


def test_all_sides_give_as_many_texts_of_each_label() -> None:
    measures = measure()
    assert measures.counts == {"ham": 32, "spam": 27}  # 47 and 40 scaled to 60 in all
    numbers = {(row.label, row.num_texts) for row in measures.rows}
    assert numbers == {("", 59), ("ham", 32), ("spam", 27)}


def value(measures: CorpusMeasures, **wanted: str) -> MeasureRow:
    wanted = {"view": AFTER, "label": "", **wanted}
    (row,) = (row for row in measures.rows if all(getattr(row, k) == v for k, v in wanted.items()))
    return row


def test_poorer_words_show_in_every_metric() -> None:
    measures = measure()
    for metric in ("remote_clique", "chamfer", "distinct_2", "similarity_to_real"):
        real, made = (
            value(measures, side=side, metric=metric).value for side in ("real", "synthetic")
        )
        highest = made.high if isinstance(made, Interval) else made
        lowest = real.low if isinstance(real, Interval) else real
        assert highest < lowest


def test_the_order_of_files_changes_nothing() -> None:
    source = random.Random(0)
    views = [View(BEFORE, REAL, MADE), View(AFTER, REAL[5:], MADE[3:])]
    shuffled = [
        View(view.name, source.sample(view.real, len(view.real)), view.synthetic[::-1])
        for view in views
    ]
    first, second = (
        measure_corpus(some, LABELS, POOL, BagOfWords(), SETTINGS) for some in (views, shuffled)
    )
    assert first == second


def test_each_distinct_text_is_embedded_once() -> None:
    encoder = BagOfWords()
    measure_corpus(
        [View(BEFORE, REAL, MADE), View(AFTER, REAL, MADE)], LABELS, POOL, encoder, SETTINGS
    )
    (asked,) = encoder.asked
    assert len(asked) == len(set(asked))


def test_the_pool_is_no_part_of_similarity() -> None:
    real = [Example(one.id, "bus", one.label) if one.id in POOL else one for one in REAL]
    assert value(measure(real), side="synthetic", metric="similarity_to_real") == value(
        measure(), side="synthetic", metric="similarity_to_real"
    )


def test_too_few_texts_are_named_and_not_zero() -> None:
    few = [*MADE[:50], *MADE[50:58]]
    measures = measure(made=few)
    undefined = [row for row in measures.undefined if row.label == "spam"]
    assert {row.metric for row in undefined} == METRICS
    assert all("fewer than the 12" in row.why for row in undefined)
    assert not any(row.label == "spam" for row in measures.rows)
    assert "spam" not in measure(made=MADE[:50]).counts


def test_nothing_in_common_is_undefined_everywhere() -> None:
    measures = measure(made=[])
    assert not measures.rows
    assert {row.num_texts for row in measures.undefined} == {0}


def test_measures_go_to_json_and_back() -> None:
    measures = measure(made=MADE[:58])
    assert measures.rows
    assert measures.undefined
    assert parse(json.loads(json.dumps(asdict(measures))), CorpusMeasures) == measures


def test_a_smaller_draw_is_the_beginning_of_a_larger_one() -> None:
    large = draw(REAL, {"ham": 30}, seed=4)
    assert draw(REAL, {"ham": 10}, seed=4) == large[:10]
    assert draw(REAL, {"ham": 30}, seed=5) != large
    assert Counter(one.label for one in draw(REAL, {"spam": 3, "ham": 2}, 0)) == {
        "spam": 3,
        "ham": 2,
    }


def test_the_poorest_side_decides_and_the_sum_stays_below_the_most() -> None:
    sides = [REAL, make_texts("x", 30, "ham")]
    assert allocate(sides, LABELS, 100) == {"ham": 30}
    assert allocate([REAL, REAL], LABELS, 65) == {"ham": 45, "spam": 20}


def test_subsamples_hold_their_share_of_each_label_without_repeats() -> None:
    strata = ["a"] * 40 + ["b"] * 10 + ["c"]
    members = draw_subsamples(strata, 5, seed=0)
    for row in members:
        assert Counter(np.array(strata)[row].tolist()) == {"a": 36, "b": 9}
    assert len({row.tobytes() for row in members}) == 5


@pytest.mark.parametrize("size", [10, 50, 90])
def test_the_interval_of_a_mean_is_the_textbook_one(size: int) -> None:
    source = np.random.default_rng(0)
    values = source.normal(size=100)
    means = [source.permutation(values)[:size].mean() for _ in range(4000)]
    interval = make_interval(float(values.mean()), means, 100, size)
    textbook = 1.96 * values.std(ddof=1) / 10
    assert (interval.high - interval.low) / 2 == pytest.approx(textbook, rel=0.05)
