"""Diversity on the surface: shares of distinct word n-grams, and how well texts compress.

All of it depends on how many texts there are and how long they are: compare equal numbers, and
read differences between texts of very different length with care.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synth_local.core.text import fold_spaces
from synth_local.errors import UndefinedMetricError
from synth_local.measure.neighbours import BoolArray

WordArray = NDArray[np.int64]

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
#: zlib's default. Its window of 32 KiB sees repeats among neighbouring texts only.
COMPRESSION_LEVEL = 6


def number_words(texts: Sequence[str]) -> list[WordArray]:
    """Return each text's words as numbers from 0, the same for the same word everywhere.

    Words are runs of letters and digits, apostrophes inside included, case folded.
    """
    numbers: dict[str, int] = {}
    return [
        np.array(
            [numbers.setdefault(word, len(numbers)) for word in _WORD.findall(fold_spaces(text))],
            dtype=np.int64,
        )
        for text in texts
    ]


@dataclass(frozen=True, slots=True)
class NgramTable:
    """The word n-grams of several texts as numbers.

    Attributes:
        ids: (n-grams in all,) equal n-grams have equal numbers, from 0.
        owners: (n-grams in all,) the text that each is from.
        num_distinct: how many different ones there are.
    """

    ids: NDArray[np.int64]
    owners: NDArray[np.int64]
    num_distinct: int

    def distinct(self, members: BoolArray | None = None) -> float:
        """Return distinct n-grams per n-gram of all texts, or of a subset of them.

        Args:
            members: (texts,) which texts count; all by default.

        Returns:
            In (0, 1]; 1 where no n-gram comes twice, higher is more diverse.

        Raises:
            UndefinedMetricError: no text is long enough for one.

        References:
            J. Li et al. (2016), A Diversity-Promoting Objective Function for Neural Conversation
            Models. https://arxiv.org/abs/1510.03055
        """
        ids = self.ids if members is None else self.ids[members[self.owners]]
        if not len(ids):
            raise UndefinedMetricError("no text has enough words for an n-gram of that length")
        is_seen = np.zeros(self.num_distinct, dtype=np.bool_)
        is_seen[ids] = True
        return float(is_seen.sum() / len(ids))


def tabulate_ngrams(words: Sequence[WordArray], order: int) -> NgramTable:
    """Return the n-grams of ``order`` words, none across two texts; up to 2 million words."""
    flat = np.concatenate([*words, np.empty(0, dtype=np.int64)])
    owners = np.repeat(np.arange(len(words)), [len(word) for word in words])
    base = int(flat.max(initial=0)) + 1
    num = max(0, len(flat) - order + 1)
    keys = np.zeros(num, dtype=np.int64)
    for offset in range(order):
        keys = keys * base + flat[offset : offset + num]
    is_whole = owners[:num] == owners[order - 1 : order - 1 + num]
    distinct, ids = np.unique(keys[is_whole], return_inverse=True)
    return NgramTable(ids, owners[:num][is_whole], len(distinct))


def compression_ratio(texts: Sequence[str]) -> float:
    """Return how many times smaller the texts get, one per line in the given order, by zlib.

    Args:
        texts: at least one that is not empty; their order matters a little.

    Returns:
        Bytes of UTF-8 before / after; higher is more repetitive. Some 2.5 for English prose.

    Raises:
        UndefinedMetricError: nothing to compress.

    References:
        C. Shaib et al. (2024), Standardizing the Measurement of Text Diversity: A Tool and a
        Comparative Analysis of Scores. https://arxiv.org/abs/2403.00553
    """
    data = "\n".join(texts).encode("utf-8", "replace")
    if not data:
        raise UndefinedMetricError("there is no text to compress")
    return len(data) / len(zlib.compress(data, COMPRESSION_LEVEL))
