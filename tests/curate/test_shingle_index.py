"""Shingles as numbers, and the text that holds most of them, against plain set arithmetic."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_local.core.text import shingles
from synth_local.curate.shingle_hashes import hash_shingles, measure_jaccard
from synth_local.curate.shingle_index import Closest, build_index

TEXTS = st.text(alphabet="abc é\u4e2d\U0001f600\n", max_size=40)


def share_of(text: str, other: str) -> float:
    return len(shingles(text) & shingles(other)) / len(shingles(text))


@given(TEXTS, TEXTS)
def test_hashes_stand_for_the_same_shingles_as_strings(first: str, second: str) -> None:
    one, two = hash_shingles(first), hash_shingles(second)
    assert len(one) == len(shingles(first))
    assert len(np.intersect1d(one, two)) == len(shingles(first) & shingles(second))
    assert (np.diff(one.astype(object)) > 0).all()


@given(TEXTS, TEXTS)
def test_jaccard_agrees_with_sets(first: str, second: str) -> None:
    union = shingles(first) | shingles(second)
    expected = len(shingles(first) & shingles(second)) / len(union) if union else 0.0
    assert measure_jaccard(hash_shingles(first), hash_shingles(second)) == pytest.approx(expected)


def test_hashes_are_the_same_in_another_process() -> None:
    code = "from synth_local.curate.shingle_hashes import hash_shingles as h; print(h('hello you'))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert printed.stdout.decode().split() == str(hash_shingles("hello you")).split()
    assert hash_shingles("hello")[0] == np.uint64(14575934615035939726)


@given(st.lists(TEXTS, max_size=8), TEXTS, st.sampled_from([0.0, 0.3, 0.5, 0.8, 0.99]))
def test_the_closest_text_is_the_one_brute_force_finds(
    texts: list[str], asked: str, above: float
) -> None:
    shares = [share_of(asked, text) if shingles(asked) else 0.0 for text in texts]
    best = max(shares, default=0.0)
    expected = Closest(shares.index(best), best) if best > above else None
    assert build_index(texts).closest(asked, above=above) == expected


def test_a_bound_changes_speed_and_not_the_answer() -> None:
    words = [*"abcdefghijklmnopq", "the", "and", "hill", "dog"]
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(words, 12)) for _ in range(300)]
    index = build_index(texts)
    for text in texts[:40]:
        asked = " ".join([*text.split()[:9], "quite", "another", "end"])
        exact = index.closest(asked)
        assert exact is not None
        for above in (0.2, exact.share - 1e-6):
            assert index.closest(asked, above=above) == exact
        assert index.closest(asked, above=exact.share) is None


@pytest.mark.slow
def test_more_texts_than_sixteen_bits_can_number() -> None:
    texts = [f"text number {number}" for number in range(70_000)]
    found = build_index(texts).closest("text number 66123")
    assert found == Closest(66123, 1.0)
