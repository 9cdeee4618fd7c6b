from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import linregress, spearmanr
from scipy.stats import t as student

from synth_local.analyze.tasks import TaskPoint, fit_tasks
from synth_local.errors import DataError


def make_points(agreements: list[float], gaps: list[float]) -> list[TaskPoint]:
    pairs = zip(agreements, gaps, strict=True)
    return [TaskPoint(f"task{place}", *pair) for place, pair in enumerate(pairs)]


def test_a_trend_over_tasks_is_that_of_scipy() -> None:
    agreements, gaps = [0.9, 0.6, 0.75, 0.99, 0.8], [0.02, 0.3, 0.1, 0.0, 0.15]
    found = fit_tasks(make_points(agreements, gaps))
    assert found.slope is not None
    assert found.slope.point == pytest.approx(linregress(agreements, gaps).slope)
    assert found.slope.low < found.slope.point < found.slope.high
    assert found.spearman == pytest.approx(spearmanr(agreements, gaps).statistic)
    assert found.reason == ""
    assert found.num_tasks == 5


def test_the_order_of_tasks_does_not_matter() -> None:
    points = make_points([0.9, 0.6, 0.75, 0.99], [0.02, 0.3, 0.1, 0.0])
    assert fit_tasks(points) == fit_tasks(points[::-1])


@pytest.mark.parametrize(
    ("agreements", "reason"),
    [
        pytest.param([], "needs 4 tasks, there are 0", id="no task"),
        pytest.param([0.6, 0.8, 0.9], "needs 4 tasks, there are 3", id="three tasks"),
        pytest.param([0.6, 0.6, 0.9, 0.9], "3 different values, found 2", id="two agreements"),
    ],
)
def test_too_few_tasks_have_points_but_no_trend(agreements: list[float], reason: str) -> None:
    found = fit_tasks(make_points(agreements, [0.1] * len(agreements)))
    assert found.num_tasks == len(agreements)
    assert found.slope is None
    assert found.spearman is None
    assert reason in found.reason


def test_equal_gaps_have_a_flat_line_and_no_correlation() -> None:
    found = fit_tasks(make_points([0.6, 0.7, 0.8, 0.9], [0.25] * 4))
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
    found = fit_tasks(make_points(list(agreements), list(0.9 - 0.8 * agreements)))
    assert found.slope is not None
    assert (found.slope.low, found.slope.high) == pytest.approx((-0.8, -0.8))
    assert found.spearman == pytest.approx(-1)


def test_the_interval_is_hc3_by_hand() -> None:
    x, y = np.array([0.6, 0.7, 0.75, 0.9, 0.99]), np.array([0.3, 0.1, 0.2, 0.02, 0.0])
    found = fit_tasks(make_points(list(x), list(y))).slope
    assert found is not None
    apart = x - x.mean()
    slope = apart @ y / (apart @ apart)
    left = y - y.mean() - slope * apart
    leverage = 1 / 5 + apart**2 / (apart @ apart)
    error = np.sqrt((apart**2 * (left / (1 - leverage)) ** 2).sum()) / (apart @ apart)
    reach = student.isf(0.025, 3) * error
    assert (found.low, found.high) == pytest.approx((slope - reach, slope + reach))
