"""Intervals by subsampling without replacement.

A bootstrap draws some texts twice, which changes how often texts repeat each other, and that is
what is measured. Subsamples hold every text once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synth_local.core.hashing import derive_seed
from synth_local.measure.neighbours import BoolArray, FloatArray
from synth_local.records import Interval

LEVEL = 0.95
#: Share of the texts in a subsample.
SHARE = 0.9
_Z = 1.959963984540054  # quantile 0.975 of the standard normal distribution


def draw_subsamples(strata: Sequence[str], num: int, seed: int, share: float = SHARE) -> BoolArray:
    """Return subsamples that hold ``share`` of each stratum, without replacement.

    Rounded down, but at least one of two texts; a stratum of one text is in none.

    Args:
        share: of each stratum, in (0, 1).

    Returns:
        (num, texts) which texts each subsample holds.
    """
    names = np.asarray(strata)
    members = np.zeros((num, len(names)), dtype=np.bool_)
    source = np.random.default_rng(derive_seed(seed, "subsamples", len(names), num))
    for name in dict.fromkeys(strata):
        places = np.flatnonzero(names == name)
        size = max(int(len(places) * share), min(1, len(places) - 1))
        for row in members:
            row[source.permutation(places)[:size]] = True
    return members


def make_interval(
    point: float, values: FloatArray | Sequence[float], num: int, size: float
) -> Interval:
    """Return a 95 % interval around ``point`` from the spread over subsamples.

    For a mean, a subsample of ``size`` b out of ``num`` n texts varies around the value of all n
    with variance s^2 (1/b - 1/n), while the value of all n varies around that of the population
    with s^2 / n: the spread is scaled by sqrt(b / (n - b)). That is right, up to terms of higher
    order, for everything that is nearly a mean over texts. Only the spread is used and never the
    level, which differs in smaller subsamples for distinct n-grams. The
    interval is symmetric (normal), since 100 subsamples give a spread within 7 % but no 2.5 %
    quantile.

    Simulated with 200 texts: the width is right within 3 % for Remote Clique (coverage 94 %).
    For distinct n-grams and compression of real comments the width is right within 20 %. It is not
    used for distances to the nearest texts: like a jackknife's, their intervals came out up to 1.9
    times too wide.

    It speaks of texts drawn anew by the same process: conditional on one generator, prompt set and
    pool.

    Args:
        values: the values on the subsamples, at least two.
        size: b, texts per subsample.

    Returns:
        The interval, symmetric around ``point``.

    References:
        D. N. Politis and J. P. Romano (1994), Large Sample Confidence Regions Based on Subsamples
        under Minimal Assumptions. https://doi.org/10.1214/aos/1176325770
    """
    scale = float(np.sqrt(size / (num - size)))
    half_width = _Z * float(np.std(np.asarray(values, dtype=np.float64), ddof=1)) * scale
    return Interval(point, point - half_width, point + half_width, LEVEL)
