"""Which of many texts holds the largest share of a text's shingles.

An inverted index in sorted numpy arrays. Knows nothing about labels, splits or thresholds' names.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synth_local.curate.shingle_hashes import HashArray, hash_shingles

MAX_TEXTS = 1 << 24
#: The share of the needed shingles that may stay uncounted at first: the most frequent ones, which
#: say least and cost most.
SKIPPED = 0.5


@dataclass(frozen=True, slots=True)
class Closest:
    """The indexed text that holds most of a text's shingles.

    Attributes:
        index: of the indexed text, from 0; the first of equals.
        share: of the asked text's distinct shingles, in [0, 1].
    """

    index: int
    share: float


@dataclass(frozen=True)
class ShingleIndex:
    """Shingles to the texts that hold them.

    Memory: 2 bytes per distinct shingle of each text (4 beyond 65,536 texts) and 16 bytes per
    distinct shingle of them all: 2 (film reviews) to 6 (few text messages) bytes per character of
    English. While it is built, some 10 bytes per character more.

    Attributes:
        keys: (distinct shingles,) ascending; the upper bits of their hashes.
        starts: (distinct shingles + 1,) where the texts of each begin.
        texts: (postings,) indices of texts, ascending within a shingle.
        num_texts: how many texts were indexed.
        shift: how many lower bits of a hash are left out in ``keys``.
    """

    keys: HashArray
    starts: NDArray[np.int64]
    texts: NDArray[np.uint16] | NDArray[np.uint32]
    num_texts: int
    shift: int

    @property
    def num_bytes(self) -> int:
        """Return the memory that the arrays take."""
        return self.keys.nbytes + self.starts.nbytes + self.texts.nbytes

    def closest(self, text: str, *, above: float = 0.0) -> Closest | None:
        """Return the indexed text that holds the largest share of ``text``'s shingles.

        Args:
            text: any text.
            above: shares up to this one do not matter, in [0, 1); a larger value is faster.

        Returns:
            ``None`` where no indexed text holds more than ``above`` of the shingles.
        """
        hashes = hash_shingles(text) >> np.uint64(self.shift)
        num = len(hashes)
        if not num or not len(self.keys):
            return None
        places = np.searchsorted(self.keys, hashes)
        places[places == len(self.keys)] = 0
        places = places[self.keys[places] == hashes]
        least = int(above * num + 1e-9) + 1  # shingles in common that are more than ``above``
        if len(places) < least:
            return None
        lengths = self.starts[places + 1] - self.starts[places]
        order = np.argsort(lengths, kind="stable")
        num_skipped = int(SKIPPED * (least - 1))
        rare, frequent = np.split(places[order], [len(order) - num_skipped])
        counts = np.bincount(self._gather(rare), minlength=self.num_texts)
        if num_skipped:
            counts = self._complete(counts, frequent, least)
        best = int(counts.argmax())
        return Closest(best, counts[best] / num) if counts[best] >= least else None

    def _gather(self, places: NDArray[np.int64]) -> NDArray[np.integer]:
        """Return the texts of several shingles, one after the other."""
        starts, ends = self.starts[places], self.starts[places + 1]
        lengths = ends - starts
        # positions within each list, shifted to where the list begins
        shifts = np.repeat(starts - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)
        found: NDArray[np.integer] = self.texts[np.arange(int(lengths.sum())) + shifts]
        return found

    def _complete(
        self, counts: NDArray[np.int64], frequent: NDArray[np.int64], least: int
    ) -> NDArray[np.int64]:
        """Return counts that are right for every text that can reach ``least``, else 0."""
        candidates = np.flatnonzero(counts + len(frequent) >= least)
        complete = np.zeros_like(counts)
        complete[candidates] = counts[candidates]
        for place in frequent if len(candidates) else ():
            texts = self.texts[self.starts[place] : self.starts[place + 1]]
            found = np.searchsorted(texts, candidates)
            found[found == len(texts)] = 0
            complete[candidates] += texts[found] == candidates
        return complete


def build_index(texts: Sequence[str]) -> ShingleIndex:
    """Return the index of ``texts``; their positions are what ``closest`` answers with.

    Args:
        texts: at most ``MAX_TEXTS``; a text without content is never found.

    Raises:
        ValueError: more than ``MAX_TEXTS`` texts.
    """
    if len(texts) > MAX_TEXTS:
        msg = f"{len(texts)} texts are more than the index takes ({MAX_TEXTS})"
        raise ValueError(msg)
    shift = max(16, (len(texts) - 1).bit_length())
    packed = _pack(texts, shift)
    packed.sort()
    numbers: NDArray[np.uint16] | NDArray[np.uint32]
    if shift == 16:
        numbers = packed.astype(np.uint16)  # cut to the lower bits
    else:
        numbers = packed.astype(np.uint32) & np.uint32((1 << shift) - 1)
    packed >>= np.uint64(shift)
    is_first = np.ones(len(packed), dtype=np.bool_)
    np.not_equal(packed[1:], packed[:-1], out=is_first[1:])
    firsts = np.flatnonzero(is_first)
    starts = np.append(firsts, len(packed)).astype(np.int64)
    return ShingleIndex(packed[firsts], starts, numbers, len(texts), shift)


def _pack(texts: Iterable[str], shift: int) -> HashArray:
    """Return every (shingle, text) as one number: the hash's upper bits, then the text's index.

    40 to 48 bits of hash are left: a foreign shingle is taken for a known one with a chance of
    less than 1 in 10**5 even among ten million distinct ones.
    """
    keep = ~np.uint64((1 << shift) - 1)
    packed = array("Q")  # grows in place, so that there is one copy at any time
    for index, text in enumerate(texts):
        packed.frombytes(((hash_shingles(text) & keep) | np.uint64(index)).tobytes())
    return np.frombuffer(packed, dtype=np.uint64)
