"""What a run's conditions score, what is compared with what, and Holm's correction over families.

Knows nothing of files, texts or students.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from synth_local.evaluate.failed import find_failed
from synth_local.evaluate.floors import find_floors
from synth_local.evaluate.groups import CellPredictions, Group, group_cells
from synth_local.evaluate.paired import AskedPair, set_beside
from synth_local.evaluate.resampler import Resampler, Resampling, Side, correct_holm, share_seeds
from synth_local.evaluate.summary import FAMILIES, Condition, Difference, Family, Summary

SYNTHETIC = ("synthetic", "synthetic_all")


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
    asked: Sequence[AskedPair] = (),
) -> Summary:
    """Return every condition's scores, its differences to its partners, and what failed.

    Args:
        cells: all cells of a run, any number of tasks, in any order of seeds.
        resampling: how often items are drawn and swapped; ``None`` is the default.
        repeats: of a condition on a repeated corpus, the condition on the first one. Repeats are
            scored, compared with nothing, and widen what is said of the first.
        asked: pairs that are set beside each other outside of the families; both are among
            ``cells``.

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
    floors = {group for group in groups if groups[group].is_floor}
    failed = find_failed(list(groups.values()))
    compared = [(pair.condition, pair.partner) for pair in whole]
    outside = set_beside(resampler, sides, compared, asked, failed)
    return Summary(
        scores=tuple(score for side in sides.values() for score in resampler.score(side)),
        differences=tuple(correct_families(differences, floors)),
        confusions=tuple(group.sum_confusion() for group in groups.values()),
        omitted=tuple(problem for problem in omitted if problem),
        failed=failed,
        floors=find_floors(groups.values()),
        paired=outside.paired,
        by_label=outside.by_label,
        absent=outside.absent,
        num_draws=settings.num_draws,
        num_swaps=num_swaps,
        smallest_p=min(1.0, max(1, largest) / (1 + num_swaps)),
        seed=settings.seed,
    )


def correct_families(
    differences: Sequence[Difference], floors: Collection[Condition] = ()
) -> list[Difference]:
    """Return the differences with Holm's correction within each family.

    Args:
        floors: conditions of students that read nothing: they belong to no family.

    Returns:
        The same, in their order; a family is one task, student and metric.
    """
    corrected = list(differences)
    families: dict[tuple[str, str, str], list[int]] = {}
    for place, found in enumerate(differences):
        one = found.condition
        if found.family == "real" and one not in floors:
            families.setdefault((one.task, one.student, found.metric), []).append(place)
    for family in families.values():
        p_values = correct_holm([differences[place].p for place in family])
        for place, p_holm in zip(family, p_values, strict=True):
            corrected[place] = replace(corrected[place], p_holm=p_holm)
    return corrected


def _count_largest(pairs: Sequence[_Pair]) -> int:
    """Return how many comparisons the largest family has."""
    families = Counter(
        (pair.condition.task, pair.condition.student) for pair in pairs if pair.family == "real"
    )
    return max(families.values(), default=0)


def _explain_omission(pair: _Pair, groups: Mapping[Condition, Group]) -> str:
    """Return why a pair cannot be compared, or nothing."""
    names = f"{pair.condition.name} against {pair.partner.name}"
    if pair.partner not in groups:
        return f"{names}: the latter has no predictions"
    if not share_seeds(groups[pair.condition], groups[pair.partner]):
        return f"{names}: no seed in common"
    return ""
