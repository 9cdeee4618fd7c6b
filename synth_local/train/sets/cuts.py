"""Drawing the rows of a training set: which ones a training seed takes, and how often.

The only place where a training set's counts meet rows. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from synth_local.core.hashing import derive_seed
from synth_local.records import Example


def take_rows(rows: Sequence[Example], counts: Mapping[str, int], seed: int) -> tuple[Example, ...]:
    """Return ``counts`` rows of each label: the first in the seed's order of their ids.

    The order depends on seed and id alone: a seed's smaller cut is part of its larger one, and
    cuts of one size are the same for all sources. A count beyond what there is repeats whole rows:
    all of them as often as it goes, the rest of it in the seed's order.

    Args:
        rows: with distinct ids, in any order.
        counts: rows by label, at least 0.

    Returns:
        The rows in their order in ``rows``, pass by pass over them.
    """
    copies: Counter[str] = Counter()
    for label, count in counts.items():
        ids = [row.id for row in rows if row.label == label]
        if not ids:
            continue
        passes, rest = divmod(count, len(ids))
        copies.update(dict.fromkeys(ids, passes))
        if rest:
            ids.sort(key=lambda one: (derive_seed(seed, "match", one), one))
            copies.update(ids[:rest])
    most = max(copies.values(), default=0)
    return tuple(row for number in range(most) for row in rows if copies[row.id] > number)
