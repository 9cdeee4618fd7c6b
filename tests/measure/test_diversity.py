"""Distances between texts, against scipy and plain arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist, pdist, squareform

from synth_local.errors import UndefinedMetricError
from synth_local.measure import neighbours
from synth_local.measure.diversity import chamfer, remote_cliques
from synth_local.measure.neighbours import check_unit_rows, mean_nearest_cosine
from synth_local.measure.sides import (
    Sample,
    Subsampling,
    measure_diversity,
    measure_similarity,
    measure_similarity_within,
)
from synth_local.measure.similarity import similarity_among_real, similarity_to_real
from synth_local.records import Interval

SEEDS = st.integers(0, 10**6)


def make_rows(num: int, seed: int, dimensions: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(num, dimensions))


def remote_clique(rows: np.ndarray) -> float:
    """Return the Remote Clique of all texts, as one subset."""
    unit = check_unit_rows(rows)
    return float(remote_cliques(unit, np.ones((1, len(unit)), dtype=np.bool_))[0])


@given(st.integers(2, 30), SEEDS)
def test_both_distances_agree_with_scipy(num: int, seed: int) -> None:
    rows = make_rows(num, seed)
    distances = squareform(pdist(rows, "cosine"))
    assert remote_clique(rows) == pytest.approx(distances.sum() / (num * (num - 1)), abs=1e-6)
    np.fill_diagonal(distances, np.inf)
    assert chamfer(rows) == pytest.approx(distances.min(axis=1).mean(), abs=1e-6)


@given(st.integers(6, 30), st.integers(5, 30), SEEDS)
def test_similarity_agrees_with_scipy(num_real: int, num_synthetic: int, seed: int) -> None:
    real, synthetic = make_rows(num_real, seed), make_rows(num_synthetic, seed + 1)
    across = np.sort(1 - cdist(real, synthetic, "cosine"), axis=1)[:, -5:]
    assert similarity_to_real(real, synthetic) == pytest.approx(across.mean(), abs=1e-6)
    within = 1 - squareform(pdist(real, "cosine"))
    np.fill_diagonal(within, -np.inf)
    expected = np.sort(within, axis=1)[:, -5:].mean()
    assert similarity_among_real(real) == pytest.approx(expected, abs=1e-6)


@given(st.integers(2, 20), SEEDS)
def test_neither_order_nor_scale_nor_direction_matters(num: int, seed: int) -> None:
    rows = make_rows(num, seed)
    source = np.random.default_rng(seed)
    turned = rows @ np.linalg.qr(source.normal(size=(6, 6)))[0]
    changed = source.permutation(turned * source.uniform(0.5, 2, size=(num, 1)))
    assert remote_clique(changed) == pytest.approx(remote_clique(rows), abs=1e-6)
    assert chamfer(changed) == pytest.approx(chamfer(rows), abs=1e-6)


def test_known_arrangements() -> None:
    assert remote_clique(np.eye(4)) == pytest.approx(1)
    assert chamfer(np.eye(4)) == pytest.approx(1)
    twins = np.repeat(np.eye(3), 2, axis=0)
    assert chamfer(twins) == pytest.approx(0, abs=1e-6)
    assert remote_clique(twins) == pytest.approx(0.8)
    assert remote_clique(np.ones((5, 3))) == pytest.approx(0, abs=1e-6)
    assert remote_clique(np.array([[1.0, 0], [-1, 0]])) == pytest.approx(2)


def test_one_text_and_vectors_without_length_have_no_distance() -> None:
    with pytest.raises(UndefinedMetricError, match="1 text"):
        chamfer(np.ones((1, 3)))
    for metric in (remote_clique, chamfer):
        with pytest.raises(UndefinedMetricError, match="text 1 has an embedding of length 0"):
            metric(np.array([[1.0, 0], [0, 0]]))
    with pytest.raises(UndefinedMetricError, match="too few"):
        similarity_to_real(np.ones((3, 2)), np.ones((4, 2)))


def test_blocks_do_not_change_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = check_unit_rows(make_rows(50, 0))
    whole = mean_nearest_cosine(rows, rows, 7, exclude_self=True)
    monkeypatch.setattr(neighbours, "BLOCK_ELEMENTS", 130)
    assert mean_nearest_cosine(rows, rows, 7, exclude_self=True) == pytest.approx(whole, abs=1e-7)


def test_distances_to_the_nearest_texts_stand_without_an_interval() -> None:
    rows = make_rows(40, 5)
    sample = Sample([""] * 40, ["a"] * 40, [np.arange(3)] * 40, rows)
    found = measure_diversity(sample, Subsampling(20, 0))
    assert found["chamfer"] == chamfer(rows)
    assert isinstance(found["remote_clique"], Interval)
    assert measure_similarity_within(sample) == similarity_among_real(rows)
    assert measure_similarity(sample, sample) == similarity_to_real(rows, rows)
    few = sample.of_label("b")
    assert "0 text(s) are fewer" in str(measure_similarity(sample, few))


@pytest.mark.slow
def test_intervals_of_remote_clique_cover_the_truth_as_often_as_they_say() -> None:
    source = np.random.default_rng(3)
    centres = source.normal(size=(3, 8)) * 1.2

    def draw(num: int) -> np.ndarray:
        chosen = source.choice(3, num, p=[0.6, 0.3, 0.1])
        rows: np.ndarray = centres[chosen] + source.normal(size=(num, 8))
        return rows

    truth = remote_clique(draw(40_000))
    num, trials, hits = 80, 200, 0
    for trial in range(trials):
        sample = Sample([""] * num, ["a"] * num, [np.arange(3)] * num, draw(num))
        interval = measure_diversity(sample, Subsampling(60, trial))["remote_clique"]
        assert isinstance(interval, Interval)
        hits += interval.low <= truth <= interval.high
    assert 0.90 <= hits / trials <= 0.99
