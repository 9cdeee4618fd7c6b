"""How far texts lie from each other: Remote Clique and Chamfer distance.

Distance is d = 1 - cosine, in [0, 2]; a text is never compared with itself.
"""

from __future__ import annotations

import numpy as np

from synth_local.errors import UndefinedMetricError
from synth_local.measure.neighbours import (
    BoolArray,
    FloatArray,
    check_unit_rows,
    mean_nearest_cosine,
)


def remote_cliques(unit: FloatArray, members: BoolArray) -> FloatArray:
    """Return the Remote Clique of several subsets of the same texts.

    It is the mean over texts of the mean distance to the other texts: exact, in time linear in the
    number of texts, since the sum of all cosines is the squared length of the sum of the unit
    vectors.

    Args:
        unit: (texts, dimensions) rows of length 1.
        members: (subsets, texts) what each subset holds, at least two.

    Returns:
        (subsets,) in [0, 2], float64; 0 where all texts point the same way, higher is more diverse.

    References:
        S. R. Cox et al. (2021), Directed Diversity: Leveraging Language Embedding Distances for
        Collective Creativity in Crowd Ideation. https://arxiv.org/abs/2101.06030
    """
    weights = members.astype(np.float64)
    exact = unit.astype(np.float64)
    sums = weights @ exact  # (subsets, dimensions)
    own = weights @ (exact**2).sum(axis=1)  # cosines of texts with themselves: 1, but for rounding
    num = weights.sum(axis=1)
    cosines = ((sums**2).sum(axis=1) - own) / (num * (num - 1))
    found: FloatArray = np.maximum(1.0 - cosines, 0.0)
    return found


def chamfer(embeddings: FloatArray) -> float:
    """Return the mean over texts of the distance to the nearest other text.

    It falls as texts are added, so that only corpora of the same size can be compared.

    Args:
        embeddings: (texts, dimensions), no row all zero.

    Returns:
        In [0, 2]; 0 where every text has a twin, higher is more diverse. Exact up to the float32
        of a cosine (about 1e-7).

    Raises:
        UndefinedMetricError: fewer than two texts.

    References:
        S. R. Cox et al. (2021), as for ``remote_cliques``.
    """
    if len(embeddings) < 2:
        raise UndefinedMetricError(
            f"{len(embeddings)} text(s) have no distance to another one",
            fix="measure two or more texts",
        )
    unit = check_unit_rows(embeddings)
    return max(0.0, 1.0 - mean_nearest_cosine(unit, unit, 1, exclude_self=True))
