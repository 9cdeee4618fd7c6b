"""Telling whether a text repeats an earlier one, exactly or nearly.

Exact: equal match keys. Near: Jaccard similarity of the sets of character 5-shingles, found through
MinHash and banded locality-sensitive hashing (datasketch), then checked exactly. Knows nothing
about slots or labels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synth_local.core.text import fold_spaces, match_key
from synth_local.curate.reasons import DUPLICATE, NEAR_DUPLICATE
from synth_local.curate.shingle_hashes import HashArray, hash_shingles, measure_jaccard, mix_bits
from synth_local.records import Example

NUM_PERMUTATIONS = 128
#: Bands are chosen so that a pair right at the threshold is missed less often than this.
MOST_MISSED = 1e-3
#: Candidates whose estimated similarity is this far below the threshold are not checked: five
#: standard deviations of an estimate from 128 values.
ESTIMATE_MARGIN = 0.2

_MULTIPLIERS, _OFFSETS = np.split(
    mix_bits(np.arange(1, 2 * NUM_PERMUTATIONS + 1, dtype=np.uint64)).astype(np.uint32), 2
)
_MULTIPLIERS |= np.uint32(1)  # odd: a permutation of the 32-bit numbers


@dataclass(frozen=True, slots=True)
class Clash:
    """An earlier text that a new one repeats; ``reason`` as in ``reasons``."""

    reason: str
    id: str


@dataclass(frozen=True, slots=True)
class Signature:
    """The MinHash of a text, in the shape that ``MinHashLSH`` asks for."""

    hashvalues: NDArray[np.uint32]

    def __len__(self) -> int:
        """Return the number of permutations."""
        return len(self.hashvalues)


def choose_bands(threshold: float) -> tuple[int, int]:
    """Return bands and rows per band for a Jaccard threshold in (0, 1).

    Two texts of similarity s become candidates with probability 1 - (1 - s**rows)**bands. The most
    rows are taken (fewest false candidates) with which a pair at the threshold is missed less
    often than ``MOST_MISSED``; 4 rows in 32 bands at 0.7, missing 0.02 %. Below 0.053 one row is
    not enough for that: at 0.02 some 8 % are missed.
    """
    for rows in range(NUM_PERMUTATIONS // 2, 1, -1):
        bands = NUM_PERMUTATIONS // rows
        if (1 - threshold**rows) ** bands <= MOST_MISSED:
            return bands, rows
    return NUM_PERMUTATIONS, 1


def sign_hashes(hashes: HashArray) -> Signature:
    """Return the MinHash of a text's distinct shingles (at least one)."""
    short = (hashes >> np.uint64(32)).astype(np.uint32)[:, None]
    return Signature((short * _MULTIPLIERS + _OFFSETS).min(axis=0))


class DuplicateFinder:
    """The texts kept so far, asked whether a new one repeats one of them.

    Memory: 8 bytes per distinct shingle and some 10 KiB for each kept text.

    Args:
        near_duplicates: Jaccard similarity of 5-shingles from which a text repeats an earlier one,
            in (0, 1]; at 1 only equal match keys count.
    """

    def __init__(self, near_duplicates: float) -> None:
        self._threshold = near_duplicates
        self._keys: dict[str, str] = {}
        self._ids: list[str] = []
        self._hashes: list[HashArray] = []
        self._signatures = np.empty((1024, NUM_PERMUTATIONS), dtype=np.uint32)
        self._buckets: Any = _open_buckets(near_duplicates) if near_duplicates < 1 else None

    def admit(self, text_id: str, text: str) -> Clash | None:
        """Keep ``text``, or return the earliest kept text that it repeats."""
        key = match_key(text) or fold_spaces(text)
        if key in self._keys:
            return Clash(DUPLICATE, self._keys[key])
        if self._buckets is not None:
            clash = self._admit_near(text_id, hash_shingles(text))
            if clash is not None:
                return clash
        self._keys[key] = text_id
        return None

    def _admit_near(self, text_id: str, hashes: HashArray) -> Clash | None:
        if not len(hashes):
            return None
        signature = sign_hashes(hashes)
        for index in self._find_candidates(signature):
            if self._is_near(hashes, self._hashes[index]):
                return Clash(NEAR_DUPLICATE, self._ids[index])
        index = len(self._ids)
        if index == len(self._signatures):
            self._signatures = np.concatenate([self._signatures, np.empty_like(self._signatures)])
        self._signatures[index] = signature.hashvalues
        self._buckets.insert(index, signature)
        self._ids.append(text_id)
        self._hashes.append(hashes)
        return None

    def _find_candidates(self, signature: Signature) -> list[int]:
        """Return the kept texts worth an exact check, the earliest first."""
        found = np.array(self._buckets.query(signature), dtype=np.int64)
        agreeing = (self._signatures[found] == signature.hashvalues).mean(axis=1)
        likely: list[int] = found[agreeing >= self._threshold - ESTIMATE_MARGIN].tolist()
        return sorted(likely)

    def _is_near(self, first: HashArray, second: HashArray) -> bool:
        small, large = sorted((len(first), len(second)))
        if small < self._threshold * large:
            return False
        return measure_jaccard(first, second) >= self._threshold


def keep_distinct(examples: Iterable[Example], near_duplicates: float) -> list[Example]:
    """Return the examples that repeat no earlier one: the same rule as for synthetic texts."""
    finder = DuplicateFinder(near_duplicates)
    return [example for example in examples if finder.admit(example.id, example.text) is None]


def _open_buckets(threshold: float) -> Any:
    from datasketch import MinHashLSH  # noqa: PLC0415 - 0.6 s, paid only where it is used

    return MinHashLSH(num_perm=NUM_PERMUTATIONS, params=choose_bands(threshold))
