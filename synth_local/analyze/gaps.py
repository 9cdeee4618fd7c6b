"""Does the gap between real and synthetic training fall as annotators agree?

The primary analysis. The unit is the test item: its gap is the share of seeds that are right after
training on real data, minus the same share after training on synthetic data. A negative slope says
that synthetic data loses more where annotators disagree.

Figures are conditional on the students, and on few annotators per item: agreement among three of
them is a rough measure of how disputed an item is, which draws the slope towards 0. Knows nothing
of texts and label names.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from synth_local.analyze.lines import bound_mean, bound_slope, fit_line, rank_points, varies
from synth_local.analyze.summary import Level, Trend
from synth_local.core.stats import FloatArray

BoolArray = npt.NDArray[np.bool_]

MIN_ITEMS = 10
#: Items that must lie off the commonest level of agreement: with fewer, a slope rests on a handful.
MIN_APART = 5
MOST_LEVELS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedItems:
    """What two students make of the same test items, and how far annotators agree on these.

    Attributes:
        agreement: (items,) in [0, 1], a_i or the share of agreeing pairs; items without agreement
            are left out beforehand.
        is_tie: (items,) whether annotators left the item without a majority.
        real: (items, seeds) 1 where the student trained on real data is right, else 0.
        synthetic: (items, seeds) the same for synthetic data; it may have other seeds.
        condition: name of the condition with synthetic data, which records carry.
        partner: name of the one with real data.
    """

    agreement: FloatArray
    is_tie: BoolArray
    real: npt.NDArray[np.generic]
    synthetic: npt.NDArray[np.generic]
    condition: str = ""
    partner: str = ""

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
        return replace(
            self,
            agreement=self.agreement[kept],
            is_tie=self.is_tie[kept],
            real=self.real[kept],
            synthetic=self.synthetic[kept],
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


def fit_trend(items: PairedItems, *, ties: bool = True) -> Trend:
    """Return how the gap changes with agreement.

    Args:
        items: of one task and one pair of conditions, in any order.
        ties: whether the items may be ties: as the record says it.

    Returns:
        The trend; without slope, and with the reason, where there are fewer than ``MIN_ITEMS``
        items, fewer than ``MIN_APART`` of them off the commonest agreement, or all gaps are equal.
    """
    gaps = items.measure_gaps()
    num_items = len(gaps)
    mean_gap = float(gaps.mean()) if num_items else None
    trend = Trend(
        condition=items.condition,
        partner=items.partner,
        ties=ties,
        num_items=num_items,
        mean_gap=mean_gap,
        reason=_explain_absence(items.agreement, gaps),
    )
    if trend.reason:
        return trend
    slope = bound_slope(items.agreement, gaps)
    return replace(
        trend,
        slope=slope.interval,
        spearman=rank_points(items.agreement, gaps),
        p_value=slope.p_value,
    )


def compare_ties(items: PairedItems) -> tuple[Trend, ...]:
    """Return the trend over items that are no tie and, where there are ties, that over all items.

    The gold label of a tie is somebody's decision.

    Args:
        items: of one task and one pair of conditions, in any order.
    """
    without = fit_trend(items.keep(~items.is_tie), ties=False)
    return (without, fit_trend(items)) if items.is_tie.any() else (without,)


def measure_levels(items: PairedItems) -> tuple[Level, ...]:
    """Return the gap by level of agreement, for a table or a figure.

    A level is one value of agreement where there are at most ``MOST_LEVELS`` values. Otherwise
    levels are that many bins of about equally many items; equal values are never parted, so that
    there may be fewer bins.

    Args:
        items: of one task and one pair of conditions, in any order.

    Returns:
        Levels from low to high agreement; each item is in one of them. Nothing of what single
        annotators do on them.
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


def _measure_level(items: PairedItems) -> Level:
    gaps = items.measure_gaps()
    lowest, highest = float(items.agreement.min()), float(items.agreement.max())
    has_interval = len(gaps) >= MIN_ITEMS and varies(gaps)
    return Level(
        condition=items.condition,
        lowest=lowest,
        highest=highest,
        num_items=len(gaps),
        real=float(items.real.astype(np.float64).mean()),
        synthetic=float(items.synthetic.astype(np.float64).mean()),
        gap=bound_mean(gaps) if has_interval else None,
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
