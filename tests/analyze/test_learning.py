from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from synth_local.analyze.learning import Draws, find_plateau, trace_points, value_in_rows
from synth_local.core.stats import LabelTable
from synth_local.errors import UndefinedMetricError

DRAWS = Draws(num_draws=400)
ROWS = (100, 200, 400, 800)


def make_table(rng: np.random.Generator, gold: np.ndarray, right: float, seeds: int) -> LabelTable:
    """Two labels; every student is right with the same probability on every item."""
    is_right = rng.random((seeds, len(gold))) < right
    return LabelTable(gold, np.where(is_right, gold, 1 - gold), 2)


def make_curve(
    rng: np.random.Generator, gold: np.ndarray, shares: dict[int, float], seeds: int = 2
) -> dict[int, LabelTable]:
    return {rows: make_table(rng, gold, share, seeds) for rows, share in shares.items()}


def test_points_are_seed_averages_with_the_spread_beside_them() -> None:
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 2, 300)
    tables = make_curve(rng, gold, {200: 0.8, 100: 0.6})
    first, last = (point.stored for point in trace_points(tables, DRAWS, {100: "few"}))
    assert (first.condition, last.condition) == ("few", "")
    assert (first.num_rows, last.num_rows) == (100, 200)
    by_seed = [f1_score(gold, row, average="macro") for row in tables[100].predicted]
    assert first.macro_f1.point == pytest.approx(np.mean(by_seed))
    assert first.sd == pytest.approx(np.std(by_seed, ddof=1))
    assert first.macro_f1.low < first.macro_f1.point < first.macro_f1.high
    (alone,) = trace_points(make_curve(rng, gold, {5: 0.7}, seeds=1), DRAWS)
    assert alone.stored.sd is None


def test_a_plateau_begins_where_no_later_point_lies_below_the_last() -> None:
    rng = np.random.default_rng(1)
    gold = rng.integers(0, 2, 2000)

    def plateau(*shares: float) -> int | None:
        curve = make_curve(rng, gold, dict(zip(ROWS, shares, strict=False)))
        return find_plateau(trace_points(curve, DRAWS), 0.95)

    assert plateau(0.6, 0.9, 0.9, 0.9) == 200
    assert plateau(0.6, 0.7, 0.8, 0.9) is None
    # a dip after a good point: the plateau begins behind the dip
    assert plateau(0.9, 0.7, 0.9, 0.9) == 400
    assert plateau(0.9) is None


def test_worth_is_where_the_real_curve_reaches_the_score() -> None:
    rng = np.random.default_rng(2)
    gold = rng.integers(0, 2, 4000)
    real = trace_points(
        make_curve(rng, gold, dict(zip(ROWS, (0.6, 0.7, 0.8, 0.9), strict=True))), DRAWS
    )
    between = trace_points(make_curve(rng, gold, {5000: 0.75}), DRAWS)[0]
    worth = value_in_rows(real, between, 0.95)
    assert worth.low < worth.point < worth.high
    assert worth.point == pytest.approx(200 * 2**0.5, rel=0.15)
    same = value_in_rows(real, real[2], 0.95)
    assert same.point == same.low == same.high == pytest.approx(400)


@pytest.mark.parametrize(("share", "rows"), [(0.52, 100), (0.98, 800)])
def test_nothing_is_extrapolated(share: float, rows: int) -> None:
    rng = np.random.default_rng(3)
    gold = rng.integers(0, 2, 1000)
    real = trace_points(
        make_curve(rng, gold, dict(zip(ROWS, (0.6, 0.7, 0.8, 0.9), strict=True))), DRAWS
    )
    beyond = trace_points(make_curve(rng, gold, {9: share}), DRAWS)[0]
    worth = value_in_rows(real, beyond, 0.95)
    assert worth.point == worth.low == worth.high == pytest.approx(rows)


def test_a_curve_that_falls_somewhere_is_read_as_rising() -> None:
    rng = np.random.default_rng(4)
    gold = rng.integers(0, 2, 4000)
    real = trace_points(
        make_curve(rng, gold, dict(zip(ROWS, (0.6, 0.82, 0.78, 0.9), strict=True))), DRAWS
    )
    other = trace_points(make_curve(rng, gold, {9: 0.85}), DRAWS)[0]
    assert 400 < value_in_rows(real, other, 0.95).point < 800


def test_one_real_point_is_no_curve() -> None:
    rng = np.random.default_rng(5)
    gold = rng.integers(0, 2, 50)
    points = trace_points(make_curve(rng, gold, {100: 0.7}), DRAWS)
    with pytest.raises(UndefinedMetricError, match="2 points"):
        value_in_rows(points, points[0], 0.95)


@pytest.mark.slow
def test_intervals_of_worth_cover() -> None:
    rng = np.random.default_rng(6)
    truth, covered, num_trials = 200 * 2**0.5, 0, 300
    draws = Draws(num_draws=200)
    for _ in range(num_trials):
        gold = rng.integers(0, 2, 300)
        real = trace_points(
            make_curve(rng, gold, dict(zip(ROWS, (0.6, 0.7, 0.8, 0.9), strict=True))), draws
        )
        other = trace_points(make_curve(rng, gold, {1: 0.75}), draws)[0]
        worth = value_in_rows(real, other, draws.level)
        covered += worth.low <= truth <= worth.high
    # 95 % is aimed at; 300 trials tell it from 90 and from 99.5 %
    assert 0.91 <= covered / num_trials <= 0.99
