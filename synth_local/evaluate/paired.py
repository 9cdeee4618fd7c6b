"""Paired rows that belong to no family of tests: F1 by label, and pairs that somebody asked for.

They describe, and change no verdict: no p value, no correction, intervals as everywhere else. A
condition with a failed training has no row, and is named.

Knows nothing of files or of why two conditions are a pair.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from synth_local.evaluate.components import DIFFERENCE_ENDS
from synth_local.evaluate.resampler import Apart, Resampler, Side, keep_seeds, share_seeds
from synth_local.evaluate.summary import (
    Condition,
    FailedTraining,
    LabelDifference,
    PairedRow,
    PairKind,
)
from synth_local.records import Interval

#: What F1 by label is set against: real texts, all of them or a few.
REAL = ("real", "real_all", "pool")


@dataclass(frozen=True, slots=True)
class AskedPair:
    """Two conditions that are to be set beside each other, outside of the families.

    Attributes:
        condition: the one that is judged.
        partner: what it is judged against.
        same_each_seed: of the two, those that no seed changes: one training is all there is.
    """

    kind: PairKind
    condition: Condition
    partner: Condition
    same_each_seed: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Outside:
    """All that stands outside of the families."""

    paired: tuple[PairedRow, ...]
    by_label: tuple[LabelDifference, ...]
    absent: tuple[str, ...]


def set_beside(
    resampler: Resampler,
    sides: Mapping[Condition, Side],
    compared: Sequence[tuple[Condition, Condition]],
    asked: Sequence[AskedPair],
    failed: Sequence[FailedTraining],
) -> Outside:
    """Return F1 by label of all comparisons with real texts, and the rows that were asked for.

    Args:
        resampler: of the run: these rows rest on the draws of its other figures.
        sides: every condition with its repeats.
        compared: conditions with their partners; those without synthetic texts, of students that
            read nothing, or with another partner than real texts are passed over.
        asked: further pairs; both conditions are among ``sides``.
        failed: trainings that did not learn.

    Returns:
        Rows in the order of ``compared`` and ``asked``.
    """
    labelled = [pair for pair in compared if _has_labels(sides, *pair)]
    absent: dict[str, None] = {}
    pairs = [*labelled, *((one.condition, one.partner) for one in asked)]
    without = set()
    for pair in pairs:
        found = list(_explain_absence([sides[one] for one in pair], failed))
        absent |= dict.fromkeys(found)
        without |= {pair} if found else set()
    by_label: list[LabelDifference] = []
    for left, right in (pair for pair in labelled if pair not in without):
        by_label += _compare_labels(resampler, sides[left], sides[right])
        absent |= dict.fromkeys(_name_unseen(sides[left]))
    return Outside(
        tuple(
            _compare(resampler, one, sides[one.condition], sides[one.partner])
            for one in asked
            if (one.condition, one.partner) not in without
        ),
        tuple(by_label),
        tuple(absent),
    )


def _has_labels(sides: Mapping[Condition, Side], left: Condition, right: Condition) -> bool:
    is_floor = sides[left].group.is_floor
    return "synthetic" in left.source and right.source in REAL and not is_floor


def _explain_absence(pair: list[Side], failed: Sequence[FailedTraining]) -> Iterator[str]:
    """Yield why two conditions have no row: failed trainings, or no seed in common."""
    for group in (group for side in pair for group in side.groups):
        mine = [one for one in failed if one.condition == group.condition]
        if mine:
            name, first = group.condition.name, mine[0]
            yield (
                f"{name} has no paired row and no F1 by label, since {len(mine)} of "
                f"{len(group.seeds)} trainings failed (seed {first.seed}: {first.reason})"
            )
    left, right = pair
    if not share_seeds(left.group, right.group):
        names = f"{left.condition.name} against {right.condition.name}"
        yield f"{names}: no seed in common"


def _name_unseen(side: Side) -> Iterator[str]:
    for label, count in zip(side.group.labels, side.group.table.num_gold, strict=True):
        if not count:
            yield f"{side.condition.task}: no F1 of {label}, which no test item has"


def _compare_labels(resampler: Resampler, left: Side, right: Side) -> Iterator[LabelDifference]:
    kept = _keep_shared(left, right)
    is_single = any(_is_luck(side) for side in kept)
    counts = left.group.table.num_gold
    for number, label in enumerate(left.group.labels):
        if counts[number]:
            apart = resampler.measure_apart(*kept, number)
            yield LabelDifference(
                condition=left.condition,
                partner=right.condition,
                label=label,
                num_items=int(counts[number]),
                f1=apart.left,
                partner_f1=apart.right,
                difference=apart.point,
                interval=None if is_single else _bound(resampler, apart),
            )


def _compare(resampler: Resampler, asked: AskedPair, left: Side, right: Side) -> PairedRow:
    kept = _keep_shared(left, right)
    apart = resampler.measure_apart(*kept, "macro_f1")
    is_single = any(_is_luck(side, asked.same_each_seed) for side in kept)
    return PairedRow(
        kind=asked.kind,
        condition=asked.condition,
        partner=asked.partner,
        seeds=share_seeds(left.group, right.group),
        score=apart.left,
        partner_score=apart.right,
        difference=apart.point,
        interval=None if is_single else _bound(resampler, apart),
        num_corpora=len(left.groups),
    )


def _keep_shared(left: Side, right: Side) -> tuple[Side, Side]:
    seeds = share_seeds(left.group, right.group)
    return keep_seeds(left, seeds), keep_seeds(right, seeds)


def _is_luck(side: Side, same_each_seed: Collection[Condition] = ()) -> bool:
    """Return whether a side is one training that another seed would have made another."""
    is_fixed = side.group.is_deterministic or side.condition in same_each_seed
    return len(side.group.seeds) == 1 and len(side.groups) == 1 and not is_fixed


def _bound(resampler: Resampler, apart: Apart) -> Interval:
    return apart.chance.bound(apart.point, DIFFERENCE_ENDS, resampler.resampling.level)
