"""Distinct n-grams and compression."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_local.errors import UndefinedMetricError
from synth_local.measure.lexical import (
    compression_ratio,
    number_words,
    tabulate_ngrams,
)

TEXTS = st.lists(st.lists(st.sampled_from("abcd"), max_size=6).map(" ".join), min_size=1)


def distinct_ngrams(texts: list[str], order: int) -> float:
    return tabulate_ngrams(number_words(texts), order).distinct()


def count_by_hand(texts: list[str], order: int) -> float:
    grams = [
        tuple(words[i : i + order])
        for words in (text.split() for text in texts)
        for i in range(len(words) - order + 1)
    ]
    return len(set(grams)) / len(grams) if grams else -1


@given(TEXTS, st.sampled_from([1, 2, 3]))
def test_distinct_ngrams_agree_with_counting_by_hand(texts: list[str], order: int) -> None:
    expected = count_by_hand(texts, order)
    if expected < 0:
        with pytest.raises(UndefinedMetricError):
            distinct_ngrams(texts, order)
    else:
        assert distinct_ngrams(texts, order) == expected


@given(TEXTS, st.data())
def test_a_subset_of_the_table_is_the_subset_counted_anew(
    texts: list[str], data: st.DataObject
) -> None:
    members = np.array(data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts))))
    chosen = [text for text, is_in in zip(texts, members, strict=True) if is_in]
    expected = count_by_hand(chosen, 2)
    if expected >= 0:
        assert tabulate_ngrams(number_words(texts), 2).distinct(members) == expected


def test_case_marks_and_apostrophes_of_words() -> None:
    assert distinct_ngrams(["Don't stop!", "DON'T, stop?"], 1) == 0.5
    assert distinct_ngrams(["it\u2019s its"], 1) == 1


def test_repeats_compress_and_nothing_does_not() -> None:
    varied = [f"{number * 7919 % 10007} {number * 104729 % 99991}" for number in range(300)]
    assert compression_ratio(["the same words again"] * 300) > 20 * compression_ratio(varied)
    assert compression_ratio(["a"]) < 1
    with pytest.raises(UndefinedMetricError):
        compression_ratio([])
