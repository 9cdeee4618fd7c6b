"""From pairwise judgements to a ranking of tasks: majorities, their order, their cycles.

As in the study, the majority decides each pair and a topological order ranks the tasks. Majorities
may run in a circle (A before B before C before A): no order honours all of them, so such tasks
share a rank and are named. A tied pair decides nothing. Strengths are those of ``strengths``.

Axis letter in comments: T tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import connected_components

from synth_local.analyze.judgements.records import JudgedTask, JudgedTasks, Judgement, PairVotes
from synth_local.analyze.judgements.strengths import fit_strengths
from synth_local.errors import DataError

BoolMatrix = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The order of tasks that majorities leave.

    Attributes:
        ranks: first and last possible place by task, from 1; the same for the tasks of a cycle.
        cycles: groups of two tasks or more that no order can honour, by rising rank.
    """

    ranks: dict[str, tuple[int, int]]
    cycles: tuple[tuple[str, ...], ...]


def measure_judgements(
    tasks: Sequence[str], judgements: Sequence[Judgement], level: float = 0.95
) -> JudgedTasks:
    """Return what judgements say of the objectivity of tasks.

    Args:
        tasks: names, in the run file's order.
        judgements: in any order; all of these tasks.
        level: coverage that intervals of strengths aim at, in (0, 1).

    Returns:
        Ranks, cycles, strengths and agreement. Where judgements do not link all tasks, ranks and
        strengths are undefined and ``reason`` names the groups.

    Raises:
        DataError: a judgement names another task, or the same task twice.
    """
    votes = count_votes(tasks, judgements)
    reason = explain_gaps(tasks, votes)
    ranking = Ranking({}, ()) if reason else rank_tasks(tasks, votes)
    strengths = {} if reason else fit_strengths(tasks, judgements, level)
    judged = []
    for task in tasks:
        rank, last_rank = ranking.ranks.get(task, (None, None))
        judged.append(
            JudgedTask(
                task=task,
                rank=rank,
                last_rank=last_rank,
                strength=strengths.get(task),
                num_wins=sum(judgement.winner == task for judgement in judgements),
                num_judgements=sum(
                    task in (judgement.winner, judgement.loser) for judgement in judgements
                ),
            )
        )
    same = measure_sameness(votes)
    return JudgedTasks(
        tasks=tuple(sorted(judged, key=_place)),
        pairs=votes,
        cycles=ranking.cycles,
        num_judgements=len(judgements),
        num_annotators=len({judgement.annotator for judgement in judgements}),
        num_pairs=len(tasks) * (len(tasks) - 1) // 2,
        num_tied=sum(vote.majority is None for vote in votes),
        same=same,
        coefficient=None if same is None else 2 * same - 1,
        reason=reason,
    )


def _place(one: JudgedTask) -> tuple[int, int, float]:
    strength = one.strength.point if one.strength else 0.0
    return (one.rank or 0, one.last_rank or 0, -strength)


def count_votes(tasks: Sequence[str], judgements: Sequence[Judgement]) -> tuple[PairVotes, ...]:
    """Return the votes on each judged pair, in the order of the tasks.

    Args:
        tasks: names, each once.

    Raises:
        DataError: a judgement names another task, or the same task twice.
    """
    for judgement in judgements:
        if (
            not {judgement.winner, judgement.loser} <= set(tasks)
            or judgement.winner == judgement.loser
        ):
            raise DataError(
                f"{judgement.winner!r} and {judgement.loser!r} are no pair of the run's tasks"
            )
    found = []
    for first, second in combinations(tasks, 2):
        num_first = sum(
            (judgement.winner, judgement.loser) == (first, second) for judgement in judgements
        )
        num_second = sum(
            (judgement.winner, judgement.loser) == (second, first) for judgement in judgements
        )
        if num_first + num_second:
            found.append(PairVotes(first, second, num_first, num_second))
    return tuple(found)


def explain_gaps(tasks: Sequence[str], votes: Sequence[PairVotes]) -> str:
    """Return why judgements cannot place all tasks on one scale, or nothing."""
    if len(tasks) < 2:
        return "one task cannot be compared"
    linked = np.zeros((len(tasks), len(tasks)), dtype=bool)  # (T, T)
    for vote in votes:
        linked[tasks.index(vote.first), tasks.index(vote.second)] = True
    num_groups, group = connected_components(linked, directed=False)
    if num_groups == 1:
        return ""
    names = [
        ", ".join(task for task, own in zip(tasks, group, strict=True) if own == number)
        for number in range(num_groups)
    ]
    return f"no judgement links {'; '.join(names)}"


def rank_tasks(tasks: Sequence[str], votes: Sequence[PairVotes]) -> Ranking:
    """Return the topological order of the tasks by majority, cycles taken as one place.

    Args:
        tasks: names, each once.

    Returns:
        First and last possible rank of each task: a single place where the majorities decide it, a
        range where ties or missing pairs leave it open or a cycle shares it. A task that is more
        objective than another by majority, and in no cycle with it, has the smaller first rank.
    """
    before = np.zeros((len(tasks), len(tasks)), dtype=bool)  # (T, T): row before column
    for vote in votes:
        if vote.majority is not None:
            loser = vote.second if vote.majority == vote.first else vote.first
            before[tasks.index(vote.majority), tasks.index(loser)] = True
    reach = _close(before)
    in_cycle = reach & reach.T
    above, below = (reach & ~in_cycle).sum(axis=0), (reach & ~in_cycle).sum(axis=1)
    ranks = {
        task: (1 + int(above[place]), len(tasks) - int(below[place]))
        for place, task in enumerate(tasks)
    }
    groups = {
        tuple(tasks[at] for at in np.flatnonzero(row))
        for place, row in enumerate(in_cycle)
        if row[place]
    }
    return Ranking(ranks, tuple(sorted(groups, key=lambda group: (ranks[group[0]], group))))


def _close(before: BoolMatrix) -> BoolMatrix:
    """Return (T, T) whether a path of majorities leads from row to column (Warshall)."""
    reach = before.copy()
    for middle in range(len(reach)):
        reach |= np.outer(reach[:, middle], reach[middle])
    return reach


def measure_sameness(votes: Sequence[PairVotes]) -> float | None:
    """Return how often two judgements of one pair say the same.

    Args:
        votes: of any number of pairs.

    Returns:
        The share of pairs of judgements, over all pairs of tasks, in [0, 1]; guessing gives 0.5.
        ``None`` where no pair of tasks has two judgements.

    References:
        M. Kendall, B. Babington Smith (1940), On the Method of Paired Comparisons. Biometrika 31,
        324-345.
    """
    num_all = num_same = 0
    for vote in votes:
        total = vote.num_first + vote.num_second
        num_all += total * (total - 1) // 2
        num_same += sum(n * (n - 1) // 2 for n in (vote.num_first, vote.num_second))
    return num_same / num_all if num_all else None
