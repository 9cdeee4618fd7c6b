from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score
from statsmodels.stats.multitest import multipletests

from synth_local.errors import DataError, UndefinedMetricError
from synth_local.evaluate.groups import CellPredictions
from synth_local.evaluate.pairs import align_pair, compare_pairs
from synth_local.evaluate.resampler import Resampling
from synth_local.records import Cell, Prediction

LABELS = ("ham", "spam")
QUICK = Resampling(num_draws=400, num_swaps=399)


def make_cell(rights: list[bool], seed: int = 0, start: int = 0) -> CellPredictions:
    """Make a cell whose items, numbered from ``start``, are right where ``rights`` says so."""
    rows = []
    for number, right in enumerate(rights, start):
        gold = LABELS[number % 3 == 0]
        wrong = LABELS[gold == "ham"]
        rows.append(Prediction(f"t{number:04d}", gold, gold if right else wrong, ()))
    return CellPredictions(
        cell=Cell("sms", "real", "-", "-", "bert", 10, seed), labels=LABELS, predictions=tuple(rows)
    )


def draw_rights(skill: float, seed: int, num_items: int = 200) -> list[bool]:
    return [bool(x) for x in np.random.default_rng(seed).random(num_items) < skill]


def make_side(
    skill: float, seeds: tuple[int, ...] = (0, 1), salt: int = 0
) -> list[CellPredictions]:
    return [make_cell(draw_rights(skill, 10 * salt + seed), seed) for seed in seeds]


def test_a_condition_against_itself_has_no_difference_and_p_one() -> None:
    side = make_side(0.8)
    [result] = compare_pairs([align_pair("x", side, side)], QUICK)
    for one in result.differences:
        assert one.first == one.other
        assert (one.interval.point, one.interval.low, one.interval.high) == (0, 0, 0)
        assert (one.p, one.p_holm) == (1, 1)


def test_a_planted_difference_is_other_minus_first_and_its_scores_are_scikit_learns() -> None:
    first, other = make_side(0.7), make_side(0.95, salt=1)
    [result] = compare_pairs([align_pair("x", first, other)], QUICK)
    macro = result.differences[0]
    assert macro.metric == "macro_f1"
    for cells, value, sd in (
        (first, macro.first, macro.sd_first),
        (other, macro.other, macro.sd_other),
    ):
        by_seed = [
            f1_score(
                [p.gold for p in c.predictions],
                [p.predicted for p in c.predictions],
                average="macro",
            )
            for c in cells
        ]
        assert value == pytest.approx(np.mean(by_seed))
        assert sd == pytest.approx(np.std(by_seed, ddof=1))
    assert macro.interval.point == pytest.approx(macro.other - macro.first)
    assert 0 < macro.interval.low < macro.interval.point < macro.interval.high
    assert macro.p == pytest.approx(1 / 400)


def test_swapping_the_sides_turns_the_sign_and_nothing_else() -> None:
    first, other = make_side(0.8), make_side(0.85, salt=1)
    [one] = compare_pairs([align_pair("x", first, other)], QUICK)
    [back] = compare_pairs([align_pair("x", other, first)], QUICK)
    for forth, returned in zip(one.differences, back.differences, strict=True):
        assert returned.interval.point == pytest.approx(-forth.interval.point)
        assert returned.interval.low == pytest.approx(-forth.interval.high)
        assert returned.p == forth.p


def test_holm_runs_over_all_pairs_of_a_metric_and_over_no_other_metric() -> None:
    sides = [make_side(skill, salt=3 + place) for place, skill in enumerate((0.8, 0.82, 0.9, 0.75))]
    pairs = [align_pair(f"x{n}", sides[0], side) for n, side in enumerate(sides[1:])]
    results = compare_pairs(pairs, QUICK)
    for place in range(2):
        raw = [one.differences[place].p for one in results]
        assert len(set(raw)) == 3
        expected = multipletests(raw, method="holm")[1]
        assert [one.differences[place].p_holm for one in results] == pytest.approx(list(expected))


def test_items_are_paired_by_id_whatever_their_order_and_the_rest_is_counted() -> None:
    rights = draw_rights(0.8, 1, 60)
    first, other = make_cell(rights[:50]), make_cell(rights[20:], start=20)
    other = replace(other, predictions=other.predictions[::-1])
    pair = align_pair("x", [first], [other])
    assert len(pair.first.gold) == 30
    assert (pair.num_only_first, pair.num_only_other) == (20, 10)
    assert np.array_equal(pair.first.predicted, pair.other.predicted)


def test_only_seeds_that_both_have_are_compared() -> None:
    pair = align_pair("x", make_side(0.8, (2, 0, 1)), make_side(0.8, (1, 2, 5), salt=1))
    assert pair.seeds == (1, 2)
    assert pair.first.predicted.shape == (2, 200)


def test_no_common_seed_and_no_common_item_have_no_difference() -> None:
    with pytest.raises(UndefinedMetricError, match="no seed in common: 0, 1 against 2"):
        align_pair("x", make_side(0.8), make_side(0.8, (2,)))
    with pytest.raises(UndefinedMetricError, match="no test item in common"):
        align_pair("x", [make_cell([True] * 5)], [make_cell([True] * 5, start=5)])


def test_two_gold_labels_of_one_item_are_refused_with_its_id() -> None:
    first, other = make_cell([True] * 6), make_cell([True] * 6)
    rows = list(other.predictions)
    rows[4] = replace(rows[4], gold="spam")
    with pytest.raises(DataError, match=r"1 of 6 .*'t0004': 'ham' and 'spam'"):
        align_pair("x", [first], [replace(other, predictions=tuple(rows))])


def test_an_item_that_stands_twice_and_an_unknown_label_are_refused() -> None:
    cell = make_cell([True] * 6)
    twice = replace(cell, predictions=(*cell.predictions, cell.predictions[0]))
    with pytest.raises(DataError, match="stands twice"):
        align_pair("x", [cell], [twice])
    odd = replace(cell, predictions=(replace(cell.predictions[0], predicted="eggs"),))
    with pytest.raises(DataError, match="'eggs'"):
        align_pair("x", [cell], [odd])


def test_seeds_never_pass_for_further_items() -> None:
    first, other = make_side(0.8, (0,)), make_side(0.84, (0,), salt=1)
    copies = [
        [replace(side[0], cell=replace(side[0].cell, seed=seed)) for seed in range(5)]
        for side in (first, other)
    ]
    [one] = compare_pairs([align_pair("x", first, other)], QUICK)
    assert {(d.sd_first, d.sd_other) for d in one.differences} == {(None, None)}
    [five] = compare_pairs([align_pair("x", *copies)], QUICK)
    assert [d.p for d in five.differences] == [d.p for d in one.differences]
    for many, single in zip(five.differences, one.differences, strict=True):
        assert many.interval.high == pytest.approx(single.interval.high)


def test_nothing_to_compare_is_no_family() -> None:
    assert compare_pairs([], QUICK) == []
