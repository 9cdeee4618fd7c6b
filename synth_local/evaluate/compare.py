"""Means, intervals and paired differences of a run's conditions.

All figures of one task rest on the same resamples of its test items, so that differences are
paired. Deterministic by seed. Knows nothing of files, texts or students.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
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
    permute_pairs,
    score_seeds,
    spread,
)
from synth_local.evaluate.components import (
    DIFFERENCE_ENDS,
    SCORE_ENDS,
    Component,
    Uncertainty,
    count_units,
    measure_items,
    measure_training,
    weigh_items,
)
from synth_local.evaluate.failed import find_failed
from synth_local.evaluate.floors import find_floors
from synth_local.evaluate.groups import CellPredictions, Group, group_cells
from synth_local.evaluate.summary import (
    FAMILIES,
    Condition,
    ConditionScore,
    Difference,
    Family,
    Summary,
)
from synth_local.records import Interval

SYNTHETIC = ("synthetic", "synthetic_all")
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
        seed: root of all draws.
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
class Side:
    """A condition with the repeats of its corpus, if there are any.

    Attributes:
        group: the condition itself.
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
        return tuple(one.table for one in self.groups)

    @property
    def condition(self) -> Condition:
        """Return the condition itself."""
        return self.group.condition


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two conditions that are to be compared."""

    condition: Condition
    partner: Condition

    @property
    def family(self) -> Family:
        """Return what the comparison belongs to."""
        family = FAMILIES[self.partner.source]
        is_added = family == "real" and self.condition.source not in SYNTHETIC
        return "added" if is_added else family


def summarise(
    cells: Sequence[CellPredictions],
    resampling: Resampling | None = None,
    repeats: Mapping[Condition, Condition] | None = None,
) -> Summary:
    """Return every condition's scores, its differences to its partners, and what failed.

    Args:
        cells: all cells of a run, any number of tasks, in any order of seeds.
        resampling: how often items are drawn and swapped; ``None`` is the default.
        repeats: of a condition on a repeated corpus, the condition on the first one. Repeats are
            scored, compared with nothing, and widen what is said of the first.

    Returns:
        Scores of each condition and differences to its partners. Holm's correction runs over one
        family per task, student and metric: synthetic texts against real ones.

    Raises:
        UndefinedMetricError: a cell has no predictions.
        DataError: cells of one task were not tested on the same items.
    """
    settings = resampling or Resampling()
    repeats = repeats or {}
    groups = {group.condition: group for group in group_cells(cells)}
    sides = {
        one: Side(group, tuple(groups[key] for key in groups if repeats.get(key) == one))
        for one, group in groups.items()
    }
    pairs = [
        _Pair(group.condition, partner)
        for one, group in groups.items()
        if one not in repeats
        for partner in group.partners
    ]
    omitted = [_explain_omission(pair, groups) for pair in pairs]
    whole = [pair for pair, problem in zip(pairs, omitted, strict=True) if not problem]
    largest = _count_largest(whole)
    num_swaps = settings.count_swaps(largest)
    resampler = Resampler(replace(settings, num_swaps=num_swaps))
    differences = [
        found
        for pair in whole
        for found in resampler.compare(sides[pair.condition], sides[pair.partner], pair.family)
    ]
    floors = {one for one in groups if groups[one].is_floor}
    return Summary(
        scores=tuple(score for side in sides.values() for score in resampler.score(side)),
        differences=tuple(correct_families(differences, floors)),
        confusions=tuple(group.sum_confusion() for group in groups.values()),
        omitted=tuple(problem for problem in omitted if problem),
        failed=find_failed(list(groups.values())),
        floors=find_floors(groups.values()),
        num_draws=settings.num_draws,
        num_swaps=num_swaps,
        smallest_p=min(1.0, max(1, largest) / (1 + num_swaps)),
        seed=settings.seed,
    )


class Resampler:
    """Scores and compares conditions; a condition's resamples are drawn once and used again."""

    def __init__(self, resampling: Resampling) -> None:
        self.resampling = resampling
        self._draws: dict[tuple[Condition, tuple[int, ...]], FloatArray] = {}

    def score(self, side: Side) -> list[ConditionScore]:
        """Return one score per metric, with its spread over seeds and its intervals."""
        draws = self._average([self._draw(one, one.seeds) for one in side.groups])
        return [self._score(side, metric, draws[place]) for place, metric in enumerate(SCORES)]

    def compare(self, left: Side, right: Side, family: Family) -> list[Difference]:
        """Return, per metric, how much higher ``left`` scores than ``right``; p uncorrected.

        Both rest on the seeds that both have; a single training of a student that draws no random
        numbers stands for every seed.

        Args:
            left: the condition that is judged.
            right: what it is judged against, on the same items.
            family: what the comparison belongs to.

        Returns:
            One difference per metric, in the order of ``SCORES``.
        """
        seeds = _share_seeds(left.group, right.group)
        sides = [_keep(side, seeds) for side in (left, right)]
        drawn = [
            self._average([self._draw(one, one.seeds) for one in side.groups]) for side in sides
        ]
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
            point = _mean(sides[0], metric) - _mean(sides[1], metric)
            apart = drawn[0][place] - drawn[1][place]
            chance = Uncertainty(
                _measure_items(apart, left.group.table, metric),
                tuple(measure_training(side.tables, SCORES[metric]) for side in sides),
            )
            found.append(
                Difference(
                    condition=left.condition,
                    partner=right.condition,
                    family=family,
                    metric=metric,
                    seeds=seeds,
                    interval=chance.bound(point, DIFFERENCE_ENDS, self.resampling.level),
                    items_only=self._bound(point, apart),
                    error=chance.error,
                    error_items=math.sqrt(chance.items.variance),
                    df=chance.df if math.isfinite(chance.df) else None,
                    p=float(p_values[place]),
                    num_corpora=len(sides[0].groups),
                )
            )
        return found

    def _score(self, side: Side, metric: str, draws: FloatArray) -> ConditionScore:
        group = side.group
        by_seed = score_seeds(group.table, SCORES[metric])
        point = _mean(side, metric)
        chance = Uncertainty(
            _measure_items(draws, group.table, metric),
            (measure_training(side.tables, SCORES[metric]),),
        )
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
        """Return (metrics, draws) averaged over corpora."""
        return np.asarray(np.mean(draws, axis=0))

    def _draw(self, group: Group, seeds: tuple[int, ...]) -> FloatArray:
        """Return (metrics, draws); all conditions of a task see the same resamples."""
        key = (group.condition, seeds)
        if key not in self._draws:
            task_seed = derive_seed(self.resampling.seed, "bootstrap", group.condition.task)
            self._draws[key] = draw_bootstrap(
                group.keep_seeds(seeds),
                tuple(SCORES.values()),
                self.resampling.num_draws,
                task_seed,
            )
        return self._draws[key]


def correct_families(
    differences: Sequence[Difference], floors: Collection[Condition] = ()
) -> list[Difference]:
    """Return the differences with Holm's correction within each family.

    Args:
        differences: uncorrected.
        floors: conditions of students that read nothing: they belong to no family.

    Returns:
        The same, in their order; a family is one task, student and metric.

    References:
        S. Holm (1979), A simple sequentially rejective multiple test procedure.
        Scandinavian Journal of Statistics 6, 65-70.
    """
    corrected = list(differences)
    families: dict[tuple[str, str, str], list[int]] = {}
    for place, found in enumerate(differences):
        one = found.condition
        if found.family == "real" and one not in floors:
            families.setdefault((one.task, one.student, found.metric), []).append(place)
    for family in families.values():
        raw = [differences[place].p for place in family]
        _, p_values, _, _ = multipletests(raw, method="holm")
        for place, p_value in zip(family, p_values, strict=True):
            corrected[place] = replace(corrected[place], p_holm=float(p_value))
    return corrected


def _count_largest(pairs: Sequence[_Pair]) -> int:
    """Return how many comparisons the largest family has."""
    families = Counter(
        (pair.condition.task, pair.condition.student) for pair in pairs if pair.family == "real"
    )
    return max(families.values(), default=0)


def _measure_items(drawn: FloatArray, table: LabelTable, metric: str) -> Component:
    return measure_items(drawn, count_units(table, metric), weigh_items(table, metric))


def _mean(side: Side, metric: str) -> float:
    """Return the mean over corpora of the mean over seeds."""
    return float(np.mean([score_seeds(one, SCORES[metric]).mean() for one in side.tables]))


def _share_seeds(left: Group, right: Group) -> tuple[int, ...]:
    """Return the training seeds that a comparison rests on."""
    if left.is_single:
        return right.seeds
    if right.is_single:
        return left.seeds
    return tuple(seed for seed in left.seeds if seed in right.seeds)


def _keep(side: Side, seeds: tuple[int, ...]) -> Side:
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


def _explain_omission(pair: _Pair, groups: Mapping[Condition, Group]) -> str:
    """Return why a pair cannot be compared, or nothing."""
    names = f"{pair.condition.name} against {pair.partner.name}"
    if pair.partner not in groups:
        return f"{names}: the latter has no predictions"
    if not _share_seeds(groups[pair.condition], groups[pair.partner]):
        return f"{names}: no seed in common"
    return ""
