"""Counts in = accepted + drops: what the manifest says of each label.

Also counts rows that come near a text of the test split and were kept all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from synth_local.curate.reasons import REASONS
from synth_local.curate.reference import Reference
from synth_local.curate.select import Selection
from synth_local.records import Example


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """What became of the slots of one label.

    Attributes:
        admitted: slots in all; the sum of the others.
        drops: number by reason, in the order of ``reasons.REASONS``; reasons that never applied
            are left out.
    """

    admitted: int
    accepted: int
    drops: dict[str, int]


def count_outcomes(selection: Selection, labels: Sequence[str]) -> dict[str, LabelCounts]:
    """Return the counts of each label, in the order of ``labels``."""
    accepted = Counter(outcome.turn.slot.label for outcome in selection.accepted)
    dropped = Counter((drop.turn.slot.label, drop.verdict.reason) for drop in selection.drops)
    found = {}
    for label in labels:
        drops = {reason: dropped[label, reason] for reason in REASONS if dropped[label, reason]}
        unknown = {why: n for (of, why), n in dropped.items() if of == label and why not in REASONS}
        drops |= unknown  # a later version's ledger: counted all the same
        found[label] = LabelCounts(accepted[label] + sum(drops.values()), accepted[label], drops)
    return found


@dataclass(frozen=True, slots=True)
class NearTest:
    """An accepted row that comes near a test text without being equal to it.

    Attributes:
        test_id: of the test text that holds most of its 5-shingles.
        share: how much of them, in (0, 1].
    """

    id: str
    test_id: str
    share: float


def find_near_test(
    rows: Iterable[Example], reference: Reference, max_copy: float
) -> list[NearTest]:
    """Return the rows of whose 5-shingles more than ``max_copy`` stand in one test text.

    There are some where near matches are kept; they are stated beside the corpus.
    """
    found = []
    for row in rows:
        match = reference.find_near_test(row.text, above=max_copy)
        if match is not None:
            found.append(NearTest(row.id, match.id, match.share))
    return found
