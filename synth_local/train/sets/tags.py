"""What a training set is called, by which rows of each label it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synth_local.core.hashing import digest_json

NONE = "-"

#: Counts of more characters stand in a name as the start of their digest.
LONGEST_TAG = 40

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RealCounts:
    """Rows of a task's real data by label; the pool is a part of ``train``."""

    train: dict[str, int]
    pool: dict[str, int]


def request_rows(real: RealCounts, asked: Counts) -> dict[str, int]:
    """Return the real rows per label that a corpus of the asked size is matched with."""
    return {one: min(count, asked.get(one, count)) for one, count in real.train.items()}


def tag_real(counts: Counts, real: RealCounts, asked: Counts) -> str:
    """Return what a cut of real rows carries in its name, from these counts alone.

    Nothing where it has the rows that were asked for, or the same number of every label as far as
    there are any: one total stands for one such cut. Any other cut carries its counts, as a
    corpus brings it that falls short in one label.

    Args:
        counts: rows per label of the cut.
        asked: rows per label that were asked for.

    Returns:
        ``-``, or the counts.
    """
    most = max(counts.values(), default=0)
    is_level = all(counts[one] == min(most, count) for one, count in real.train.items())
    return _tag(counts, request_rows(real, asked), is_level=is_level)


def tag_balanced(counts: Counts, pool: Counts, asked: Counts) -> str:
    """Return the tag of a pool that real rows fill up to the mix of pool and corpus."""
    added = {count - pool[one] for one, count in counts.items()}
    whole = {one: count + asked.get(one, 0) for one, count in pool.items()}
    return _tag(counts, whole, is_level=len(added) == 1)


def _tag(counts: Counts, expected: Counts, *, is_level: bool) -> str:
    if dict(counts) == dict(expected):
        return NONE
    if is_level and sum(counts.values()) != sum(expected.values()):
        return NONE
    spelled = "-".join(str(count) for count in counts.values())
    return spelled if len(spelled) <= LONGEST_TAG else digest_json(list(counts.values()))[:12]


def has_same_mix(counts: Counts, pool: Counts) -> bool:
    """Return whether both have the same share of every label."""
    sums = sum(counts.values()), sum(pool.values())
    return all(counts[one] * sums[1] == pool[one] * sums[0] for one in pool)
