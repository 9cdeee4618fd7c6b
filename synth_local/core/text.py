"""What it means for two texts to be the same, or nearly so.

``match_key`` is the one definition of a verbatim match: NFKC, case folded, letters and digits
only. ``shingles`` are the character 5-grams that near-duplicates and copies are measured on.
"""

from __future__ import annotations

import re
import unicodedata

SHINGLE = 5
_MARKS = re.compile(r"[\W_]+")  # what str.isalnum() denies, at a third of the time
# white space, control characters, and what Unicode calls ignorable where it is displayed: marks of
# direction and width, fillers, variation selectors, tags
_INVISIBLE = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]*"
)


def match_key(text: str) -> str:
    """Return the text's identity for verbatim matches; empty where nothing but marks is left."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _MARKS.sub("", folded)


def fold_spaces(text: str) -> str:
    """Return ``text`` normalised by NFKC and case, runs of white space as one blank."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def shingles(text: str) -> frozenset[str]:
    """Return the character 5-shingles of the folded text; a shorter text is its own shingle."""
    folded = fold_spaces(text)
    if len(folded) <= SHINGLE:
        return frozenset([folded]) if folded else frozenset()
    return frozenset(folded[i : i + SHINGLE] for i in range(len(folded) - SHINGLE + 1))


def identify(text: str) -> str:
    """Return what two texts share when they are verbatim the same.

    Returns:
        ``match_key``; for texts without a letter or digit (a smiley) the text itself with case and
        spaces folded, since they are not all the same text.
    """
    return match_key(text) or fold_spaces(text)


def is_invisible(text: str) -> bool:
    """Return whether a reader would see nothing: blanks, zero-width or control characters alone."""
    return _INVISIBLE.fullmatch(text) is not None
