"""Shares of rows with their intervals, and means of them over labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import binomtest

from synth_local.measure.audit_records import Share
from synth_local.records import Interval


def share_of(hits: int, num: int, why: str) -> Share:
    """Return ``hits / num`` with Wilson's interval, or ``why`` where ``num`` is 0."""
    if not num:
        return Share(None, 0, why)
    ends = binomtest(hits, num).proportion_ci(0.95, method="wilson")
    return Share(Interval(hits / num, float(ends.low), float(ends.high)), num)


def average_labels(shares: Sequence[Share]) -> Share:
    """Return the mean over labels, each counted the same, whatever the mix of the rows.

    A corpus is balanced and test rows need not be: a share over all rows would compare mixes. The
    interval squares and adds the distances of each label's own interval.

    Args:
        shares: one a label; those without a value are left out.

    Returns:
        The mean; without a value where no label has one.

    References:
        G. Y. Zou, A. Donner (2008), Construction of confidence limits about effect measures: a
        general approach. https://doi.org/10.1002/sim.3095
    """
    found = [(share.value, share.num) for share in shares if share.value is not None]
    if not found:
        return Share(None, 0, next((share.why for share in shares), "there is no label"))
    values = [value for value, _ in found]
    point = float(np.mean([value.point for value in values]))
    below = _root_of_squares([value.point - value.low for value in values]) / len(values)
    above = _root_of_squares([value.high - value.point for value in values]) / len(values)
    interval = Interval(point, max(0.0, point - below), min(1.0, point + above))
    return Share(interval, sum(num for _, num in found))


def average_both(found: Mapping[str, list[Share]], one: str, other: str) -> dict[str, Share]:
    """Return the means of two shares over the labels that have both, so that they compare."""
    pairs = list(zip(found[one], found[other], strict=True))
    both = [pair for pair in pairs if pair[0].value and pair[1].value] or pairs
    return {
        one: average_labels([left if right.value else _drop(left) for left, right in both]),
        other: average_labels([right if left.value else _drop(right) for left, right in both]),
    }


def _root_of_squares(distances: Sequence[float]) -> float:
    return float(np.sqrt(np.sum([distance**2 for distance in distances])))


def _drop(share: Share) -> Share:
    return Share(None, share.num, share.why or "no label has both shares")
