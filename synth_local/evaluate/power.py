"""What a run will be able to tell, before anything is spent: from the number of test texts alone.

Two students answer the same texts; they can only be told apart on those where one is right and the
other is wrong. Seeds and corpora come on top, and nobody knows them yet: this is the best case.
Light and pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Share of the texts on which two students of about equal skill differ in being right; a guess
#: from runs of this toolkit (0.05 to 0.15), and for the margin a number to plan with.
USUAL_SHARE = 0.10
Z_TWO_SIDED = 1.959964  # of 95 %
Z_POWER = 0.841621  # of 80 %


@dataclass(frozen=True, slots=True)
class Reach:
    """What a number of test texts can tell.

    Attributes:
        half_width: of the interval of a gap, in accuracy; of macro-F1 about the same where labels
            are balanced, and more where they are not.
        margin: the largest gap that is small enough.
        num_wanted: test texts with which two truly equal students would be called as good within
            the margin four times in five; ``None`` for a margin of 0.
    """

    num_test: int
    half_width: float
    margin: float
    num_wanted: int | None


def foresee(num_test: int, margin: float, share: float = USUAL_SHARE) -> Reach:
    """Return what so many test texts can tell.

    Args:
        num_test: test texts, at least 1.
        margin: the largest gap that is small enough, at least 0.
        share: of the texts on which the two students differ in being right, in (0, 1].

    Returns:
        The half width of the 95 % interval and the texts that 80 % power takes, by the normal
        approximation.
    """
    half = Z_TWO_SIDED * math.sqrt(share / num_test)
    wanted = (Z_TWO_SIDED + Z_POWER) ** 2 * share / margin**2 if margin else None
    return Reach(num_test, half, margin, None if wanted is None else math.ceil(wanted))
