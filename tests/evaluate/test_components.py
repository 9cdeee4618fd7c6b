"""Sources of chance add up; what would settle a question is computed from them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as student

from synth_local.core.stats import LabelTable, macro_f1_of
from synth_local.evaluate.components import (
    NOTHING,
    Component,
    Uncertainty,
    bound,
    count_units,
    join_df,
    measure_items,
    measure_training,
    weigh_items,
)
from synth_local.evaluate.verdicts.settling import Chance, list_settling


def make_table(num_items: int, num_rare: int, accuracies: list[float]) -> LabelTable:
    gold = np.zeros(num_items, dtype=int)
    gold[:num_rare] = 1
    rows = []
    for number, share in enumerate(accuracies):
        wrong = np.random.default_rng(number).random(num_items) >= share
        rows.append(np.where(wrong, 1 - gold, gold))
    return LabelTable(gold, np.stack(rows), 2)


def test_equal_variances_have_the_degrees_of_freedom_of_the_pooled_t_test() -> None:
    both = (Component(0.04, 4), Component(0.04, 4))
    assert join_df(both) == pytest.approx(8)
    assert join_df([NOTHING]) == math.inf
    assert join_df([Component(1, 3), Component(1e-12, 50)]) == pytest.approx(3)


def test_seeds_alone_give_students_interval_of_their_mean() -> None:
    tables = [make_table(400, 200, [0.9, 0.8, 0.7])]
    part = measure_training(tables, macro_f1_of)
    by_seed = [macro_f1_of_one(tables[0], number) for number in range(3)]
    low, high = student.interval(
        0.95, 2, loc=np.mean(by_seed), scale=np.std(by_seed, ddof=1) / math.sqrt(3)
    )
    found = Uncertainty(NOTHING, (part,)).bound(float(np.mean(by_seed)), (-9, 9))
    assert (found.low, found.high) == pytest.approx((low, high))


def macro_f1_of_one(table: LabelTable, seed: int) -> float:
    from synth_local.core.stats import score_seeds  # noqa: PLC0415

    return float(score_seeds(table, macro_f1_of)[seed])


def test_with_repeats_the_corpora_are_the_units() -> None:
    near = [make_table(400, 200, [0.9, 0.8]), make_table(400, 200, [0.9, 0.8])]
    apart = [near[0], make_table(400, 200, [0.6, 0.5])]
    assert measure_training(near, macro_f1_of).variance == pytest.approx(0)
    assert measure_training(apart, macro_f1_of).variance > 0.01
    assert measure_training(apart, macro_f1_of).df == 1
    assert measure_training([make_table(50, 25, [0.9])], macro_f1_of) == NOTHING


def test_a_mean_over_labels_rests_on_the_items_of_the_rarest_one() -> None:
    rare, even = make_table(1000, 5, [0.9]), make_table(1000, 500, [0.9])
    drawn = np.random.default_rng(0).normal(0, 0.01, 500)
    parts = [
        measure_items(drawn, count_units(one, "macro_f1"), weigh_items(one, "macro_f1"))
        for one in (rare, even)
    ]
    assert (parts[0].df, parts[1].df) == (4, 499)
    assert parts[0].variance > 5 * parts[1].variance
    assert count_units(rare, "accuracy") == 1000
    assert weigh_items(rare, "accuracy") == pytest.approx(0.001)


def test_an_interval_is_cut_off_at_the_ends_of_its_scale() -> None:
    found = bound(0.9, 0.2, 1, (0, 1), 0.95)
    assert (found.low, found.high) == (0, 1)


def test_what_would_settle_a_question_is_the_part_that_is_too_large() -> None:
    by_items = Chance(items=4e-4, training=1e-8, num_items=200, num_units=4, unit="seeds")
    [texts] = list_settling(by_items, 0.015, 0.95)
    assert "test texts (there are 200)" in texts
    by_seeds = Chance(items=1e-6, training=4e-4, num_items=5000, num_units=3, unit="seeds")
    [seeds] = list_settling(by_seeds, 0.015, 0.95)
    assert "seeds (there are 3)" in seeds
    both = Chance(items=4e-4, training=4e-4, num_items=500, num_units=3, unit="corpora")
    [together] = list_settling(both, 0.015, 0.95)
    assert "test texts and" in together
    assert "corpora" in together
    [never] = list_settling(both, 0.0, 0.95)
    assert "hardly" in never


def test_as_many_test_texts_as_named_do_settle_it() -> None:
    [told] = list_settling(
        Chance(items=4e-4, training=0.0, num_items=200, num_units=4, unit="seeds"), 0.02, 0.95
    )
    wanted = int(told.split()[1].replace(",", ""))
    assert 1.96 * math.sqrt(4e-4 * 200 / wanted) <= 0.02
    assert 1.96 * math.sqrt(4e-4 * 200 / (0.8 * wanted)) > 0.02
