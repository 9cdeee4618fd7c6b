from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap
from sklearn.metrics import accuracy_score, f1_score

from synth_local.core.stats import (
    SCORES,
    FloatArray,
    IntArray,
    LabelCounts,
    LabelTable,
    bound_draws,
    draw_bootstrap,
    permute_pairs,
    score_seeds,
    spread,
)
from synth_local.errors import UndefinedMetricError

BOTH = tuple(SCORES.values())
MACRO_F1 = SCORES["macro_f1"]
ACCURACY = SCORES["accuracy"]


def make_table(gold: list[int], *predicted: list[int], num_labels: int = 3) -> LabelTable:
    return LabelTable(np.array(gold), np.array(predicted), num_labels)


def simulate(
    rng: np.random.Generator, num_items: int, skills: list[float], num_labels: int = 3
) -> LabelTable:
    """Predict gold with a seed's skill, else a random label; hard items are hard for all seeds."""
    gold = rng.choice(num_labels, num_items, p=np.array([0.6, 0.3, 0.1][:num_labels]))
    ease = rng.random(num_items)
    predicted = [
        np.where(
            ease + 0.3 * rng.standard_normal(num_items) < skill,
            gold,
            rng.integers(0, num_labels, num_items),
        )
        for skill in skills
    ]
    return LabelTable(gold, np.stack(predicted), num_labels)


@st.composite
def tables(draw: st.DrawFn) -> LabelTable:
    num_items = draw(st.integers(1, 30))
    row = st.lists(st.integers(0, 3), min_size=num_items, max_size=num_items)
    predicted = draw(st.lists(row, min_size=1, max_size=3))
    return make_table(draw(row), *predicted, num_labels=4)


@given(tables())
def test_scores_agree_with_scikit_learn_for_every_seed(table: LabelTable) -> None:
    for number, predicted in enumerate(table.predicted):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            labels = np.unique(table.gold)
            expected = f1_score(table.gold, predicted, labels=labels, average="macro")
        assert score_seeds(table, MACRO_F1)[number] == pytest.approx(expected)
        assert score_seeds(table, ACCURACY)[number] == pytest.approx(
            accuracy_score(table.gold, predicted)
        )


@settings(max_examples=30)
@given(tables(), st.integers(0, 100))
def test_a_resample_scores_like_scikit_learn_on_the_repeated_items(
    table: LabelTable, seed: int
) -> None:
    num_items = len(table.gold)
    drawn = np.random.default_rng(seed).integers(0, num_items, size=(5, num_items))
    draws = draw_bootstrap(table, BOTH, 5, seed)
    for number, items in enumerate(drawn):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            labels = np.unique(table.gold)  # of the whole table: a resample may lack one
            expected = np.mean(
                [
                    f1_score(table.gold[items], p[items], labels=labels, average="macro")
                    for p in table.predicted
                ]
            )
        assert draws[0, number] == pytest.approx(expected)


def test_a_label_without_predictions_counts_as_zero_and_an_unused_label_not_at_all() -> None:
    table = make_table([0, 0, 1, 1], [0, 0, 0, 0], num_labels=5)
    assert score_seeds(table, MACRO_F1)[0] == pytest.approx((2 / 3 + 0) / 2)


def test_accuracy_intervals_agree_with_scipy() -> None:
    table = simulate(np.random.default_rng(1), 400, [0.8])
    correct = (table.predicted[0] == table.gold).astype(float)
    theirs = bootstrap(
        (correct,), np.mean, n_resamples=9999, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    ours = bound_draws(draw_bootstrap(table, (ACCURACY,), 9999, 3)[0])
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.004)


def test_paired_intervals_of_macro_f1_agree_with_scipy() -> None:
    rng = np.random.default_rng(13)
    both = simulate(rng, 250, [0.8, 0.8, 0.7, 0.7])
    left = LabelTable(both.gold, both.predicted[:2], 3)
    right = LabelTable(both.gold, both.predicted[2:], 3)

    def measure_gap(items: FloatArray, axis: int) -> FloatArray:
        return np.apply_along_axis(measure_one, axis, items)

    def measure_one(items: FloatArray) -> float:
        drawn = items.astype(int)
        scores = [
            np.mean([measure_f1(both.gold[drawn], row[drawn]) for row in side.predicted])
            for side in (left, right)
        ]
        return float(scores[0] - scores[1])

    def measure_f1(gold: IntArray, predicted: IntArray) -> float:
        matrix = np.bincount(3 * gold + predicted, minlength=9).reshape(3, 3)
        return float(np.mean(2 * np.diag(matrix) / (matrix.sum(axis=0) + matrix.sum(axis=1))))

    theirs = bootstrap(
        (np.arange(250),), measure_gap, n_resamples=4999, method="percentile", rng=rng
    ).confidence_interval
    draws = draw_bootstrap(left, (MACRO_F1,), 4999, 3) - draw_bootstrap(right, (MACRO_F1,), 4999, 3)
    # the ends of 4,999 draws scatter by 0.0015
    assert bound_draws(draws[0]) == pytest.approx((theirs.low, theirs.high), abs=0.006)


def test_seeds_that_agree_do_not_narrow_the_interval() -> None:
    one = simulate(np.random.default_rng(4), 300, [0.7])
    three = LabelTable(one.gold, np.repeat(one.predicted, 3, axis=0), 3)
    assert np.allclose(draw_bootstrap(one, BOTH, 200, 5), draw_bootstrap(three, BOTH, 200, 5))


def test_the_same_seed_gives_the_same_draws_and_another_seed_does_not() -> None:
    table = simulate(np.random.default_rng(6), 100, [0.7])
    first = draw_bootstrap(table, BOTH, 50, 7)
    assert np.array_equal(first, draw_bootstrap(table, BOTH, 50, 7))
    assert not np.array_equal(first, draw_bootstrap(table, BOTH, 50, 8))


def test_draws_do_not_depend_on_how_many_are_asked_for() -> None:
    table = simulate(np.random.default_rng(6), 100, [0.7])
    assert np.array_equal(
        draw_bootstrap(table, BOTH, 20, 7), draw_bootstrap(table, BOTH, 50, 7)[:, :20]
    )


def test_identical_conditions_have_p_one() -> None:
    table = simulate(np.random.default_rng(9), 100, [0.7, 0.6])
    assert permute_pairs(table, table, BOTH, 99, 0).tolist() == [1.0, 1.0]


def test_p_is_the_same_whichever_side_is_left() -> None:
    rng = np.random.default_rng(10)
    left = simulate(rng, 80, [0.7, 0.8])
    right = LabelTable(left.gold, simulate(rng, 80, [0.5, 0.5]).predicted, 3)
    assert np.allclose(
        permute_pairs(left, right, BOTH, 500, 1), permute_pairs(right, left, BOTH, 500, 1)
    )


def test_p_approaches_the_full_enumeration_of_swaps() -> None:
    gold = np.array([0, 0, 0, 1, 1, 2, 2])
    left = np.array([[0, 0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 1, 2, 0]])
    right = np.array([[0, 1, 2, 1, 0, 0, 2], [0, 1, 0, 1, 0, 2, 0]])

    def gap(swap: FloatArray) -> float:
        sides = np.where(swap, right, left), np.where(swap, left, right)
        scores = [np.mean([f1_score(gold, row, average="macro") for row in side]) for side in sides]
        return float(abs(scores[0] - scores[1]))

    observed = gap(np.zeros(7, dtype=bool))
    swaps = [np.array(swap) for swap in itertools.product([False, True], repeat=7)]
    exact = np.mean([gap(swap) >= observed - 1e-12 for swap in swaps])
    tables = LabelTable(gold, left, 3), LabelTable(gold, right, 3)
    assert permute_pairs(*tables, (MACRO_F1,), 20000, 0)[0] == pytest.approx(exact, abs=0.01)


def test_p_is_never_zero() -> None:
    gold = np.zeros(50, dtype=int)
    gold[25:] = 1
    right = LabelTable(gold, 1 - gold[None, :], 2)
    left = LabelTable(gold, gold[None, :], 2)
    assert permute_pairs(left, right, BOTH, 99, 0)[0] == pytest.approx(0.01)


def test_a_spread_of_one_seed_is_undefined() -> None:
    assert spread(np.array([0.1, 0.3])) == pytest.approx(np.sqrt(0.02))
    with pytest.raises(UndefinedMetricError, match="two seeds"):
        spread(np.array([0.5]))


@pytest.mark.parametrize(
    ("gold", "predicted"),
    [
        pytest.param([], [[]], id="no items"),
        pytest.param([0, 1], [[0]], id="other items"),
        pytest.param([0, 3], [[0, 1]], id="label out of range"),
    ],
)
def test_tables_that_do_not_fit_are_refused(gold: list[int], predicted: list[list[int]]) -> None:
    with pytest.raises(ValueError, match=r"fit|outside"):
        LabelTable(np.array(gold, dtype=int), np.array(predicted, dtype=int), 3)


@pytest.mark.slow
def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(11)
    skills = [0.7, 0.75, 0.8]
    population = simulate(rng, 400_000, skills)
    truth = np.array([score_seeds(population, score).mean() for score in BOTH])
    hits = np.zeros(len(BOTH))
    num_worlds = 400
    for world in range(num_worlds):
        draws = draw_bootstrap(simulate(rng, 300, skills), BOTH, 500, world)
        bounds = np.array([bound_draws(row) for row in draws])
        hits += (bounds[:, 0] <= truth) & (truth <= bounds[:, 1])
    assert np.all(hits / num_worlds >= 0.915), hits / num_worlds
    assert np.all(hits / num_worlds <= 0.985), hits / num_worlds


@pytest.mark.slow
def test_equal_conditions_are_told_apart_about_one_time_in_twenty() -> None:
    rng = np.random.default_rng(12)
    alarms = np.zeros(len(BOTH))
    num_worlds = 600
    for world in range(num_worlds):
        both = simulate(rng, 200, [0.75] * 4)
        left = LabelTable(both.gold, both.predicted[:2], 3)
        right = LabelTable(both.gold, both.predicted[2:], 3)
        alarms += permute_pairs(left, right, BOTH, 199, world) <= 0.05
    assert np.all(alarms / num_worlds >= 0.025), alarms / num_worlds
    assert np.all(alarms / num_worlds <= 0.08), alarms / num_worlds


def test_scores_work_on_counts_of_any_leading_shape() -> None:
    counts = LabelCounts(
        np.ones((4, 1, 2)), np.ones((4, 3, 2)), np.ones((4, 3, 2)), np.ones(2, dtype=bool)
    )
    assert MACRO_F1(counts).shape == ACCURACY(counts).shape == (4, 3)
