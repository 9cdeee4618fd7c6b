"""The gap by item: slopes, levels and threshold curves where the truth is known.

Annotators are simulated one by one where that matters: an item's agreement among three of them is
a rough reading of how disputed it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, linregress, spearmanr

from synth_local.analyze.agreement import measure_item
from synth_local.analyze.gaps import PairedItems, compare_ties, fit_trend, measure_levels
from synth_local.analyze.thresholds import trace_curve
from synth_local.core.stats import FloatArray
from tests.analyze.made_items import FALLING, FLAT, HARD, LEVELS, simulate
from tests.controls.record import Control

WORLDS = {"flat": FLAT, "hard items vary more": HARD, "falling": FALLING}
FALL = 0.6


def check_slope(num: int, name: str, num_items: int) -> Control:
    """Return how often intervals of the slope hold it, agreement being known without error."""
    rng, world = np.random.default_rng(11), WORLDS[name]
    gaps = np.array(world.real) - np.array(world.synthetic)
    truth = float(np.polyfit(LEVELS, gaps, 1)[0])
    held = tried = 0
    while tried < num:
        slope = fit_trend(simulate(rng, world, num_items)).slope
        if slope is None:
            continue
        held, tried = held + (slope.low <= truth <= slope.high), tried + 1
    return Control(
        "slope of the gap, interval", f"{num_items} items, {name}", "covers", 0.95, held / num, num
    )


def check_slope_alarms(num: int, name: str, num_items: int) -> Control:
    """Return how often a slope is found where there is none."""
    rng, world = np.random.default_rng(12), WORLDS[name]
    alarms = tried = 0
    while tried < num:
        p = fit_trend(simulate(rng, world, num_items)).p_value
        if p is None:
            continue
        alarms, tried = alarms + (p <= 0.05), tried + 1
    return Control(
        "slope of the gap, p", f"{num_items} items, {name}", "alarms", 0.05, alarms / num, num
    )


def check_levels(num: int, num_items: int) -> Control:
    """Return how often intervals of the gap at one level of agreement hold it."""
    rng = np.random.default_rng(13)
    truths = dict(zip(LEVELS, np.array(FALLING.real) - np.array(FALLING.synthetic), strict=True))
    held = shown = 0
    for _ in range(num):
        for level in measure_levels(simulate(rng, FALLING, num_items)):
            if level.gap is None:
                continue
            truth = truths[level.lowest]
            held, shown = held + (level.gap.low <= truth <= level.gap.high), shown + 1
    design = f"{num_items} items on three levels, {shown:,} intervals"
    return Control("gap at a level, interval", design, "covers", 0.95, held / shown, num)


@dataclass(frozen=True)
class Crowd:
    """Items of which each annotator gives the true label with the item's own chance.

    Attributes:
        num_annotators: of every item.
        fall: how much the gap grows from full agreement to none.
    """

    num_annotators: int
    fall: float = FALL

    def draw(self, rng: np.random.Generator, num_items: int) -> tuple[PairedItems, FloatArray]:
        """Return items as the tool would see them, and the true agreement of each."""
        chance = 0.5 + 0.5 * np.sqrt(rng.random(num_items))  # true agreement, half to all
        said = rng.random((num_items, self.num_annotators)) < chance[:, None]
        found = [measure_item(["x" if one else "y" for one in row]) for row in said]
        agreement = np.array([one.share for one in found if one is not None])
        is_tie = np.array([one.is_tie for one in found if one is not None])
        real, synthetic = 0.35 + 0.6 * chance, 0.35 + 0.6 * chance - self.fall * (1 - chance)
        ease = rng.random(num_items)[:, None]
        sides = [
            np.where(rng.random((num_items, 3)) < 0.6, ease, rng.random((num_items, 3)))
            < skill[:, None]
            for skill in (real, synthetic)
        ]
        return PairedItems(
            agreement=agreement, is_tie=is_tie, real=sides[0], synthetic=sides[1]
        ), chance

    def attenuate(self) -> float:
        """Return the slope on observed agreement as a share of that on true agreement."""
        chance = 0.5 + 0.5 * np.sqrt((np.arange(4000) + 0.5) / 4000)
        counts = np.arange(self.num_annotators + 1)
        shares = np.maximum(counts, self.num_annotators - counts) / self.num_annotators
        weights = binom.pmf(counts, self.num_annotators, chance[:, None])  # (items, counts)
        expected = weights @ shares
        spread = (weights @ shares**2).mean() - expected.mean() ** 2
        return float(((chance - chance.mean()) * expected).mean() / spread)


def check_crowd(num: int, num_annotators: int, num_items: int = 200) -> list[Control]:
    """Return what intervals of the slope hold where few annotators say how disputed items are."""
    rng, crowd = np.random.default_rng(14), Crowd(num_annotators)
    share = crowd.attenuate()
    held = held_true = 0
    for _ in range(num):
        slope = fit_trend(crowd.draw(rng, num_items)[0]).slope
        assert slope is not None
        held += slope.low <= -FALL * share <= slope.high
        held_true += slope.low <= -FALL <= slope.high
    design = f"{num_items} items, {num_annotators} annotators each, 3 seeds"
    note = (
        f"not claimed: the slope on observed agreement is {share:.2f} times that on true agreement"
    )
    name = "slope of the gap, interval"
    return [
        Control(f"{name}: observed agreement", design, "covers", 0.95, held / num, num),
        Control(f"{name}: true agreement", design, "not claimed", 0.95, held_true / num, num, note),
    ]


def check_crowd_alarms(num: int, num_annotators: int, num_items: int = 200) -> list[Control]:
    """Return how often a slope is found where both students find disputed items equally hard."""
    rng, crowd = np.random.default_rng(15), Crowd(num_annotators, fall=0.0)
    alarms = np.zeros(2)
    for _ in range(num):
        found = compare_ties(crowd.draw(rng, num_items)[0])
        p_values = [one.p_value for one in (found[-1], found[0])]  # ties in where there are any
        alarms += [p is not None and p <= 0.05 for p in p_values]
    design = f"{num_items} items, {num_annotators} annotators each, disputed items hard for both"
    kept = ("ties in", "ties left out") if num_annotators % 2 == 0 else ("no ties",)
    return [
        Control(f"slope of the gap, p ({ties})", design, "alarms", 0.05, alarms[place] / num, num)
        for place, ties in enumerate(kept)
    ]


def check_gold(num: int, num_others: int = 0, num_items: int = 200) -> Control:
    """Return how often a slope is found of a steady gap where people decide the gold labels.

    Args:
        num: draws.
        num_others: odd number of further people whose majority is gold; 0: gold is the majority of
            the three annotators themselves.
        num_items: test items.
    """
    rng = np.random.default_rng(16)
    alarms, slopes = 0, []
    for _ in range(num):
        chance = 0.5 + 0.5 * np.sqrt(rng.random(num_items))
        wins = (rng.random((num_items, 3)) < chance[:, None]).sum(axis=1)
        judges = rng.random((num_items, num_others)) < chance[:, None]
        is_gold_right = judges.mean(axis=1) > 0.5 if num_others else wins > 1.5
        sides = [
            (rng.random((num_items, 3)) < skill) == is_gold_right[:, None] for skill in (0.95, 0.65)
        ]
        agreement = np.maximum(wins, 3 - wins) / 3
        is_tie = np.zeros(num_items, dtype=bool)
        found = fit_trend(
            PairedItems(agreement=agreement, is_tie=is_tie, real=sides[0], synthetic=sides[1])
        )
        assert found.slope is not None
        assert found.p_value is not None
        alarms += found.p_value <= 0.05
        slopes.append(found.slope.point)
    who = f"{num_others} other people" if num_others else "these same annotators"
    return Control(
        "slope of the gap, p, read as being about the true labels",
        f"{num_items} items, 3 annotators each, a steady gap of 0.30; gold is the majority of "
        f"{who}; mean slope {np.mean(slopes):+.2f}",
        "not claimed",
        0.05,
        alarms / num,
        num,
        "not claimed: where gold is wrong the gap turns over, so that it shrinks on disputed items",
    )


def check_thresholds(num: int, num_annotators: int, num_items: int = 300) -> list[Control]:
    """Return how often the points of a threshold curve would be taken for a trend."""
    rng = np.random.default_rng(17)
    by_line = by_rank = tried = 0
    fits: list[float] = []
    for _ in range(num):
        chance = 0.5 + 0.5 * np.sqrt(rng.random(num_items))
        wins = rng.binomial(num_annotators, chance)
        agreement = np.maximum(wins, num_annotators - wins) / num_annotators
        curve = trace_curve(agreement, rng.random((num_items, 3)) < 0.8)
        x, y = curve.thresholds, curve.accuracies
        if curve.r_squared is None:
            continue
        tried += 1
        fits.append(curve.r_squared)
        by_line += linregress(x, y).pvalue <= 0.05
        by_rank += spearmanr(x, y).pvalue <= 0.05
    design = (
        f"{num_items} items, {num_annotators} annotators each, accuracy the same at all agreement; "
        f"median R squared {np.median(fits):.2f}"
    )
    note = "not printed: points share items, and the page says so instead of a p value"
    return [
        Control(name, design, "not claimed", 0.05, alarms / tried, tried, note)
        for name, alarms in (
            ("threshold curve, p that a line would have", by_line),
            ("threshold curve, p that Spearman would have", by_rank),
        )
    ]
