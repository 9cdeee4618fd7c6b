"""Trends over tasks, predictions for tasks, strengths of tasks and the worth of a corpus."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import expit

from synth_local.analyze.judgements.records import Judgement
from synth_local.analyze.judgements.strengths import fit_strengths, solve_strengths
from synth_local.analyze.learning import Draws, find_plateau, trace_points, value_in_rows
from synth_local.analyze.tasks import TaskPoint, fit_tasks
from synth_local.core.stats import FloatArray, LabelTable
from tests.controls.record import Control


def check_task_slope(num: int, num_tasks: int, *, is_even: bool = True) -> Control:
    """Return how often the interval of the slope over tasks holds it."""
    rng = np.random.default_rng(21)
    held = 0
    for _ in range(num):
        x = rng.uniform(0.6, 1.0, num_tasks)
        spread = np.full(num_tasks, 0.03) if is_even else 0.1 * (1.05 - x)
        y = 0.4 * (1 - x) + spread * rng.standard_normal(num_tasks)
        points = [TaskPoint(str(place), *pair) for place, pair in enumerate(zip(x, y, strict=True))]
        slope = fit_tasks(points).slope
        assert slope is not None
        held += slope.low <= -0.4 <= slope.high
    design = f"{num_tasks} tasks, " + (
        "even scatter" if is_even else "subjective tasks scatter more"
    )
    return Control("slope over tasks, interval", design, "covers", 0.95, held / num, num)


@dataclass(frozen=True)
class Jury:
    """Annotators who judge every pair of tasks once, each with strengths of its own.

    Attributes:
        num_tasks: tasks.
        num_annotators: so many judgements has each pair.
        scatter: standard deviation of an annotator's strengths around the common ones.
    """

    num_tasks: int
    num_annotators: int
    scatter: float = 0.0

    def draw(self, rng: np.random.Generator, common: FloatArray) -> list[Judgement]:
        """Return everybody's judgements."""
        found = []
        for who in range(self.num_annotators):
            own = common + self.scatter * rng.standard_normal(self.num_tasks)
            for one, other in combinations(range(self.num_tasks), 2):
                wins = rng.random() < expit(own[one] - own[other])
                pair = (one, other) if wins else (other, one)
                found.append(Judgement(f"{who:02d}", *map(str, pair)))
        return found

    def find_truth(self, common: FloatArray) -> FloatArray:
        """Return the strengths that endlessly many such annotators would lead to."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(31)
        apart = common[:, None] - common
        # the difference of two scattered strengths scatters by sqrt(2)
        chances = expit(apart[..., None] + np.sqrt(2) * self.scatter * nodes)
        wins = chances @ weights / weights.sum()
        np.fill_diagonal(wins, 0)
        return solve_strengths(wins)


def check_strengths(num: int, jury: Jury) -> Control:
    """Return how often Bradley-Terry intervals hold the true strength."""
    rng = np.random.default_rng(24)
    tasks = tuple(map(str, range(jury.num_tasks)))
    held = 0.0
    for _ in range(num):
        common = rng.standard_normal(jury.num_tasks)
        truth, judgements = jury.find_truth(common), jury.draw(rng, common)
        found = fit_strengths(tasks, judgements)
        held += np.mean([found[task].low <= truth[int(task)] <= found[task].high for task in tasks])
    design = f"{jury.num_tasks} tasks, each pair judged {jury.num_annotators} times; annotators "
    if not jury.scatter:
        name = "Bradley-Terry strength, interval"
        return Control(name, design + "all alike", "covers", 0.95, held / num, num)
    return Control(
        "Bradley-Terry strength, interval, annotators being further ones",
        design + "differ",
        "not claimed",
        0.95,
        held / num,
        num,
        "not claimed: intervals take judgements for independent, and the page says so",
    )


def check_worth(num: int, shares: tuple[float, ...], share: float) -> list[Control]:
    """Return how often the worth in real rows is held, and a curve's end is called flat."""
    rng = np.random.default_rng(25)
    rows = np.array([100, 200, 400, 800])
    place = int(np.searchsorted(shares, share))
    part = (share - shares[place - 1]) / (shares[place] - shares[place - 1])
    truth = rows[place - 1] * (rows[place] / rows[place - 1]) ** part
    held = rising = 0
    for draw in range(num):
        tables = _answer(rng, (*shares, share, shares[-1], shares[-1], shares[-1]))
        draws = Draws(1000, seed=draw)
        real = trace_points(dict(zip(map(int, rows), tables[:4], strict=True)), draws)
        other = trace_points({1: tables[4]}, draws)[0]
        worth = value_in_rows(real, other, draws.level)
        held += worth.low <= truth <= worth.high
        flat = trace_points({n: one for n, one in enumerate([tables[3], *tables[5:]], 1)}, draws)
        rising += find_plateau(flat, draws.level) != 1
    design = (
        f"300 items x 2 seeds; accuracy {shares} at {tuple(map(int, rows))} rows, {share} to place"
    )
    return [
        Control("worth in real rows, interval", design, "covers", 0.95, held / num, num),
        Control(
            "flat from: a flat curve of 4 points not called flat from its first",
            f"300 items x 2 seeds; accuracy {shares[-1]} throughout",
            "not claimed",
            0.05,
            rising / num,
            num,
            "a description: three comparisons with the last point, each one-sided at 2.5 %",
        ),
    ]


def _answer(rng: np.random.Generator, skills: tuple[float, ...]) -> list[LabelTable]:
    """Return tables of two seeds; items are hard or easy for all."""
    gold, ease = rng.integers(0, 2, 300), rng.random(300)
    tables = []
    for skill in skills:
        shares = np.where(rng.random((2, 300)) < 0.6, ease, rng.random((2, 300)))
        tables.append(LabelTable(gold, np.where(shares < skill, gold, 1 - gold), 2))
    return tables
