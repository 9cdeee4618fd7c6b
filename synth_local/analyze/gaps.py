"""Does the gap between real and synthetic training fall as annotators agree?

The primary analysis. The unit is the test item: its gap is the share of seeds that are right after
training on real data, minus the same share after training on synthetic data. A negative slope says
that synthetic data loses more where annotators disagree.

Figures are conditional on the students, and on few annotators per item: agreement among three of
them is a rough measure of how disputed an item is, which draws the slope towards 0. Knows nothing
of texts and label names.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synth_local.analyze.lines import bound_mean, bound_slope, fit_line, rank_points, varies
from synth_local.core.stats import FloatArray
from synth_local.records import Interval

BoolArray = npt.NDArray[np.bool_]

MIN_ITEMS = 10
#: Items that must lie off the commonest level of agreement: with fewer, a slope rests on a handful.
MIN_APART = 5
MOST_LEVELS = 6


@dataclass(frozen=True, slots=True)
class PairedItems:
    """What two students make of the same test items, and how far annotators agree on these.

    Attributes:
        agreement: (items,) in [0, 1], a_i or the share of agreeing pairs; items without agreement
            are left out beforehand.
        is_tie: (items,) whether annotators left the item without a majority.
        real: (items, seeds) 1 where the student trained on real data is right, else 0.
        synthetic: (items, seeds) the same for synthetic data; it may have other seeds.
    """

    agreement: FloatArray
    is_tie: BoolArray
    real: npt.NDArray[np.generic]
    synthetic: npt.NDArray[np.generic]

    def __post_init__(self) -> None:
        """Check shapes and ranges.

        Raises:
            ValueError: shapes that do not fit, no seeds, or values out of range.
        """
        num_items = len(self.agreement)
        if self.agreement.shape != (num_items,) or self.is_tie.shape != (num_items,):
            msg = f"agreement {self.agreement.shape} and is_tie {self.is_tie.shape} do not fit"
            raise ValueError(msg)
        if not np.all((self.agreement >= 0) & (self.agreement <= 1)):
            raise ValueError("agreement is a share in [0, 1] of every item")
        for name, correct in (("real", self.real), ("synthetic", self.synthetic)):
            if correct.ndim != 2 or len(correct) != num_items or not correct.shape[1]:
                raise ValueError(f"{name} {correct.shape} is not ({num_items}, seeds)")
            if not np.isin(correct, (0, 1)).all():
                raise ValueError(f"{name} holds other values than 0 and 1")

    def keep(self, kept: BoolArray) -> PairedItems:
        """Return the items for which ``kept`` holds, in their order."""
        return PairedItems(
            self.agreement[kept], self.is_tie[kept], self.real[kept], self.synthetic[kept]
        )

    def measure_gaps(self) -> FloatArray:
        """Return (items,) real minus synthetic shares of seeds that are right, in [-1, 1]."""
        num_real, num_synthetic = self.real.shape[1], self.synthetic.shape[1]
        right_real = self.real.astype(np.int64).sum(axis=1)
        right_synthetic = self.synthetic.astype(np.int64).sum(axis=1)
        # one division: among differences of shares, 1 - 2/3 is not 1/3 - 0, and ranks would tell
        apart = right_real * num_synthetic - right_synthetic * num_real
        gaps: FloatArray = apart / (num_real * num_synthetic)
        return gaps


@dataclass(frozen=True, slots=True)
class GapTrend:
    """How the gap changes with agreement over the items of a task.

    Attributes:
        mean_gap: real minus synthetic accuracy, in [-1, 1]; ``None`` without items.
        slope: change of the gap per unit of agreement, with an interval over items;
            negative where synthetic data loses more on disputed items.
        spearman: rank correlation of agreement and gap, in [-1, 1].
        p_value: two-sided, of the slope; from the same t as its interval.
        reason: why slope, correlation and p value are ``None``; empty where they are not.
    """

    num_items: int
    mean_gap: float | None
    slope: Interval | None
    spearman: float | None
    p_value: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TieTrends:
    """The trend over all items, and over those with a majority.

    Attributes:
        excluded: over items that are no tie; the gold label of a tie is somebody's decision.
        num_ties: items that make the difference.
    """

    included: GapTrend
    excluded: GapTrend
    num_ties: int


@dataclass(frozen=True, slots=True)
class GapLevel:
    """The items of one level of agreement.

    Attributes:
        highest: largest agreement among them; equal to ``lowest`` where a level is one value.
        num_items: at least 1.
        real: mean accuracy after training on real data, in [0, 1].
        synthetic: the same for synthetic data.
        gap: ``real`` minus ``synthetic``.
        interval: of the gap, over the level's items; ``None`` with fewer than
            ``MIN_ITEMS`` of them, and where all have the same gap.
    """

    lowest: float
    highest: float
    num_items: int
    real: float
    synthetic: float
    gap: float
    interval: Interval | None


def fit_trend(items: PairedItems) -> GapTrend:
    """Return how the gap changes with agreement.

    Args:
        items: of one task and one pair of conditions, in any order.

    Returns:
        The trend; without slope, and with the reason, where there are fewer than ``MIN_ITEMS``
        items, fewer than ``MIN_APART`` of them off the commonest agreement, or all gaps are equal.
    """
    gaps = items.measure_gaps()
    num_items = len(gaps)
    mean_gap = float(gaps.mean()) if num_items else None
    if reason := _explain_absence(items.agreement, gaps):
        return GapTrend(num_items, mean_gap, None, None, None, reason)
    slope = bound_slope(items.agreement, gaps)
    return GapTrend(
        num_items=num_items,
        mean_gap=mean_gap,
        slope=slope.interval,
        spearman=rank_points(items.agreement, gaps),
        p_value=slope.p_value,
    )


def compare_ties(items: PairedItems) -> TieTrends:
    """Return the trend with ties included and with ties excluded.

    Args:
        items: of one task and one pair of conditions, in any order.
    """
    return TieTrends(
        included=fit_trend(items),
        excluded=fit_trend(items.keep(~items.is_tie)),
        num_ties=int(items.is_tie.sum()),
    )


def measure_levels(items: PairedItems) -> tuple[GapLevel, ...]:
    """Return the gap by level of agreement, for a table or a figure.

    A level is one value of agreement where there are at most ``MOST_LEVELS`` values. Otherwise
    levels are that many bins of about equally many items; equal values are never parted, so that
    there may be fewer bins.

    Args:
        items: of one task and one pair of conditions, in any order.

    Returns:
        Levels from low to high agreement; each item is in one of them.
    """
    numbers = number_levels(items.agreement)
    return tuple(_measure_level(items.keep(numbers == number)) for number in np.unique(numbers))


def number_levels(agreement: FloatArray) -> npt.NDArray[np.int64]:
    """Return the level of each item, as ``measure_levels`` takes it.

    Args:
        agreement: (items,) in [0, 1].

    Returns:
        (items,) numbers that rise with agreement; some numbers may be unused.
    """
    values, numbers = np.unique(agreement, return_inverse=True)
    if len(values) <= MOST_LEVELS:
        return np.asarray(numbers, dtype=np.int64)
    shares = np.linspace(0, 1, MOST_LEVELS + 1)[1:-1]
    edges = np.quantile(agreement, shares, method="inverted_cdf")
    return np.searchsorted(edges, agreement, side="left").astype(np.int64)


def _measure_level(items: PairedItems) -> GapLevel:
    gaps = items.measure_gaps()
    lowest, highest = float(items.agreement.min()), float(items.agreement.max())
    has_interval = len(gaps) >= MIN_ITEMS and varies(gaps)
    return GapLevel(
        lowest=lowest,
        highest=highest,
        num_items=len(gaps),
        real=float(items.real.astype(np.float64).mean()),
        synthetic=float(items.synthetic.astype(np.float64).mean()),
        gap=float(gaps.mean()),
        interval=bound_mean(gaps) if has_interval else None,
    )


def _explain_absence(agreement: FloatArray, gaps: FloatArray) -> str:
    """Return why there is no trend to fit, or nothing."""
    num_items = len(gaps)
    if num_items < MIN_ITEMS:
        return f"a trend needs {MIN_ITEMS} items with agreement, there are {num_items}"
    values, counts = np.unique(agreement, return_counts=True)
    common, num_apart = values[counts.argmax()], num_items - int(counts.max())
    if not num_apart:
        return f"agreement does not vary: it is {common:.3g} for all {num_items} items"
    if num_apart < MIN_APART:
        return (
            f"agreement hardly varies: it is {common:.3g} for all but {num_apart} of {num_items} "
            f"items, and a trend needs {MIN_APART}"
        )
    if not varies(gaps):
        return f"the gap does not vary: it is {gaps[0]:.3g} for all {num_items} items"
    r_squared = fit_line(agreement, gaps).r_squared
    if r_squared is not None and r_squared > 1 - 1e-9:
        return "the gap does not scatter: all items lie on one line, and no error can be told"
    return ""
