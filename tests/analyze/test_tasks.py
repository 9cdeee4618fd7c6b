from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import linregress, spearmanr

from synth_local.analyze.lines import Draws
from synth_local.analyze.tasks import TaskPoint, fit_tasks
from synth_local.errors import DataError

FEW = Draws(num_draws=300)


def make_points(agreements: list[float], gaps: list[float]) -> list[TaskPoint]:
    pairs = zip(agreements, gaps, strict=True)
    return [TaskPoint(f"task{place}", *pair) for place, pair in enumerate(pairs)]


def test_a_trend_over_tasks_is_that_of_scipy() -> None:
    agreements, gaps = [0.9, 0.6, 0.75, 0.99, 0.8], [0.02, 0.3, 0.1, 0.0, 0.15]
    found = fit_tasks(make_points(agreements, gaps), FEW)
    assert found.slope is not None
    assert found.slope.point == pytest.approx(linregress(agreements, gaps).slope)
    assert found.slope.low < found.slope.point < found.slope.high
    assert found.spearman == pytest.approx(spearmanr(agreements, gaps).statistic)
    assert found.reason == ""
    assert [point.objectivity for point in found.points] == sorted(agreements)


def test_the_order_of_tasks_does_not_matter() -> None:
    points = make_points([0.9, 0.6, 0.75, 0.99], [0.02, 0.3, 0.1, 0.0])
    assert fit_tasks(points, FEW) == fit_tasks(points[::-1], FEW)


@pytest.mark.parametrize(
    ("agreements", "reason"),
    [
        pytest.param([], "needs 4 tasks, there are 0", id="no task"),
        pytest.param([0.6, 0.8, 0.9], "needs 4 tasks, there are 3", id="three tasks"),
        pytest.param([0.6, 0.6, 0.9, 0.9], "3 different values, found 2", id="two agreements"),
    ],
)
def test_too_few_tasks_have_points_but_no_trend(agreements: list[float], reason: str) -> None:
    found = fit_tasks(make_points(agreements, [0.1] * len(agreements)), FEW)
    assert len(found.points) == len(agreements)
    assert found.slope is None
    assert found.spearman is None
    assert reason in found.reason


def test_equal_gaps_have_a_flat_line_and_no_correlation() -> None:
    found = fit_tasks(make_points([0.6, 0.7, 0.8, 0.9], [0.25] * 4), FEW)
    assert found.slope is not None
    assert found.slope.point == 0
    assert found.spearman is None
    assert found.reason == "the gap is the same for all tasks"


def test_a_task_that_stands_twice_is_refused() -> None:
    point = TaskPoint("sms", 0.9, 0.1)
    with pytest.raises(DataError, match="sms"):
        fit_tasks([point, point])


def test_a_line_without_noise_has_an_interval_of_no_width() -> None:
    agreements = np.linspace(0.5, 1, 8)
    found = fit_tasks(make_points(list(agreements), list(0.9 - 0.8 * agreements)), FEW)
    assert found.slope is not None
    assert (found.slope.low, found.slope.high) == pytest.approx((-0.8, -0.8))
    assert found.spearman == pytest.approx(-1)
