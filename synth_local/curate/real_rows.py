"""Holding real training rows to what synthetic ones are held to: length, repeats, near matches.

The same thresholds and the same functions as for completions, so that neither side keeps what the
other loses. Test rows are never left out. Which of several repeats stays depends on texts alone,
never on the order of a file. Knows nothing about how rows are split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synth_local.core.hashing import digest_json
from synth_local.core.text import match_key
from synth_local.curate.reasons import TOO_LONG, TOO_SHORT
from synth_local.curate.reference import Reference
from synth_local.curate.rows import check_length
from synth_local.records import Example
from synth_local.task.file_facts import NEAR_TEST, REPEAT, TOO_FEW_WORDS, TOO_MANY_WORDS
from synth_local.task.splits import Screened

#: Raise by hand when a rule changes what it leaves out.
SCREEN_VERSION = 1
_SPELLED = {TOO_SHORT: TOO_FEW_WORDS, TOO_LONG: TOO_MANY_WORDS}


@dataclass(frozen=True, slots=True)
class RealScreen:
    """Says which real rows may not be trained on.

    Attributes:
        min_words: fewest words of a text.
        max_words: most words that the prompt allows, with the same tolerance as for completions;
            ``None`` is no bound.
        max_copy: a text of whose 5-shingles a larger share stands in one test text is a near
            match, in (0, 1].
        drops_near_test: near matches are left out, and not only counted.
    """

    min_words: int
    max_words: int | None
    max_copy: float
    drops_near_test: bool

    def __call__(self, rows: Sequence[Example], test: Sequence[Example]) -> Screened:
        """Return which of ``rows`` are left out, each for one reason, and how many are near.

        Args:
            rows: that share no verbatim text with the test part.

        Returns:
            Reasons by row id, and the number of near matches, left out or not.
        """
        reference = Reference((), tuple(test))
        left_out: dict[str, str] = {}
        num_near = 0
        for row in rows:
            reason = _SPELLED.get(check_length(row.text, self.min_words, self.max_words), "")
            if not reason and reference.find_near_test(row.text, above=self.max_copy):
                num_near += 1
                reason = NEAR_TEST if self.drops_near_test else ""
            if reason:
                left_out[row.id] = reason
        kept = [row for row in rows if row.id not in left_out]
        return Screened(left_out | dict.fromkeys(_find_repeats(kept), REPEAT), num_near)


def _find_repeats(rows: Sequence[Example]) -> list[str]:
    """Return the ids of all rows but one of each text, which are equal in letters and digits."""
    first: dict[str, tuple[str, str]] = {}
    repeats = []
    for row in rows:
        key = match_key(row.text)
        rank = digest_json([row.text, row.label])
        if not key:
            continue  # marks alone are no repeat of each other
        if key not in first:
            first[key] = (rank, row.id)
            continue
        kept, other = sorted((first[key], (rank, row.id)))
        first[key] = kept
        repeats.append(other[1])
    return repeats
