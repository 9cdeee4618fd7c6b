from __future__ import annotations

import itertools
import random
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import linregress, spearmanr

from synth_local.analyze.gaps import (
    MIN_ITEMS,
    MOST_LEVELS,
    PairedItems,
    compare_ties,
    fit_trend,
    measure_levels,
)
from tests.analyze.made_items import FALLING, FLAT, HARD, World, simulate


def make_items(
    agreement: list[float], real: list[list[int]], synthetic: list[list[int]]
) -> PairedItems:
    ties = np.array([share == 0.5 for share in agreement], dtype=bool)
    return PairedItems(
        agreement=np.array(agreement),
        is_tie=ties,
        real=np.array(real),
        synthetic=np.array(synthetic),
    )


@st.composite
def paired_items(draw: st.DrawFn) -> PairedItems:
    num_items = draw(st.integers(1, 40))
    shares = st.sampled_from([0.4, 0.5, 0.6, 2 / 3, 0.75, 0.8, 0.9, 1.0])
    agreement = draw(st.lists(shares, min_size=num_items, max_size=num_items))
    sides = []
    for _ in range(2):
        num_seeds = draw(st.integers(1, 3))
        row = st.lists(st.integers(0, 1), min_size=num_seeds, max_size=num_seeds)
        sides.append(draw(st.lists(row, min_size=num_items, max_size=num_items)))
    return make_items(agreement, *sides)


@settings(deadline=None)
@given(paired_items())
def test_gaps_are_differences_of_mean_correctness_with_equal_ones_equal(items: PairedItems) -> None:
    gaps = items.measure_gaps()
    assert gaps == pytest.approx(items.real.mean(axis=1) - items.synthetic.mean(axis=1))
    assert len(np.unique(gaps)) == len(np.unique(gaps.round(9)))


@settings(max_examples=30, deadline=None)
@given(paired_items())
def test_a_trend_is_that_of_scipy_over_items_or_says_why_not(items: PairedItems) -> None:
    found, gaps = fit_trend(items), items.measure_gaps()
    assert found.num_items == len(gaps)
    assert found.mean_gap == pytest.approx(gaps.mean())
    if found.reason:
        assert (found.slope, found.spearman, found.p_value) == (None, None, None)
        return
    assert found.slope is not None
    assert found.p_value is not None
    assert found.slope.point == pytest.approx(linregress(items.agreement, gaps).slope)
    assert found.spearman == pytest.approx(spearmanr(items.agreement, gaps.round(9)).statistic)
    assert 0 <= found.p_value <= 1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.randoms())
def test_a_trend_ignores_the_order_of_items_and_of_seeds(seed: int, source: random.Random) -> None:
    items = simulate(np.random.default_rng(seed), FALLING, 60)
    order = np.array(source.sample(range(60), 60))
    shuffled = items.keep(order)
    shuffled = PairedItems(
        agreement=shuffled.agreement,
        is_tie=shuffled.is_tie,
        real=shuffled.real[:, ::-1],
        synthetic=shuffled.synthetic[:, ::-1],
    )
    ours, theirs = fit_trend(items), fit_trend(shuffled)
    assert ours.reason == theirs.reason
    assert ours.p_value == pytest.approx(theirs.p_value)
    assert ours.spearman == pytest.approx(theirs.spearman)
    assert ours.slope is not None
    assert theirs.slope is not None
    assert ours.slope.low == pytest.approx(theirs.slope.low)
    assert ours.slope.high == pytest.approx(theirs.slope.high)


def test_seeds_that_agree_do_not_narrow_the_interval() -> None:
    items = simulate(np.random.default_rng(3), FALLING)
    one = PairedItems(
        agreement=items.agreement,
        is_tie=items.is_tie,
        real=items.real[:, :1],
        synthetic=items.synthetic[:, :1],
    )
    many = PairedItems(
        agreement=items.agreement,
        is_tie=items.is_tie,
        real=np.repeat(one.real, 5, axis=1),
        synthetic=np.repeat(one.synthetic, 4, axis=1),
    )
    assert fit_trend(one) == fit_trend(many)


def test_swapping_real_and_synthetic_turns_the_slope_over() -> None:
    items = simulate(np.random.default_rng(4), FALLING)
    swapped = PairedItems(
        agreement=items.agreement, is_tie=items.is_tie, real=items.synthetic, synthetic=items.real
    )
    ours, theirs = fit_trend(items), fit_trend(swapped)
    assert ours.slope is not None
    assert theirs.slope is not None
    assert ours.slope.point == pytest.approx(-theirs.slope.point)
    assert ours.slope.point < 0  # the gap falls with agreement


@pytest.mark.parametrize(
    ("agreement", "real", "reason"),
    [
        pytest.param([], [], "needs 10 items .* there are 0", id="no items"),
        pytest.param([0.6, 1] * 4, [1, 0] * 4, "needs 10 items .* there are 8", id="few items"),
        pytest.param([0.8] * 20, [1, 0] * 10, "does not vary: it is 0.8", id="one agreement"),
        pytest.param([0.6] * 4 + [1] * 16, [1, 0] * 10, "all but 4 of 20", id="hardly any spread"),
        pytest.param([0.6, 1] * 10, [1] * 20, "the gap does not vary: it is 1", id="one gap"),
        pytest.param([0.6, 1] * 10, [1, 0] * 10, "all items lie on one line", id="no scatter"),
    ],
)
def test_a_trend_that_is_undefined_says_why(
    agreement: list[float], real: list[int], reason: str
) -> None:
    correct = np.array(real, dtype=int).reshape(-1, 1)
    items = PairedItems(
        agreement=np.array(agreement),
        is_tie=np.zeros(len(real), dtype=bool),
        real=correct,
        synthetic=np.zeros_like(correct),
    )
    found = fit_trend(items)
    assert (found.slope, found.spearman, found.p_value) == (None, None, None)
    assert found.mean_gap == (pytest.approx(np.mean(real)) if real else None)
    assert re.search(reason, found.reason)


def test_ties_are_in_one_trend_and_not_in_the_other() -> None:
    rng = np.random.default_rng(5)
    items = simulate(rng, FALLING, 150)
    tied = PairedItems(
        agreement=np.full(50, 0.5),
        is_tie=np.ones(50, dtype=bool),
        real=items.real[:50],
        synthetic=items.real[:50],
    )
    both = PairedItems(
        agreement=np.concatenate([items.agreement, tied.agreement]),
        is_tie=np.concatenate([items.is_tie, tied.is_tie]),
        real=np.concatenate([items.real, tied.real]),
        synthetic=np.concatenate([items.synthetic, tied.synthetic]),
    )
    excluded, included = compare_ties(both)
    assert (included.num_items, excluded.num_items) == (200, 150)
    assert (included.ties, excluded.ties) == (True, False)
    assert excluded == fit_trend(items, ties=False)
    assert included == fit_trend(both)
    assert included.slope != excluded.slope


def test_without_ties_there_is_one_trend_and_records_carry_the_names() -> None:
    items = replace(simulate(np.random.default_rng(5), FALLING), condition="made", partner="real")
    assert not items.is_tie.any()
    [found] = compare_ties(items)
    assert (found.condition, found.partner, found.ties) == ("made", "real", False)
    assert {level.condition for level in measure_levels(items)} == {"made"}


def test_levels_are_what_they_are_by_hand() -> None:
    items = make_items(
        [1.0, 0.6, 1.0, 0.6, 0.6],
        [[1, 1], [1, 0], [1, 1], [1, 1], [0, 0]],
        [[1], [0], [0], [1], [0]],
    )
    low, high = measure_levels(items)
    assert (low.lowest, low.highest, low.num_items) == (0.6, 0.6, 3)
    assert (low.real, low.synthetic) == pytest.approx((0.5, 1 / 3))
    assert (high.real, high.synthetic) == pytest.approx((1.0, 0.5))
    assert low.gap is high.gap is None


@settings(max_examples=50, deadline=None)
@given(paired_items())
def test_levels_part_the_items_in_rising_order_and_never_part_equal_agreement(
    items: PairedItems,
) -> None:
    levels = measure_levels(items)
    assert 1 <= len(levels) <= MOST_LEVELS
    assert sum(level.num_items for level in levels) == len(items.agreement)
    for before, after in itertools.pairwise(levels):
        assert before.lowest <= before.highest < after.lowest <= after.highest
    mean_gap = np.average(
        [one.real - one.synthetic for one in levels], weights=[one.num_items for one in levels]
    )
    assert mean_gap == pytest.approx(items.measure_gaps().mean())


def test_many_values_of_agreement_make_bins_of_about_equal_size() -> None:
    rng = np.random.default_rng(6)
    correct = rng.integers(0, 2, (300, 2))
    ties = np.zeros(300, dtype=bool)
    items = PairedItems(
        agreement=rng.permutation(np.linspace(0.3, 1, 300)),
        is_tie=ties,
        real=correct,
        synthetic=correct[::-1],
    )
    levels = measure_levels(items)
    assert [level.num_items for level in levels] == [50] * MOST_LEVELS
    assert (levels[0].lowest, levels[-1].highest) == pytest.approx((0.3, 1))


def test_a_level_has_an_interval_where_it_has_enough_items_that_differ() -> None:
    few, enough = MIN_ITEMS - 1, MIN_ITEMS
    agreement = [0.6] * enough + [0.8] * few + [1.0] * enough
    real = [[place % 2] for place in range(enough + few)] + [[1]] * enough
    low, middle, high = measure_levels(make_items(agreement, real, [[0]] * len(real)))
    assert low.gap is not None
    assert low.gap.point == pytest.approx(low.real - low.synthetic)
    assert low.gap.low < low.gap.point < low.gap.high
    assert middle.gap is high.gap is None


@pytest.mark.parametrize(
    ("agreement", "real", "problem"),
    [
        pytest.param([0.5, 1], [[1]], "real", id="other items"),
        pytest.param([0.5], [[]], "seeds", id="no seeds"),
        pytest.param([0.5], [[2]], "0 and 1", id="no correctness"),
        pytest.param([-0.1], [[1]], "share", id="agreement below 0"),
        pytest.param([float("nan")], [[1]], "share", id="no agreement"),
    ],
)
def test_items_that_do_not_fit_are_refused(
    agreement: list[float], real: list[list[int]], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        make_items(agreement, real, real)


def test_a_planted_trend_is_found() -> None:
    found = fit_trend(simulate(np.random.default_rng(7), FALLING, 200))
    assert found.slope is not None
    assert found.p_value is not None
    assert found.p_value <= 0.001
    assert found.slope.high < 0
    assert found.slope.low < -1 < found.slope.high


@pytest.mark.slow
@pytest.mark.parametrize("world", [pytest.param(FLAT, id="flat"), pytest.param(HARD, id="hard")])
def test_without_a_trend_p_is_small_about_one_time_in_twenty(world: World) -> None:
    rng = np.random.default_rng(8)
    p_values = [fit_trend(simulate(rng, world)).p_value for _ in range(1000)]
    alarms = np.mean([p is not None and p <= 0.05 for p in p_values])
    assert 0.03 <= alarms <= 0.07  # 0.05 -+ three standard errors of 1,000 trials


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "truth"),
    [pytest.param(FALLING, -1.0, id="falling"), pytest.param(HARD, 0.0, id="hard")],
)
def test_intervals_of_the_slope_hold_the_truth_about_as_often_as_they_say(
    world: World, truth: float
) -> None:
    rng = np.random.default_rng(9)
    hits = 0
    for _ in range(1000):
        slope = fit_trend(simulate(rng, world)).slope
        assert slope is not None
        hits += slope.low <= truth <= slope.high
    assert 0.92 <= hits / 1000 <= 0.97


@pytest.mark.slow
def test_a_planted_trend_is_found_nearly_always_with_a_hundred_items() -> None:
    rng = np.random.default_rng(10)
    found = [fit_trend(simulate(rng, FALLING, 100)) for _ in range(300)]
    assert np.mean([one.p_value is not None and one.p_value <= 0.05 for one in found]) >= 0.95
