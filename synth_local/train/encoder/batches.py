"""Which rows make up which batch: shuffled, and grouped by length so that little is padded.

Pure numpy; deterministic by seed and the same on every process, so that processes only differ in
the share of a batch that they take.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.integer]

# Batches sorted by length together. More pad less, but make neighbours of the same rows each epoch.
_BUCKET_BATCHES = 50


def draw_batches(
    lengths: IntArray, batch: int, num_batches: int, rng: np.random.Generator
) -> Iterator[IntArray]:
    """Yield row numbers, batch by batch, cycling over the rows with a new shuffle each epoch.

    Args:
        lengths: (rows,) tokens of each row.
        batch: rows per batch; the last batch of an epoch may be smaller.
        rng: decides the order.

    Yields:
        IntArray: (at most batch,) row numbers. Every row appears once per epoch.
    """
    left = num_batches
    while left > 0:
        epoch = _group_by_length(lengths, batch, rng)
        yield from epoch[:left]
        left -= len(epoch)


def _group_by_length(lengths: IntArray, batch: int, rng: np.random.Generator) -> list[IntArray]:
    """Return one epoch's batches.

    The rows of a smaller last batch are a random sample: were they taken after sorting, the
    shortest texts would weigh more than others.
    """
    order = rng.permutation(len(lengths))
    num_full = len(order) // batch * batch
    batches: list[IntArray] = [order[num_full:]] if num_full < len(order) else []
    for start in range(0, num_full, _BUCKET_BATCHES * batch):
        bucket = order[start : min(start + _BUCKET_BATCHES * batch, num_full)]
        by_length = bucket[np.argsort(-lengths[bucket], kind="stable")]
        batches += np.split(by_length, len(by_length) // batch)
    return [batches[place] for place in rng.permutation(len(batches))]


def pack_by_length(lengths: IntArray, batch: int) -> list[IntArray]:
    """Return batches for prediction: longest first, each row once.

    Args:
        lengths: (rows,) tokens of each row.
        batch: rows per batch.
    """
    order = np.argsort(-lengths, kind="stable")
    return [order[start : start + batch] for start in range(0, len(order), batch)]


def pad_rows(rows: Sequence[IntArray], pad_id: int) -> tuple[IntArray, IntArray]:
    """Return token ids padded on the right to the longest row, and the mask.

    Args:
        rows: token ids of each text, at least one row and one token.

    Returns:
        Two (rows, longest) int64 arrays: ids, and 1 where there is a token.
    """
    lengths = np.array([len(row) for row in rows])
    mask = np.arange(lengths.max()) < lengths[:, None]
    ids = np.full(mask.shape, pad_id, dtype=np.int64)
    ids[mask] = np.concatenate(rows)
    return ids, mask.astype(np.int64)
