"""Which conditions of two runs belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from synth_local.commands.compare.cell_filter import PARTS, ROWS, explain_ambiguity, find_free_parts
from synth_local.commands.compare.run_facts import RunFacts, TrainedCondition
from synth_local.evaluate.summary import Condition
from synth_local.train.sets.tags import NONE

ANY = "*"


@dataclass(frozen=True, slots=True)
class Match:
    """Two conditions that are compared."""

    first: TrainedCondition
    other: TrainedCondition


@dataclass(frozen=True, slots=True)
class Matches:
    """What of two runs belongs together.

    Attributes:
        pairs: in the first run's order.
        generators: the two generators whose names were not asked to be the same, or ``None``.
        only_first: conditions of the first run without a partner.
        only_other: conditions of the other run without a partner.
        ambiguous: sentences on conditions that more than one could be the partner of.
    """

    pairs: tuple[Match, ...]
    generators: tuple[str, str] | None
    only_first: tuple[str, ...]
    only_other: tuple[str, ...]
    ambiguous: tuple[str, ...] = ()


def format_condition(condition: Condition) -> str:
    """Return a condition as people read it: its parts without those that do not apply."""
    parts = (
        *(condition.task, condition.source, condition.generator, condition.strategy),
        *(condition.student, f"n{condition.num_train}"),
    )
    return " / ".join(part for part in parts if part != NONE)


def match_conditions(first: RunFacts, other: RunFacts) -> Matches:
    """Return which conditions of two runs belong together.

    Task, source, strategy, student and generator are the same; where each run has exactly one
    generator, these two belong together whatever their names. Of several conditions that differ in
    their number of rows only, those with the same number belong together; what is left is paired
    where it is one on each side. Parts that were chosen in either run need not be the same; where
    they leave several candidates, none is taken. Repeats of corpora are left out: the first ones
    stand for them.
    """
    free = find_free_parts(first, other)
    single = (first.generators, other.generators)
    across = all(len(names) == 1 for names in single) and single[0] != single[1]
    across = across and "generator" not in free
    groups = [_group(run, free, across=across) for run in (first, other)]
    pairs: list[Match] = []
    ambiguous: list[str] = []
    taken: tuple[set[Condition], set[Condition]] = (set(), set())
    for key in (key for key in groups[0] if key in groups[1]):
        name = " / ".join(part for part in key if part not in (NONE, ANY))
        sides = [[one.condition for one in group[key]] for group in groups]
        problems = [
            explain_ambiguity(run, side, free, name)
            for run, side in zip((first, other), sides, strict=True)
        ]
        if any(problems):
            ambiguous += [problem for problem in problems if problem]
            for seen, side in zip(taken, sides, strict=True):
                seen.update(side)
        else:
            pairs += _pair_up(groups[0][key], groups[1][key])
    order = {one.condition: place for place, one in enumerate(first.conditions)}
    pairs.sort(key=lambda match: order[match.first.condition])
    taken[0].update(match.first.condition for match in pairs)
    taken[1].update(match.other.condition for match in pairs)
    left = [
        tuple(
            format_condition(condition.condition)
            for condition in run.conditions
            if condition.condition not in used and not condition.is_repeat
        )
        for run, used in zip((first, other), taken, strict=True)
    ]
    generators = (first.generators[0], other.generators[0]) if across else None
    return Matches(tuple(pairs), generators, left[0], left[1], tuple(ambiguous))


def _group(
    run: RunFacts, free: Sequence[str], *, across: bool
) -> dict[tuple[str, ...], list[TrainedCondition]]:
    groups: dict[tuple[str, ...], list[TrainedCondition]] = {}
    for one in (condition for condition in run.conditions if not condition.is_repeat):
        condition = one.condition
        # a corpus brought along belongs to its name alone
        is_any = across and condition.generator in run.generators
        open_parts = {*free, "generator"} if is_any else free
        key = tuple(
            ANY if part in open_parts else getattr(condition, part)
            for part in PARTS
            if part != ROWS
        )
        groups.setdefault(key, []).append(one)
    return groups


def _pair_up(
    first: Sequence[TrainedCondition], other: Sequence[TrainedCondition]
) -> Iterator[Match]:
    sizes = {one.condition.num_train: one for one in other}
    left_over = []
    for one in first:
        same = sizes.pop(one.condition.num_train, None)
        if same is None:
            left_over.append(one)
        else:
            yield Match(one, same)
    if len(left_over) == len(sizes) == 1:
        yield Match(left_over[0], next(iter(sizes.values())))


def list_same(pairs: Sequence[Match], part: str) -> list[str]:
    """Return the values of a part in the pairs whose two conditions have the same one."""
    values = ([getattr(one.condition, part) for one in (m.first, m.other)] for m in pairs)
    return unique(first for first, other in values if first == other)


def unique(names: Iterator[str]) -> list[str]:
    """Return each name once, in order."""
    return list(dict.fromkeys(names))
