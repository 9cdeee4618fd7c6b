"""Scores and differences of conditions: means over corpora and seeds, with their intervals.

All figures of one task rest on the same resamples of its test items, so that differences are
paired. Deterministic by seed. Knows nothing of files, texts or families of tests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from statsmodels.stats.multitest import multipletests

from synth_local.core.hashing import derive_seed
from synth_local.core.stats import (
    SCORES,
    FloatArray,
    LabelTable,
    bound_draws,
    draw_bootstrap,
    f1_of,
    permute_pairs,
    score_seeds,
    spread,
)
from synth_local.evaluate.components import (
    DIFFERENCE_ENDS,
    SCORE_ENDS,
    Uncertainty,
    find_score,
    measure_chance,
)
from synth_local.evaluate.groups import Group
from synth_local.evaluate.summary import Condition, ConditionScore, Difference, Family
from synth_local.records import Interval

#: Holm's smallest p value has to be able to fall below this in the largest family.
SMALLEST_P = 0.001
NUM_SWAPS = 9999


@dataclass(frozen=True, slots=True)
class Resampling:
    """How often items are drawn and swapped.

    Attributes:
        num_draws: bootstrap resamples behind an interval.
        num_swaps: random swaps behind a p value, which is at least ``1 / (1 + num_swaps)``; a
            large family takes more of them (``count_swaps``).
        level: coverage that intervals aim at.
    """

    num_draws: int = 2000
    num_swaps: int = NUM_SWAPS
    level: float = 0.95
    seed: int = 0

    def count_swaps(self, num_tests: int) -> int:
        """Return the swaps that let Holm's smallest p of a family fall below ``SMALLEST_P``."""
        if self.num_swaps < NUM_SWAPS:
            return self.num_swaps  # a quick look was asked for
        return max(self.num_swaps, math.ceil(num_tests / SMALLEST_P))


@dataclass(frozen=True, slots=True)
class Apart:
    """How far two sides lie apart by one score.

    Attributes:
        left: mean over corpora and seeds of the side that is judged, in [0, 1].
        right: the same of what it is judged against.
        chance: all sources of chance in their difference.
        draws: (resamples,) the difference on resampled items.
    """

    left: float
    right: float
    chance: Uncertainty
    draws: FloatArray

    @property
    def point(self) -> float:
        """Return left minus right, in [-1, 1]."""
        return self.left - self.right


@dataclass(frozen=True, slots=True)
class Side:
    """A condition with the repeats of its corpus, if there are any.

    Attributes:
        repeats: the same condition on further corpora of the same settings.
    """

    group: Group
    repeats: tuple[Group, ...] = ()

    @property
    def groups(self) -> tuple[Group, ...]:
        """Return the condition and its repeats."""
        return (self.group, *self.repeats)

    @property
    def tables(self) -> tuple[LabelTable, ...]:
        """Return one table per corpus."""
        return tuple(group.table for group in self.groups)

    @property
    def condition(self) -> Condition:
        """Return the condition itself."""
        return self.group.condition


class Resampler:
    """Scores and compares conditions; a condition's resamples are drawn once and used again."""

    def __init__(self, resampling: Resampling) -> None:
        self.resampling = resampling
        self._draws: dict[tuple[Condition, tuple[int, ...]], FloatArray] = {}

    def score(self, side: Side) -> list[ConditionScore]:
        """Return one score per metric, with its spread over seeds and its intervals."""
        draws = self._average([self._draw(group, group.seeds) for group in side.groups])
        return [self._score(side, metric, draws[place]) for place, metric in enumerate(SCORES)]

    def compare(self, left: Side, right: Side, family: Family) -> list[Difference]:
        """Return, per metric, how much higher ``left`` scores than ``right``; p uncorrected.

        Both rest on the seeds that both have; a single training of a student that draws no random
        numbers stands for every seed.

        Args:
            right: what it is judged against, on the same items.

        Returns:
            One difference per metric, in the order of ``SCORES``.
        """
        seeds = share_seeds(left.group, right.group)
        sides = (keep_seeds(left, seeds), keep_seeds(right, seeds))
        names = (left.condition.name, right.condition.name)
        swap_seed = derive_seed(self.resampling.seed, "swap", *names)
        scores = tuple(SCORES.values())
        these, those = (_repeat_rows(side.group.table, len(seeds)) for side in sides)
        # what belongs to no family needs no small p
        num_swaps = self.resampling.num_swaps
        num_swaps = num_swaps if family == "real" else min(num_swaps, NUM_SWAPS)
        p_values = permute_pairs(these, those, scores, num_swaps, swap_seed)
        found = []
        for place, metric in enumerate(SCORES):
            apart = self.measure_apart(*sides, metric)
            point, chance = apart.point, apart.chance
            found.append(
                Difference(
                    condition=left.condition,
                    partner=right.condition,
                    family=family,
                    metric=metric,
                    seeds=seeds,
                    interval=chance.bound(point, DIFFERENCE_ENDS, self.resampling.level),
                    items_only=self._bound(point, apart.draws),
                    error=chance.error,
                    error_items=math.sqrt(chance.items.variance),
                    df=chance.df if math.isfinite(chance.df) else None,
                    p=float(p_values[place]),
                    num_corpora=len(sides[0].groups),
                )
            )
        return found

    def measure_apart(self, left: Side, right: Side, score: str | int) -> Apart:
        """Return how far two sides lie apart, over the seeds that they hold.

        Args:
            left: the condition that is judged: see ``keep_seeds``.
            right: what it is judged against, on the same items.
            score: one of ``SCORES``, or the number of a label for its F1.

        Returns:
            Both means and what is left to chance in their difference.
        """
        place = _place(score)
        drawn = [
            self._average([self._draw(group, group.seeds)[place] for group in side.groups])
            for side in (left, right)
        ]
        apart = np.asarray(drawn[0] - drawn[1])
        chance = measure_chance(apart, (left.tables, right.tables), score)
        return Apart(_mean(left, score), _mean(right, score), chance, apart)

    def _score(self, side: Side, metric: str, draws: FloatArray) -> ConditionScore:
        group = side.group
        by_seed = score_seeds(group.table, SCORES[metric])
        point = _mean(side, metric)
        chance = measure_chance(draws, (side.tables,), metric)
        return ConditionScore(
            condition=group.condition,
            metric=metric,
            seeds=group.seeds,
            by_seed=tuple(float(value) for value in by_seed),
            sd=spread(by_seed) if len(by_seed) > 1 else None,
            interval=chance.bound(point, SCORE_ENDS, self.resampling.level),
            items_only=self._bound(point, draws),
            num_items=len(group.table.gold),
            num_corpora=len(side.groups),
            is_deterministic=group.is_deterministic,
            is_floor=group.is_floor,
            serves=group.serves,
            validation=group.validation,
        )

    def _bound(self, point: float, draws: FloatArray) -> Interval:
        return Interval(point, *bound_draws(draws, self.resampling.level), self.resampling.level)

    def _average(self, draws: Sequence[FloatArray]) -> FloatArray:
        """Return draws averaged over corpora, of the shape that each corpus has."""
        return np.asarray(np.mean(draws, axis=0))

    def _draw(self, group: Group, seeds: tuple[int, ...]) -> FloatArray:
        """Return (scores, draws): metrics, then the F1 of each label.

        All conditions of a task see the same resamples.
        """
        key = (group.condition, seeds)
        if key not in self._draws:
            task_seed = derive_seed(self.resampling.seed, "bootstrap", group.condition.task)
            labels = (f1_of(label) for label in range(len(group.labels)))
            self._draws[key] = draw_bootstrap(
                group.keep_seeds(seeds),
                (*SCORES.values(), *labels),
                self.resampling.num_draws,
                task_seed,
            )
        return self._draws[key]


def _place(score: str | int) -> int:
    """Return where a score stands among the draws of a condition."""
    return list(SCORES).index(score) if isinstance(score, str) else len(SCORES) + score


def _mean(side: Side, score: str | int) -> float:
    """Return the mean over corpora of the mean over seeds."""
    return float(np.mean([score_seeds(table, find_score(score)).mean() for table in side.tables]))


def correct_holm(p_values: Sequence[float]) -> list[float]:
    """Return the p values of one family with Holm's correction, in their order.

    References:
        S. Holm (1979), A simple sequentially rejective multiple test procedure.
        Scandinavian Journal of Statistics 6, 65-70.
    """
    _, corrected, _, _ = multipletests(p_values, method="holm")
    return [float(p_value) for p_value in corrected]


def share_seeds(left: Group, right: Group) -> tuple[int, ...]:
    """Return the training seeds that a comparison rests on."""
    if left.is_single:
        return right.seeds
    if right.is_single:
        return left.seeds
    return tuple(seed for seed in left.seeds if seed in right.seeds)


def keep_seeds(side: Side, seeds: tuple[int, ...]) -> Side:
    """Return the side with the trainings of these seeds; a repeat keeps those that it has."""
    kept = []
    for group in side.groups:
        own = tuple(seed for seed in group.seeds if seed in seeds)
        if group.is_single or not own:
            own = group.seeds
        kept.append(replace(group, seeds=own, table=group.keep_seeds(own)))
    return Side(kept[0], tuple(kept[1:]))


def _repeat_rows(table: LabelTable, num_seeds: int) -> LabelTable:
    """Return a table with one row a seed, where one training stands for all of them."""
    if len(table.predicted) == num_seeds:
        return table
    return LabelTable(table.gold, np.repeat(table.predicted, num_seeds, axis=0), table.num_labels)
