from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_local.train.encoder.batches import draw_batches, pack_by_length, pad_rows

LENGTHS = st.lists(st.integers(1, 200), min_size=1, max_size=300).map(np.array)


@given(LENGTHS, st.integers(1, 64), st.integers(0, 9))
def test_every_epoch_holds_every_row_once(
    lengths: np.ndarray[tuple[int], np.dtype[np.int64]], batch: int, seed: int
) -> None:
    per_epoch = -(-len(lengths) // batch)
    drawn = list(draw_batches(lengths, batch, 2 * per_epoch, np.random.default_rng(seed)))
    for epoch in (drawn[:per_epoch], drawn[per_epoch:]):
        assert sorted(np.concatenate(epoch)) == list(range(len(lengths)))
        assert sum(len(rows) < batch for rows in epoch) <= 1


def test_the_order_depends_on_the_seed_and_changes_from_epoch_to_epoch() -> None:
    lengths = np.arange(1, 257)
    first, again, other = (
        [rows.tolist() for rows in draw_batches(lengths, 8, 64, np.random.default_rng(seed))]
        for seed in (1, 1, 2)
    )
    assert first == again != other
    assert first[:32] != first[32:]


def test_any_number_of_batches_can_be_drawn_from_a_few_rows() -> None:
    drawn = list(draw_batches(np.array([3, 4]), 64, 7, np.random.default_rng(0)))
    assert [sorted(rows) for rows in drawn] == [[0, 1]] * 7


def test_batches_hold_rows_of_similar_length() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(5, 200, 3000)
    padded = sum(
        lengths[rows].max() * len(rows)
        for rows in draw_batches(lengths, 32, 94, np.random.default_rng(1))
    )
    assert padded < 1.1 * lengths.sum()


def test_the_rows_of_a_smaller_batch_are_not_the_shortest() -> None:
    lengths = np.arange(1, 101)
    rests = [
        lengths[rows].mean()
        for seed in range(50)
        for rows in draw_batches(lengths, 32, 4, np.random.default_rng(seed))
        if len(rows) == 4
    ]
    assert np.mean(rests) == pytest.approx(50.5, abs=10)


@given(LENGTHS, st.integers(1, 64))
def test_prediction_sees_each_row_once_longest_first(
    lengths: np.ndarray[tuple[int], np.dtype[np.int64]], batch: int
) -> None:
    packed = pack_by_length(lengths, batch)
    assert sorted(np.concatenate(packed)) == list(range(len(lengths)))
    ordered = [int(lengths[row]) for row in itertools.chain.from_iterable(packed)]
    assert ordered == sorted(ordered, reverse=True)


def test_padding_keeps_ids_and_marks_them() -> None:
    ids, mask = pad_rows([np.array([7, 8, 9]), np.array([7])], pad_id=0)
    assert ids.tolist() == [[7, 8, 9], [7, 0, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]
