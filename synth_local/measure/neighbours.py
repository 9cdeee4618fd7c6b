"""The most similar texts of each text, found in blocks, and means over them.

What subsamples need is found once: a text's nearest neighbour within some of the texts is the first
of its neighbours over all texts that is among them.

Axis letters: N queries, M references, K neighbours, D dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synth_local.errors import UndefinedMetricError

FloatArray = NDArray[np.floating]
BoolArray = NDArray[np.bool_]

#: Elements of one block of similarities: 16 MiB in float32.
BLOCK_ELEMENTS = 4 << 20


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Each query's most similar references, the most similar first.

    Attributes:
        indices: (N, K) of references.
        cosines: (N, K) falling along the second axis.
        queries: (N, D) unit rows.
        references: (M, D) unit rows.
        exclude_self: row i of ``references`` is row i of ``queries`` and no neighbour of it.
    """

    indices: NDArray[np.int32]
    cosines: NDArray[np.float32]
    queries: FloatArray
    references: FloatArray
    exclude_self: bool

    def mean_of_nearest(
        self, num: int, rows: BoolArray | None = None, members: BoolArray | None = None
    ) -> float:
        """Return the mean cosine of queries to their ``num`` most similar references.

        Args:
            num: neighbours per query, at least 1.
            rows: (N,) the queries that count; all by default.
            members: (M,) the references that exist; all by default.

        Returns:
            A mean over queries, in [-1, 1].

        Raises:
            UndefinedMetricError: no query, or fewer than ``num`` references for one.
        """
        chosen = np.arange(len(self.queries)) if rows is None else np.flatnonzero(rows)
        num_members = len(self.references) if members is None else int(members.sum())
        if not len(chosen) or num_members - self.exclude_self < num:
            raise UndefinedMetricError(
                f"{len(chosen)} texts and {num_members} to compare them with: too few for the "
                f"{num} nearest"
            )
        if members is None:
            return float(self.cosines[chosen, :num].mean(dtype=np.float64))
        is_there = members[self.indices[chosen]]  # (rows, K)
        rank = is_there.cumsum(axis=1)
        cosines = np.where(is_there & (rank <= num), self.cosines[chosen], 0).sum(axis=1)
        short = np.flatnonzero(rank[:, -1] < num)
        cosines[short] = self._sum_exactly(chosen[short], members, num)
        return float(cosines.mean(dtype=np.float64) / num)

    def _sum_exactly(self, rows: NDArray[np.intp], members: BoolArray, num: int) -> FloatArray:
        """Return each row's sum over its ``num`` nearest members, where K did not reach them."""
        found = np.empty(len(rows), dtype=np.float32)
        for place, row in enumerate(rows):
            is_there = members.copy()
            if self.exclude_self:
                is_there[row] = False
            cosines = self.references[is_there] @ self.queries[row]
            found[place] = np.partition(cosines, len(cosines) - num)[-num:].sum()
        return found


def find_neighbours(
    queries: FloatArray, references: FloatArray, num: int, *, exclude_self: bool = False
) -> Neighbours:
    """Return the ``num`` most similar references of every query, or all where there are fewer.

    Exact up to float32; no more than ``BLOCK_ELEMENTS`` similarities exist at a time.

    Args:
        queries: (N, D) unit rows.
        references: (M, D) unit rows.
        num: neighbours per query.
        exclude_self: the two are the same texts, and none is its own neighbour.

    Returns:
        (N, K) neighbours, K being ``num`` or the number of references where that is smaller.
    """
    num = min(num, len(references) - exclude_self)
    indices = np.zeros((len(queries), max(num, 0)), dtype=np.int32)
    cosines = np.zeros(indices.shape, dtype=np.float32)
    step = max(1, BLOCK_ELEMENTS // max(1, len(references)))
    for start in range(0, len(queries) if num > 0 else 0, step):
        block = queries[start : start + step] @ references.T  # (block, M)
        if exclude_self:
            own = np.arange(len(block))
            block[own, start + own] = -np.inf
        nearest = np.argpartition(block, len(references) - num, axis=1)[:, -num:]
        values = np.take_along_axis(block, nearest, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        indices[start : start + step] = np.take_along_axis(nearest, order, axis=1)
        cosines[start : start + step] = np.take_along_axis(values, order, axis=1)
    return Neighbours(indices, cosines, queries, references, exclude_self)


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
