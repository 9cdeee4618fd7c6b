"""Bradley-Terry strengths of tasks from pairwise judgements, with intervals by the likelihood.

The second opinion beside the topological order: one number per task, in log-odds, such that the
difference of two is the log-odds of being called the more objective one. ``choix`` fits it.

So that a task which always wins has a finite strength, every judged pair is given ``ALPHA``
judgements each way beside its own. That draws strengths together a little, the more the fewer
judgements there are. How often intervals hold the true strength: docs/analysis-controls.md.

Axis letters in comments: A annotators, T tasks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import choix
import numpy as np
import numpy.typing as npt
from scipy.linalg import null_space
from scipy.optimize import brentq, minimize
from scipy.special import expit
from scipy.stats import norm
from scipy.stats import t as student

from synth_local.analyze.judged import Judgement
from synth_local.errors import UndefinedMetricError
from synth_local.records import Interval

Matrix = npt.NDArray[np.float64]

ALPHA = 0.1
#: From so many annotators on, intervals allow for annotators who differ from one another.
MIN_ANNOTATORS = 5
MAX_ITERATIONS = 10_000
#: Of the search for the strengths of the other tasks, of which some twenty are taken.
MAX_STEPS = 500
#: Log-likelihood per log-odds and judgement that counts for level.
SLOPE = 1e-9


def choose_unit(judgements: Sequence[Judgement]) -> str:
    """Return what intervals take for independent: ``annotators`` from 5 on, else ``judgements``."""
    num_annotators = len({one.annotator for one in judgements})
    return "annotators" if num_annotators >= MIN_ANNOTATORS else "judgements"


def fit_strengths(
    tasks: Sequence[str], judgements: Sequence[Judgement], level: float = 0.95
) -> dict[str, Interval]:
    """Return the Bradley-Terry strength of each task with its likelihood interval.

    The interval holds every strength that the judgements do not speak against (profile likelihood,
    judgements being independent). From ``MIN_ANNOTATORS`` annotators on it is widened where
    leaving out one annotator after the other (jackknife) shows more variance than that.

    Args:
        tasks: names, each once.
        judgements: that link all tasks, in any order.
        level: coverage aimed at, in (0, 1).

    Returns:
        Strengths in log-odds by task, their mean 0; higher is more objective. An end that could
        not be found is infinite.

    References:
        R. Bradley, M. Terry (1952), Rank Analysis of Incomplete Block Designs. Biometrika 39.
        L. Maystre, M. Grossglauser (2015), Fast and Accurate Inference of Plackett-Luce Models.
        D. Venzon, S. Moolgavkar (1988), A Method for Computing Profile-Likelihood-Based
        Confidence Intervals. Applied Statistics 37, 87-94.
    """
    wins = _count_wins(tasks, judgements)  # (A, T, T)
    total = wins.sum(axis=0)
    added = np.where(total + total.T > 0, ALPHA, 0.0)
    counts = total + added
    point = solve_strengths(counts)
    spans = np.linalg.pinv(_find_information(counts, point))  # (T, T) variances
    errors = np.sqrt(np.diag(spans))  # (T,)
    steps = spans / errors[:, None]
    tail = (1 - level) / 2
    reach = np.full(len(tasks), norm.isf(tail))
    if choose_unit(judgements) == "annotators":
        spread = _leave_out(wins, added, point)
        reach = np.maximum(reach, student.isf(tail, len(wins) - 1) * spread / errors)
    return {
        task: Interval(
            float(point[place]),
            _find_end(counts, point, place, -steps[place], reach[place]),
            _find_end(counts, point, place, steps[place], reach[place]),
            level,
        )
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
    """Return (A, T, T) wins of row over column by annotator, in an order the file does not set."""
    said = sorted({one.annotator for one in judgements})
    wins = np.zeros((len(said), len(tasks), len(tasks)))
    for one in judgements:
        wins[said.index(one.annotator), tasks.index(one.winner), tasks.index(one.loser)] += 1
    return wins


def _find_information(counts: Matrix, strengths: Matrix) -> Matrix:
    """Return (T, T) the negative second derivatives of the log-likelihood."""
    chances = expit(strengths[:, None] - strengths)  # (T, T)
    curved = (counts + counts.T) * chances * chances.T
    information: Matrix = np.diag(curved.sum(axis=1)) - curved
    return information


def _leave_out(wins: Matrix, added: Matrix, point: Matrix) -> Matrix:
    """Return (T,) jackknife standard errors over annotators."""
    num = len(wins)
    counts = wins.sum(axis=0) + added
    without = np.stack([solve_strengths(counts - one, point) for one in wins])  # (A, T)
    errors: Matrix = np.sqrt((num - 1) * without.var(axis=0))
    return errors


def _find_end(counts: Matrix, point: Matrix, place: int, step: Matrix, reach: float) -> float:
    """Return the strength of one task at which the likelihood has fallen by ``reach`` deviations.

    Args:
        counts: (T, T) wins of row over column.
        point: (T,) the strengths that fit best.
        place: of the task.
        step: (T,) towards the end that is wanted: how much the strengths move, about, as that of
            the task moves by its standard error.
        reach: how far, as a distance of the standard normal distribution.

    Returns:
        One end of the interval; infinite where it could not be found.
    """
    best = _measure_fit(counts, point)
    others = null_space(np.stack([np.eye(len(counts))[place], np.ones(len(counts))]))  # (T, T - 2)

    def miss(num_steps: float) -> float:
        strengths = _fit_others(counts, point + num_steps * step, others)
        return 2 * (best - _measure_fit(counts, strengths)) - reach**2

    near, far = 0.0, reach
    try:
        while miss(far) < 0:
            near, far = far, far + reach
        found = brentq(miss, near, far, xtol=1e-5 / abs(step[place]))
    except UndefinedMetricError:
        found = math.inf
    return float(point[place] + found * step[place])


def _measure_fit(counts: Matrix, strengths: Matrix) -> float:
    """Return the log-likelihood."""
    return float(-(counts * np.logaddexp(0, strengths - strengths[:, None])).sum())


def _fit_others(counts: Matrix, start: Matrix, others: Matrix) -> Matrix:
    """Return (T,) the strengths that fit best along the given directions.

    Far from the best strengths, the chances of judgements that all went one way are 1 but for
    rounding, and the likelihood is all but flat there. Plain Newton steps are then of any length,
    so a trust region bounds them.

    Args:
        counts: (T, T) wins of row over column.
        start: (T,) strengths to begin with.
        others: (T, directions) orthonormal; none where there are two tasks.

    Returns:
        Strengths that differ from ``start`` along ``others`` alone.

    Raises:
        UndefinedMetricError: ``MAX_STEPS`` did not lead to the top.
    """
    if not others.shape[1]:
        return start

    def find_slope(moved: Matrix) -> Matrix:
        strengths = start + others @ moved
        wanted = (counts + counts.T) * expit(strengths[:, None] - strengths) - counts
        slope: Matrix = others.T @ wanted.sum(axis=1)
        return slope

    found = minimize(
        lambda moved: -_measure_fit(counts, start + others @ moved),
        np.zeros(others.shape[1]),
        method="trust-exact",
        jac=find_slope,
        hess=lambda moved: others.T @ _find_information(counts, start + others @ moved) @ others,
        options={"gtol": SLOPE * counts.sum(), "maxiter": MAX_STEPS},
    )
    # no step promises more than rounding takes away: that is the top, too
    at_top = found.status == 2 and np.abs(found.jac).max() < 100 * SLOPE * counts.sum()
    if not (found.success or at_top):
        raise UndefinedMetricError(f"no best strengths of the other tasks: {found.message}")
    strengths: Matrix = start + others @ found.x
    return strengths
