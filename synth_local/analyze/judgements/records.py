"""Judgements of which of two tasks is more objective, and what follows from them, as records.

Holds data and no statistics: ``judgements`` and ``strengths`` fill it, the report reads it. A task
is objective where its labels rest on clear, identifiable features of the text, and subjective
where they rest on personal reading or feeling.
"""

from __future__ import annotations

from dataclasses import dataclass

from synth_local.records import Interval


@dataclass(frozen=True, slots=True)
class Judgement:
    """One annotator's word on one pair of tasks.

    Attributes:
        winner: the task that is called more objective.
    """

    annotator: str
    winner: str
    loser: str


@dataclass(frozen=True, slots=True)
class PairVotes:
    """The judgements of one pair.

    Attributes:
        first: the task that stands earlier in the run file.
        num_first: judgements that call ``first`` more objective.
        num_second: judgements that call ``second`` more objective; together at least 1.
    """

    first: str
    second: str
    num_first: int
    num_second: int

    @property
    def majority(self) -> str | None:
        """Return the task that more judgements call more objective; ``None`` on a tie."""
        if self.num_first == self.num_second:
            return None
        return self.first if self.num_first > self.num_second else self.second


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedTask:
    """What the judgements say of one task.

    Attributes:
        rank: 1 + tasks that the majorities put before it, the most objective task having 1;
            ``None`` where there is no ranking.
        last_rank: number of tasks - tasks that the majorities put behind it. Larger than ``rank``
            where they leave the place open; the same for all tasks of a cycle.
        strength: Bradley-Terry, in log-odds; the mean over tasks is 0; higher is more objective.
            ``None`` where it is undefined.
        num_wins: judgements that call it the more objective one.
        num_judgements: judgements of a pair that it is in.
    """

    task: str
    rank: int | None
    last_rank: int | None
    strength: Interval | None
    num_wins: int
    num_judgements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedTasks:
    """Everything that pairwise judgements say of a run's tasks.

    Attributes:
        tasks: the most objective first; tasks without a rank in the run file's order.
        pairs: the pairs with a judgement, in the run file's order.
        cycles: groups of tasks of which each is, step by step, more objective than itself by
            majority; in the order of their ranks.
        num_judgements: judgements behind all of it.
        num_pairs: pairs that the run's tasks make.
        num_tied: judged pairs without a majority.
        same: share of pairs of judgements on one pair of tasks that say the same, in [0, 1];
            ``None`` where no pair has two.
        coefficient: ``2 * same - 1``, Kendall's coefficient of agreement: 1 is full agreement, 0
            what guessing gives.
        reason: why there are no ranks and strengths; empty where there are.
    """

    tasks: tuple[JudgedTask, ...]
    pairs: tuple[PairVotes, ...]
    cycles: tuple[tuple[str, ...], ...]
    num_judgements: int
    num_annotators: int
    num_pairs: int
    num_tied: int
    same: float | None
    coefficient: float | None
    reason: str = ""
