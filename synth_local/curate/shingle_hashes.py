"""Character 5-shingles as 64-bit numbers, the same in every process and on every machine.

The same shingles as ``core.text.shingles``, a thousand at a time. Two different shingles share a
number with a chance of about 1 in 2**64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synth_local.core.text import SHINGLE, fold_spaces

HashArray = NDArray[np.uint64]

_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))
_SHIFT = np.uint64(33)


def hash_shingles(text: str) -> HashArray:
    """Return the hashes of the distinct shingles of a text.

    Args:
        text: any text; it is folded (NFKC, case, white space) first.

    Returns:
        (shingles,) distinct, ascending; empty for a text without content, one hash for a text of
        up to five characters.
    """
    folded = fold_spaces(text)
    if not folded:
        return np.empty(0, dtype=np.uint64)
    data = folded.encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(data, dtype="<u4").astype(np.uint64)
    if len(codes) < SHINGLE:
        codes = np.pad(codes, (0, SHINGLE - len(codes)))
    num_windows = len(codes) - SHINGLE + 1
    hashes = codes[:num_windows]
    for offset in range(1, SHINGLE):  # wraps around: arithmetic modulo 2**64
        hashes = hashes * _BASE + codes[offset : offset + num_windows]
    hashes = mix_bits(hashes)
    hashes.sort()
    is_first = np.ones(len(hashes), dtype=np.bool_)  # ten times as fast as numpy.unique
    np.not_equal(hashes[1:], hashes[:-1], out=is_first[1:])
    return hashes[is_first]


def mix_bits(numbers: HashArray) -> HashArray:
    """Return the numbers with every bit spread over all bits, one to one.

    References:
        A. Appleby, MurmurHash3, the finaliser of the 64-bit variant.
    """
    for factor in _MIX:
        numbers = (numbers ^ (numbers >> _SHIFT)) * factor
    return numbers ^ (numbers >> _SHIFT)


def measure_jaccard(first: HashArray, second: HashArray) -> float:
    """Return the share of shingles in common, in [0, 1]; 0 where both are empty."""
    small, large = (first, second) if len(first) <= len(second) else (second, first)
    if not len(small):
        return 0.0
    places = np.searchsorted(large, small)
    places[places == len(large)] = 0
    common = int((large[places] == small).sum())
    return common / (len(small) + len(large) - common)
