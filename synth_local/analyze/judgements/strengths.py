"""Bradley-Terry strengths of tasks from pairwise judgements, with Wald intervals.

The second opinion beside the topological order: one number per task, in log-odds, such that the
difference of two is the log-odds of being called the more objective one. ``choix`` fits it.

So that a task which always wins has a finite strength, every judged pair is given ``ALPHA``
judgements each way beside its own. That draws strengths together a little, the more the fewer
judgements there are. How often intervals hold the true strength: docs/analysis-controls.md.

Axis letter in comments: T tasks.
"""

from __future__ import annotations

from collections.abc import Sequence

import choix
import numpy as np
import numpy.typing as npt
from scipy.special import expit
from scipy.stats import norm

from synth_local.analyze.judgements.records import Judgement
from synth_local.records import Interval

Matrix = npt.NDArray[np.float64]

ALPHA = 0.1
MAX_ITERATIONS = 10_000


def fit_strengths(
    tasks: Sequence[str], judgements: Sequence[Judgement], level: float = 0.95
) -> dict[str, Interval]:
    """Return the Bradley-Terry strength of each task with its Wald interval.

    The interval takes judgements for independent: it does not allow for annotators who differ from
    one another.

    Args:
        tasks: names, each once.
        judgements: that link all tasks, in any order.
        level: coverage aimed at, in (0, 1).

    Returns:
        Strengths in log-odds by task, their mean 0; higher is more objective.

    References:
        R. Bradley, M. Terry (1952), Rank Analysis of Incomplete Block Designs. Biometrika 39.
        L. Maystre, M. Grossglauser (2015), Fast and Accurate Inference of Plackett-Luce Models.
    """
    places = {task: place for place, task in enumerate(tasks)}
    counts = np.zeros((len(tasks), len(tasks)))  # (T, T) wins of row over column
    for judgement in judgements:
        counts[places[judgement.winner], places[judgement.loser]] += 1
    counts += np.where(counts + counts.T > 0, ALPHA, 0.0)
    point = solve_strengths(counts)
    half_widths = norm.isf((1 - level) / 2) * _find_errors(counts, point)
    return {
        task: Interval(float(at), float(at - half), float(at + half), level)
        for task, at, half in zip(tasks, point, half_widths, strict=True)
    }


def solve_strengths(wins: Matrix) -> Matrix:
    """Return the maximum-likelihood strengths of counts.

    Args:
        wins: (T, T) how often row is called more objective than column; need not be whole, the
            diagonal is 0, and every task can be reached from every other one.

    Returns:
        (T,) log-odds whose mean is 0.
    """
    found: Matrix = choix.ilsr_pairwise_dense(wins, max_iter=MAX_ITERATIONS)
    return found


def _find_errors(counts: Matrix, strengths: Matrix) -> Matrix:
    """Return (T,) standard errors, from the curvature of the log-likelihood at its top."""
    chances = expit(strengths[:, None] - strengths)  # (T, T)
    curved = (counts + counts.T) * chances * chances.T
    information = np.diag(curved.sum(axis=1)) - curved
    # the likelihood knows nothing of the mean, which is 0: without it there is no inverse
    mean = np.full_like(information, 1 / len(information))
    errors: Matrix = np.sqrt(np.diag(np.linalg.inv(information + mean) - mean))
    return errors
