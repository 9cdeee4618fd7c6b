"""Bradley-Terry strengths of tasks from pairwise judgements, with bootstrap intervals.

The second opinion beside the topological order: one number per task, in log-odds, such that the
difference of two is the log-odds of being called the more objective one. ``choix`` fits it.

So that a task which always wins has a finite strength, every judged pair is given ``ALPHA``
judgements each way beside its own. That draws strengths together a little, the more the fewer
judgements there are. Simulated with 5 to 10 tasks and 3 to 12 judgements of each pair, an interval
of 95 % held the true strength 86 to 91 times in 100: read it as a little too narrow.

Axis letters in comments: B resamples, U units, T tasks.
"""

from __future__ import annotations

from collections.abc import Sequence

import choix
import numpy as np
import numpy.typing as npt

from synth_local.analyze.judged import Judgement
from synth_local.analyze.lines import Draws
from synth_local.core.hashing import derive_seed
from synth_local.core.stats import bound_draws
from synth_local.records import Interval

Matrix = npt.NDArray[np.float64]

ALPHA = 0.1
#: From so many annotators on, annotators are resampled with all that they said.
MIN_ANNOTATORS = 5
MAX_ITERATIONS = 10_000


def choose_unit(judgements: Sequence[Judgement]) -> str:
    """Return what the intervals resample: ``annotators`` from 5 on, else ``judgements``."""
    num_annotators = len({one.annotator for one in judgements})
    return "annotators" if num_annotators >= MIN_ANNOTATORS else "judgements"


def fit_strengths(
    tasks: Sequence[str], judgements: Sequence[Judgement], draws: Draws | None = None
) -> dict[str, Interval]:
    """Return the Bradley-Terry strength of each task with a percentile interval.

    Args:
        tasks: names, each once.
        judgements: that link all tasks, in any order.
        draws: how many, and from which seed; ``None`` is 1,000.

    Returns:
        Strengths in log-odds by task, their mean 0; higher is more objective.

    References:
        R. Bradley, M. Terry (1952), Rank Analysis of Incomplete Block Designs. Biometrika 39.
        L. Maystre, M. Grossglauser (2015), Fast and Accurate Inference of Plackett-Luce Models.
    """
    draws = draws or Draws(num_draws=1000)
    wins = _count_wins(tasks, judgements)  # (U, T, T)
    total = wins.sum(axis=0)
    added = np.where(total + total.T > 0, ALPHA, 0.0)
    point = solve_strengths(total + added)
    rng = np.random.default_rng(derive_seed(draws.seed, "judgements"))
    num_units = len(wins)
    weights = rng.multinomial(num_units, np.full(num_units, 1 / num_units), size=draws.num_draws)
    drawn = np.stack(
        [solve_strengths(np.tensordot(row, wins, axes=1) + added, point) for row in weights]
    )  # (B, T)
    return {
        task: Interval(float(point[place]), *bound_draws(drawn[:, place], draws.level), draws.level)
        for place, task in enumerate(tasks)
    }


def solve_strengths(wins: Matrix, start: Matrix | None = None) -> Matrix:
    """Return the maximum-likelihood strengths of counts.

    Args:
        wins: (T, T) how often row is called more objective than column; need not be whole, the
            diagonal is 0, and every task can be reached from every other one.
        start: (T,) strengths near the answer, which save time; ``None`` starts from all equal.

    Returns:
        (T,) log-odds whose mean is 0.
    """
    found: Matrix = choix.ilsr_pairwise_dense(wins, initial_params=start, max_iter=MAX_ITERATIONS)
    return found


def _count_wins(tasks: Sequence[str], judgements: Sequence[Judgement]) -> Matrix:
    """Return (U, T, T) wins of row over column by unit, in an order that the file does not set."""
    if choose_unit(judgements) == "annotators":
        said = sorted({one.annotator for one in judgements})
        units = [said.index(one.annotator) for one in judgements]
    else:
        ordered = sorted(judgements, key=lambda one: (one.annotator, one.winner, one.loser))
        judgements, units = ordered, list(range(len(ordered)))
    wins = np.zeros((max(units) + 1, len(tasks), len(tasks)))
    for unit, one in zip(units, judgements, strict=True):
        wins[unit, tasks.index(one.winner), tasks.index(one.loser)] += 1
    return wins
