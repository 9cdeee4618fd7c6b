"""Two conditions of any two runs, lined up by test item and compared.

The unit is the test item: an item is drawn, or swapped, with all of its seeds at once. Differences
are the other condition minus the first one.

Knows nothing of run directories, of what the two conditions have to do with each other, or of
whether they are comparable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from synth_local.core.hashing import derive_seed
from synth_local.core.stats import (
    SCORES,
    LabelTable,
    bound_draws,
    draw_bootstrap,
    permute_pairs,
    score_seeds,
    spread,
)
from synth_local.errors import DataError, UndefinedMetricError
from synth_local.evaluate.components import DIFFERENCE_ENDS, measure_chance
from synth_local.evaluate.failed import find_failed
from synth_local.evaluate.groups import CellPredictions, group_cells, number_labels
from synth_local.evaluate.resampler import Resampling, correct_holm
from synth_local.evaluate.verdicts.verdict import MARGIN, Answer, answer
from synth_local.records import Interval, Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two conditions on the items and seeds that both have.

    Attributes:
        name: of the comparison; decides its random draws.
        seeds: training seeds that both have, rising; rows of both ``predicted``.
        first: gold and predicted labels of the first condition.
        other: those of the other one, on the same items.
        num_only_first: test items that the other one was not tested on.
        num_only_other: test items that the first one was not tested on.
        against: what stands against a verdict, a sentence each.
    """

    name: str
    seeds: tuple[int, ...]
    first: LabelTable
    other: LabelTable
    num_only_first: int
    num_only_other: int
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PairDifference:
    """One metric of a pair.

    Attributes:
        metric: ``macro_f1`` or ``accuracy``.
        first: mean over the common seeds on the common items, in [0, 1].
        other: the same of the other condition.
        sd_first: sample standard deviation of the first over seeds; ``None`` with one seed.
        sd_other: the same of the other condition.
        interval: other minus first, in [-1, 1], over test items and training seeds.
        items_only: the same with a paired interval over test items alone.
        p: two-sided, of the paired permutation test by item.
        p_holm: corrected over all pairs that were compared together, for this metric.
    """

    metric: str
    first: float
    other: float
    sd_first: float | None
    sd_other: float | None
    interval: Interval
    items_only: Interval
    p: float
    p_holm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PairResult:
    """What was found of one pair: a difference per metric.

    ``verdict`` says whether the other condition may stand in for the first one: ``as_good``,
    ``worse`` or ``open`` by its macro-F1, or ``none`` with the ``reasons``.
    """

    seeds: tuple[int, ...]
    num_items: int
    num_only_first: int
    num_only_other: int
    differences: tuple[PairDifference, ...]
    verdict: Answer
    reasons: tuple[str, ...]


def align_pair(
    name: str, first: Sequence[CellPredictions], other: Sequence[CellPredictions]
) -> Pair:
    """Return two conditions lined up by item id, on the items and seeds that both have.

    Args:
        first: one cell per seed of the first condition.
        other: one cell per seed of the other condition.

    Returns:
        The pair; its items stand in the order of their ids, whichever side comes first.

    Raises:
        UndefinedMetricError: the two have no seed or no test item in common.
        DataError: an item stands twice, has two gold labels, or a label is unknown to the task.
    """
    left, right = ({cell.cell.seed: cell for cell in cells} for cells in (first, other))
    seeds = tuple(sorted(left.keys() & right.keys()))
    if not seeds:
        raise UndefinedMetricError(
            f"{name}: no seed in common: {format_seeds(left)} against {format_seeds(right)}"
        )
    rows = [[_index_items(side[seed]) for seed in seeds] for side in (left, right)]
    of_first, of_other = (set.intersection(*map(set, by_seed)) for by_seed in rows)
    shared = sorted(of_first & of_other)
    if not shared:
        raise UndefinedMetricError(f"{name}: no test item in common")
    _check_gold(name, shared, [one for by_seed in rows for one in by_seed])
    labels = _join_labels([left[seeds[0]], right[seeds[0]]])
    gold = number_labels([rows[0][0][item].gold for item in shared], labels, name)

    def tabulate(by_seed: Sequence[dict[str, Prediction]]) -> LabelTable:
        predicted = [
            number_labels([said[item].predicted for item in shared], labels, name)
            for said in by_seed
        ]
        return LabelTable(gold, np.stack(predicted), len(labels))

    return Pair(
        name=name,
        seeds=seeds,
        first=tabulate(rows[0]),
        other=tabulate(rows[1]),
        num_only_first=len(of_first) - len(shared),
        num_only_other=len(of_other) - len(shared),
        against=tuple(_list_against(first, other, seeds)),
    )


def compare_pairs(
    pairs: Sequence[Pair], resampling: Resampling | None = None, margin: float = MARGIN
) -> list[PairResult]:
    """Return the differences of all pairs, corrected as one family per metric.

    Args:
        pairs: everything that is compared in one call.
        resampling: how often items are drawn and swapped; ``None`` is the default.
        margin: the largest loss of macro-F1 that is small enough.

    Returns:
        One result per pair, in their order.
    """
    settings = resampling or Resampling()
    settings = replace(settings, num_swaps=settings.count_swaps(len(pairs)))
    found = [_compare(pair, settings) for pair in pairs]
    for place in range(len(SCORES) if found else 0):
        corrected = correct_holm([differences[place].p for differences in found])
        for differences, p_holm in zip(found, corrected, strict=True):
            differences[place] = replace(differences[place], p_holm=p_holm)
    return [
        PairResult(
            seeds=pair.seeds,
            num_items=len(pair.first.gold),
            num_only_first=pair.num_only_first,
            num_only_other=pair.num_only_other,
            differences=tuple(differences),
            verdict="none" if pair.against else _answer(differences[0].interval, margin),
            reasons=pair.against,
        )
        for pair, differences in zip(pairs, found, strict=True)
    ]


def format_seeds(seeds: Sequence[int] | Mapping[int, object]) -> str:
    """Return seeds as people read them, in rising order."""
    return ", ".join(map(str, sorted(seeds)))


def _compare(pair: Pair, settings: Resampling) -> list[PairDifference]:
    scores = tuple(SCORES.values())
    item_seed = derive_seed(settings.seed, "bootstrap", pair.name)
    # the same resamples of items on both sides: their difference is paired
    draws = draw_bootstrap(pair.other, scores, settings.num_draws, item_seed) - draw_bootstrap(
        pair.first, scores, settings.num_draws, item_seed
    )  # (metrics, draws)
    swap_seed = derive_seed(settings.seed, "swap", pair.name)
    p_values = permute_pairs(pair.first, pair.other, scores, settings.num_swaps, swap_seed)
    sides = (pair.first, pair.other)
    is_same = np.array_equal(pair.first.predicted, pair.other.predicted)
    found = []
    for place, (metric, score) in enumerate(SCORES.items()):
        by_seed = [score_seeds(table, score) for table in sides]  # (S,) each
        first, other = (float(values.mean()) for values in by_seed)
        sds = [spread(values) if len(values) > 1 else None for values in by_seed]
        apart = draws[place]
        items_only = Interval(other - first, *bound_draws(apart, settings.level), settings.level)
        chance = measure_chance(apart, [[table] for table in sides], metric)
        # trainings that said the same of every item are one and the same: nothing is left to chance
        interval = (
            items_only if is_same else chance.bound(other - first, DIFFERENCE_ENDS, settings.level)
        )
        p = float(p_values[place])
        found.append(
            PairDifference(
                metric=metric,
                first=first,
                other=other,
                sd_first=sds[0],
                sd_other=sds[1],
                interval=interval,
                items_only=items_only,
                p=p,
                p_holm=p,
            )
        )
    return found


def _answer(difference: Interval, margin: float) -> Answer:
    return answer("instead_of_real", -difference.high, -difference.low, margin)


def _list_against(
    first: Sequence[CellPredictions], other: Sequence[CellPredictions], seeds: Sequence[int]
) -> Iterator[str]:
    """Yield what stands against a verdict: failed trainings, and single ones that were luck."""
    for cells in (first, other):
        for one in find_failed(group_cells(cells)):
            if one.seed in seeds:
                name = f"{one.condition.name}, seed {one.seed}"
                yield f"a training failed: {name}: {one.reason}"
        if len(seeds) == 1 and not cells[0].is_deterministic:
            yield (
                f"{cells[0].cell.name}: one training of a student that draws random numbers says "
                "nothing of another"
            )


def _index_items(cell: CellPredictions) -> dict[str, Prediction]:
    found = {row.id: row for row in cell.predictions}
    if len(found) < len(cell.predictions):
        raise DataError("a test item stands twice among the predictions", where=cell.cell.name)
    return found


def _check_gold(name: str, items: Sequence[str], sides: Sequence[dict[str, Prediction]]) -> None:
    unlike = [item for item in items if len({side[item].gold for side in sides}) > 1]
    if unlike:
        golds = " and ".join(
            repr(gold) for gold in sorted({side[unlike[0]].gold for side in sides})
        )
        raise DataError(
            f"{len(unlike)} of {len(items)} common test items have two gold labels, "
            f"the first of them {unlike[0]!r}: {golds}",
            where=name,
            fix="compare runs on the same test data only",
        )


def _join_labels(cells: Sequence[CellPredictions]) -> tuple[str, ...]:
    """Return the label names of all cells; a label that is nowhere in use counts in no score."""
    return tuple(dict.fromkeys(label for cell in cells for label in cell.labels))
