"""How near the most similar texts of each text are, found in blocks.

Axis letters: N queries, M references, D dimensions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synth_local.errors import UndefinedMetricError

FloatArray = NDArray[np.floating]
BoolArray = NDArray[np.bool_]

#: Elements of one block of similarities: 16 MiB in float32.
BLOCK_ELEMENTS = 4 << 20


def mean_nearest_cosine(
    queries: FloatArray, references: FloatArray, num: int, *, exclude_self: bool = False
) -> float:
    """Return the mean cosine of queries to their ``num`` most similar references.

    Exact up to float32; no more than ``BLOCK_ELEMENTS`` similarities exist at a time.

    Args:
        queries: (N, D) unit rows.
        references: (M, D) unit rows.
        num: neighbours per query, at least 1.
        exclude_self: the two are the same texts, and none is its own neighbour.

    Returns:
        A mean over queries, in [-1, 1].

    Raises:
        UndefinedMetricError: no query, or fewer than ``num`` references for one.
    """
    if not len(queries) or len(references) - exclude_self < num:
        raise UndefinedMetricError(
            f"{len(queries)} texts and {len(references)} to compare them with: too few for the "
            f"{num} nearest"
        )
    total = 0.0
    step = max(1, BLOCK_ELEMENTS // len(references))
    for start in range(0, len(queries), step):
        block = queries[start : start + step] @ references.T  # (block, M)
        if exclude_self:
            own = np.arange(len(block))
            block[own, start + own] = -np.inf
        nearest = np.partition(block, len(references) - num, axis=1)[:, -num:]
        total += float(nearest.sum(dtype=np.float64))
    return total / (num * len(queries))


def check_unit_rows(embeddings: FloatArray) -> FloatArray:
    """Return embeddings as float32 rows of length 1.

    Args:
        embeddings: (texts, dimensions) of any length.

    Returns:
        (texts, dimensions), the same directions.

    Raises:
        UndefinedMetricError: a row is all zero, so that it has no cosine to any other.
        ValueError: not a matrix.
    """
    if embeddings.ndim != 2:
        msg = f"embeddings must be (texts, dimensions), got shape {embeddings.shape}"
        raise ValueError(msg)
    norms = np.linalg.norm(embeddings.astype(np.float64), axis=1, keepdims=True)
    if len(norms) and not norms.min() > 0:
        raise UndefinedMetricError(
            f"text {int(norms.argmin())} has an embedding of length 0: cosines are not defined",
            fix="use another embedder, or drop texts that it has no words for",
        )
    unit: FloatArray = (embeddings / norms).astype(np.float32)
    return unit
