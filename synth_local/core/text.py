"""What it means for two texts to be the same, or nearly so.

``match_key`` is the one definition of a verbatim match: NFKC, case folded, letters and digits
only. ``shingles`` are the character 5-grams that near-duplicates and copies are measured on.
"""

from __future__ import annotations

import unicodedata

SHINGLE = 5


def match_key(text: str) -> str:
    """Return the text's identity for verbatim matches; empty where nothing but marks is left."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())


def fold_spaces(text: str) -> str:
    """Return ``text`` normalised by NFKC and case, runs of white space as one blank."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def shingles(text: str) -> frozenset[str]:
    """Return the character 5-shingles of the folded text; a shorter text is its own shingle."""
    folded = fold_spaces(text)
    if len(folded) <= SHINGLE:
        return frozenset([folded]) if folded else frozenset()
    return frozenset(folded[i : i + SHINGLE] for i in range(len(folded) - SHINGLE + 1))
