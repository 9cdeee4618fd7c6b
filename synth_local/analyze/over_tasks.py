"""What a condition does over all tasks of a run: its mean gap, and whether exemplars help.

The unit is the task: intervals and signs speak of further tasks like these, whatever the number of
texts in each. Chance in items and training is a part of what differs from task to task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from synth_local.analyze.lines import bound_mean, varies
from synth_local.records import Interval

LEAST_TASKS = 2
#: With fewer tasks no sign test can reach .05: five alike have 2 / 2 ** 5 = .0625.
ENOUGH_TASKS = 6
#: Differences of scores closer than this are ties: sums of floats are not exact.
NO_DIFFERENCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class SignTest:
    """In how many tasks one strategy scores higher than another.

    Attributes:
        against: the strategy without exemplars.
        num_higher: tasks in which the strategy with exemplars scores higher.
        num_lower: tasks in which it scores lower.
        num_ties: tasks in which both score the same: left out.
        p_value: exact binomial, two-sided; 1 where all are ties.
    """

    against: str
    num_higher: int
    num_lower: int
    num_ties: int
    p_value: float

    @property
    def can_tell(self) -> bool:
        """Return whether a p of .05 could have come out."""
        return self.num_higher + self.num_lower >= ENOUGH_TASKS


@dataclass(frozen=True, slots=True, kw_only=True)
class OverTasks:
    """What a condition does over all tasks.

    Attributes:
        condition: source, generator, strategy and student, joined as in a cell's name.
        num_tasks: tasks with a gap to real, at least 2; 0 where nothing is compared with real.
        gap: mean over tasks of real minus condition, macro-F1, in [-1, 1]; ``None`` without one.
        interval: of the gap, over tasks; ``None`` also where all tasks have the same gap.
        signs: exemplars against none, a test for each strategy without.
    """

    condition: str
    num_tasks: int = 0
    gap: float | None = None
    interval: Interval | None = None
    signs: tuple[SignTest, ...] = ()


def bound_gap(gaps: Sequence[float]) -> Interval | None:
    """Return the mean gap over tasks with Student's interval.

    Args:
        gaps: one per task, two or more.

    Returns:
        The mean, cut off at -1 and 1; ``None`` where all are the same.
    """
    values = np.asarray(gaps, dtype=float)
    if len(values) < LEAST_TASKS or not varies(values):
        return None
    found = bound_mean(values)
    return Interval(found.point, max(-1.0, found.low), min(1.0, found.high), found.level)


def count_signs(against: str, differences: Sequence[float]) -> SignTest:
    """Return in how many tasks a strategy with exemplars scores higher than one without.

    Args:
        against: the strategy without exemplars.
        differences: with minus without, one per task.

    References:
        W. J. Conover (1999), Practical Nonparametric Statistics, section 3.4: ties are left out.
    """
    higher = sum(difference > NO_DIFFERENCE for difference in differences)
    lower = sum(difference < -NO_DIFFERENCE for difference in differences)
    p_value = float(binomtest(higher, higher + lower).pvalue) if higher + lower else 1.0
    return SignTest(
        against=against,
        num_higher=higher,
        num_lower=lower,
        num_ties=len(differences) - higher - lower,
        p_value=p_value,
    )
