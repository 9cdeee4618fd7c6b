"""Which conditions have a gap to real that an analysis looks at, and what both sides got right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from synth_local.core.stats import IntArray
from synth_local.evaluate.groups import Group
from synth_local.evaluate.summary import FAMILIES, Condition
from synth_local.train.students import BASELINE_STUDENTS


class GapPair(NamedTuple):
    """A condition with its ``real`` partner, or with the reason why there is no gap to it."""

    group: Group
    partner: Group | None
    reason: str = ""


def pair_with_real(groups: Sequence[Group]) -> Iterator[GapPair]:
    """Yield each condition that has a gap to real, with its ``real`` partner.

    The pool alone is no synthetic condition, and a student that reads nothing has no gap worth
    the name: both are left out. A partner that calls all items the same has learnt nothing from
    real texts; what is missing to it says nothing of synthetic ones.

    Yields:
        GapPair: a condition and its partner, or why there is none.
    """
    by_condition = {group.condition: group for group in groups}
    wanted = {real for group in groups if (real := find_real(group)) is not None}
    only = {
        name: by_condition[name].sum_confusion().only_label for name in wanted & by_condition.keys()
    }
    for group in groups:
        one = group.condition
        real = find_real(group)
        if real is None or one.source == "pool" or one.student in BASELINE_STUDENTS:
            continue
        partner = by_condition.get(real)
        if partner is None:
            yield GapPair(group, None, f"{real.name} has no predictions")
        elif only[real]:
            yield GapPair(group, None, f"{real.name} calls all items {only[real]}")
        else:
            yield GapPair(group, partner)


def find_real(group: Group) -> Condition | None:
    """Return the condition of real rows alone that a group is compared with, or ``None``."""
    return next((partner for partner in group.partners if FAMILIES[partner.source] == "real"), None)


def mark_correct(group: Group) -> IntArray:
    """Return (items, seeds) 1 where the student is right, else 0."""
    return np.asarray((group.table.predicted == group.table.gold).T, dtype=np.int64)
