"""Means, intervals and paired differences of a run's conditions.

All figures of one task rest on the same resamples of its test items, so that differences are
paired. Deterministic by seed. Knows nothing of files, texts or students.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from statsmodels.stats.multitest import multipletests

from synth_local.core.hashing import derive_seed
from synth_local.core.stats import (
    SCORES,
    FloatArray,
    bound_draws,
    draw_bootstrap,
    permute_pairs,
    score_seeds,
    spread,
)
from synth_local.errors import UndefinedMetricError
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


@dataclass(frozen=True, slots=True)
class Resampling:
    """How often items are drawn and swapped.

    Attributes:
        num_draws: bootstrap resamples behind an interval.
        num_swaps: random swaps behind a p value, which is at least ``1 / (1 + num_swaps)``.
        level: coverage that intervals aim at.
        seed: root of all draws.
    """

    num_draws: int = 2000
    num_swaps: int = 9999
    level: float = 0.95
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two conditions that are to be compared."""

    condition: Condition
    partner: Condition
    family: Family


def summarise(
    cells: Sequence[CellPredictions],
    resampling: Resampling | None = None,
    alone: Collection[Condition] = (),
) -> Summary:
    """Return every condition's scores and its difference to the partner.

    Args:
        cells: all cells of a run, any number of tasks, in any order of seeds.
        resampling: how often items are drawn and swapped; ``None`` is the default.
        alone: conditions that are scored and compared with nothing.

    Returns:
        Scores of each condition, differences to ``real`` with Holm's correction (one family per
        metric over all tasks), and ``pool+synthetic`` against ``pool`` outside of the family.

    Raises:
        UndefinedMetricError: a cell has no predictions.
        DataError: cells of one task were not tested on the same items.
    """
    resampler = Resampler(resampling or Resampling())
    groups = {group.condition: group for group in group_cells(cells)}
    pairs = _list_pairs([group for one, group in groups.items() if one not in alone])
    omitted = [_explain_omission(pair, groups) for pair in pairs]
    differences = [
        found
        for pair, problem in zip(pairs, omitted, strict=True)
        if not problem
        for found in resampler.compare(groups[pair.condition], groups[pair.partner], pair.family)
    ]
    settings = resampler.resampling
    return Summary(
        scores=tuple(score for group in groups.values() for score in resampler.score(group)),
        differences=tuple(correct_families(differences)),
        confusions=tuple(group.sum_confusion() for group in groups.values()),
        omitted=tuple(problem for problem in omitted if problem),
        num_draws=settings.num_draws,
        num_swaps=settings.num_swaps,
        seed=settings.seed,
    )


class Resampler:
    """Scores and compares groups; a group's resamples are drawn once and used again."""

    def __init__(self, resampling: Resampling) -> None:
        self.resampling = resampling
        self._draws: dict[tuple[Condition, tuple[int, ...]], FloatArray] = {}

    def score(self, group: Group) -> list[ConditionScore]:
        """Return one score per metric, with its spread over seeds and its interval."""
        draws = self._draw(group, group.seeds)
        return [self._score(group, metric, draws[place]) for place, metric in enumerate(SCORES)]

    def compare(self, left: Group, right: Group, family: Family) -> list[Difference]:
        """Return, per metric, how much higher ``left`` scores than ``right``; p uncorrected.

        Args:
            left: the condition that is judged.
            right: what it is judged against, on the same items.
            family: what the comparison belongs to.

        Returns:
            One difference per metric, in the order of ``SCORES``.

        Raises:
            UndefinedMetricError: the two have no seed in common.
        """
        seeds = tuple(seed for seed in left.seeds if seed in right.seeds)
        if not seeds:
            raise UndefinedMetricError(
                f"no seed in common: {left.condition.name} and {right.condition.name}"
            )
        tables = left.keep_seeds(seeds), right.keep_seeds(seeds)
        draws = self._draw(left, seeds) - self._draw(right, seeds)  # (metrics, draws)
        names = (left.condition.name, right.condition.name)
        swap_seed = derive_seed(self.resampling.seed, "swap", *names)
        scores = tuple(SCORES.values())
        p_values = permute_pairs(*tables, scores, self.resampling.num_swaps, swap_seed)
        means = [[score_seeds(table, score).mean() for score in scores] for table in tables]
        return [
            Difference(
                condition=left.condition,
                partner=right.condition,
                family=family,
                metric=metric,
                seeds=seeds,
                interval=self._bound(float(means[0][place] - means[1][place]), draws[place]),
                p=float(p_values[place]),
                p_holm=None,
            )
            for place, metric in enumerate(SCORES)
        ]

    def _score(self, group: Group, metric: str, draws: FloatArray) -> ConditionScore:
        by_seed = score_seeds(group.table, SCORES[metric])
        return ConditionScore(
            condition=group.condition,
            metric=metric,
            seeds=group.seeds,
            by_seed=tuple(float(value) for value in by_seed),
            sd=spread(by_seed) if len(by_seed) > 1 else None,
            interval=self._bound(float(np.mean(by_seed)), draws),
            num_items=len(group.table.gold),
        )

    def _bound(self, point: float, draws: FloatArray) -> Interval:
        return Interval(point, *bound_draws(draws, self.resampling.level), self.resampling.level)

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


def correct_families(differences: Sequence[Difference]) -> list[Difference]:
    """Return the differences with Holm's correction: a family is all of a metric to ``real``.

    References:
        S. Holm (1979), A simple sequentially rejective multiple test procedure.
        Scandinavian Journal of Statistics 6, 65-70.
    """
    corrected = list(differences)
    for metric in SCORES:
        family = [
            place
            for place, found in enumerate(differences)
            if found.family == "real" and found.metric == metric
        ]
        if not family:
            continue
        raw = [differences[place].p for place in family]
        _, p_values, _, _ = multipletests(raw, method="holm")
        for place, p_value in zip(family, p_values, strict=True):
            corrected[place] = replace(corrected[place], p_holm=float(p_value))
    return corrected


def _list_pairs(groups: Sequence[Group]) -> list[_Pair]:
    pairs = [
        _Pair(group.condition, partner, FAMILIES[partner.source])
        for group in groups
        for partner in group.partners
    ]
    return sorted(pairs, key=lambda pair: pair.family != "real")


def _explain_omission(pair: _Pair, groups: dict[Condition, Group]) -> str:
    """Return why a pair cannot be compared, or nothing."""
    names = f"{pair.condition.name} against {pair.partner.name}"
    if pair.partner not in groups:
        return f"{names}: the latter has no predictions"
    if not set(groups[pair.condition].seeds) & set(groups[pair.partner].seeds):
        return f"{names}: no seed in common"
    return ""
