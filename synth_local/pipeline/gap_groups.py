"""Which conditions have a gap to real that an analysis looks at, and what both sides got right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from synth_local.core.stats import IntArray
from synth_local.evaluate.groups import Group
from synth_local.train.students import READ_NOTHING


def pair_with_real(groups: Sequence[Group]) -> Iterator[tuple[Group, Group | None]]:
    """Yield each condition that has a gap to real, with its ``real`` partner.

    The pool alone is no synthetic condition, and a student that reads nothing has no gap worth
    the name: both are left out.

    Args:
        groups: conditions that have predictions.

    Yields:
        Group: a condition and its partner; ``None`` where the partner has no predictions.
    """
    by_condition = {group.condition: group for group in groups}
    for group in groups:
        one = group.condition
        if group.partner is None or one.source == "pool" or one.student in READ_NOTHING:
            continue
        yield group, by_condition.get(group.partner)


def mark_correct(group: Group) -> IntArray:
    """Return (items, seeds) 1 where the student is right, else 0."""
    return np.asarray((group.table.predicted == group.table.gold).T, dtype=np.int64)
