from __future__ import annotations

import itertools
import math
import random

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_local.analyze.agreement import ItemAgreement, measure_item, measure_task
from synth_local.errors import UndefinedMetricError

Labels = tuple[str | None, ...]

RATINGS = st.lists(st.sampled_from(["a", "b", "c", None]), max_size=6).map(tuple)
TASKS = st.lists(RATINGS, max_size=12).filter(
    lambda items: any(len([one for one in item if one]) >= 2 for item in items)
)

# Krippendorff (2011), example C: four observers, twelve units, nominal alpha 0.743
TEXTBOOK = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def read_units(*observers: str) -> list[Labels]:
    return [
        tuple(None if label == "." else label for label in unit)
        for unit in zip(*observers, strict=True)
    ]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param(
            ("a", "a", "a"),
            ItemAgreement(
                num_ratings=3, share=1.0, pairs=1.0, entropy=0.0, majority="a", is_tie=False
            ),
            id="unanimous",
        ),
        pytest.param(
            ("a", "b", "a"),
            ItemAgreement(
                num_ratings=3,
                share=2 / 3,
                pairs=1 / 3,
                entropy=math.log2(3) - 2 / 3,
                majority="a",
                is_tie=False,
            ),
            id="two of three",
        ),
        pytest.param(
            ("a", "b"),
            ItemAgreement(
                num_ratings=2, share=0.5, pairs=0.0, entropy=1.0, majority=None, is_tie=True
            ),
            id="tie",
        ),
        pytest.param(
            ("a", None, "b", "b", "c"),
            ItemAgreement(
                num_ratings=4, share=0.5, pairs=1 / 6, entropy=1.5, majority="b", is_tie=False
            ),
            id="one missing",
        ),
        pytest.param(
            ("c", "b", "a", "d"),
            ItemAgreement(
                num_ratings=4, share=0.25, pairs=0.0, entropy=2.0, majority=None, is_tie=True
            ),
            id="all apart",
        ),
    ],
)
def test_agreement_of_an_item_is_that_by_hand(labels: Labels, expected: ItemAgreement) -> None:
    found = measure_item(labels)
    assert found is not None
    assert found.entropy == pytest.approx(expected.entropy)
    assert (found.num_ratings, found.share) == (expected.num_ratings, expected.share)
    assert (found.majority, found.is_tie) == (expected.majority, expected.is_tie)


@pytest.mark.parametrize("labels", [(), (None, None), ("a",), (None, "a", None)])
def test_fewer_than_two_ratings_have_no_agreement(labels: Labels) -> None:
    assert measure_item(labels) is None


def test_equal_shares_of_different_numbers_of_ratings_are_the_same_number() -> None:
    one, two = measure_item(("a", "a", "b")), measure_item(("a", "a", "a", "a", "b", "b"))
    assert one is not None
    assert two is not None
    assert one.share == two.share


@settings(deadline=None)
@given(RATINGS, st.randoms())
def test_agreement_has_bounds_and_ignores_the_order_of_annotators(
    labels: Labels, source: random.Random
) -> None:
    shuffled = list(labels)
    source.shuffle(shuffled)
    found = measure_item(labels)
    assert measure_item(tuple(shuffled)) == found
    if found is None:
        return
    assert 1 / found.num_ratings <= found.share <= 1
    assert 0 <= found.entropy <= math.log2(found.num_ratings) + 1e-12
    assert (found.share == 1) == (found.entropy == 0)
    assert (found.majority is None) == found.is_tie


def test_alpha_is_the_published_one() -> None:
    found = measure_task(read_units(*TEXTBOOK))
    assert found.alpha == pytest.approx(0.743, abs=5e-4)
    assert (found.num_items, found.num_rated) == (12, 11)


@settings(deadline=None)
@given(TASKS)
def test_alpha_is_one_minus_observed_by_expected_disagreement(items: list[Labels]) -> None:
    rated = [[one for one in item if one] for item in items]
    rated = [item for item in rated if len(item) > 1]
    pooled = [one for item in rated for one in item]
    if len(set(pooled)) < 2:
        return
    # by definition, pair by pair and without a matrix of coincidences
    observed = sum(
        sum(one != other for one, other in itertools.permutations(item, 2)) / (len(item) - 1)
        for item in rated
    )
    expected = sum(one != other for one, other in itertools.permutations(pooled, 2))
    wanted = 1 - (len(pooled) - 1) * observed / expected
    assert measure_task(items).alpha == pytest.approx(wanted)


@settings(deadline=None)
@given(TASKS)
def test_alpha_is_that_of_the_matrix_of_annotators_by_items(
    items: list[Labels],
) -> None:
    found = measure_task(items).alpha
    width = max(len(item) for item in items)
    matrix = np.array([[*map(str, item), *["None"] * (width - len(item))] for item in items]).T
    numbers = np.full(matrix.shape, np.nan)
    for number, label in enumerate("abc"):
        numbers[matrix == label] = number
    pairable = numbers[:, (~np.isnan(numbers)).sum(axis=0) >= 2]
    if len(np.unique(pairable[~np.isnan(pairable)])) < 2:
        assert found is None
    else:
        assert found == pytest.approx(krippendorff.alpha(numbers, level_of_measurement="nominal"))


@settings(deadline=None)
@given(TASKS, st.randoms(), st.permutations(["a", "b", "c"]))
def test_agreement_of_a_task_ignores_the_order_of_items_and_the_names_of_labels(
    items: list[Labels], source: random.Random, names: list[str]
) -> None:
    rename = dict(zip(["a", "b", "c"], names, strict=True)) | {None: None}
    changed = [tuple(rename[label] for label in item) for item in items]
    source.shuffle(changed)
    before, after = measure_task(items), measure_task(changed)
    assert after.alpha == (None if before.alpha is None else pytest.approx(before.alpha))
    assert after.mean_share == pytest.approx(before.mean_share)
    assert after.mean_entropy == pytest.approx(before.mean_entropy)
    assert (after.num_rated, after.num_ties) == (before.num_rated, before.num_ties)


def test_means_of_a_task_are_over_its_rated_items_and_ties_count() -> None:
    found = measure_task([("a", "a", "a", "a"), ("a", "b"), ("a", None), ()])
    assert (found.num_items, found.num_rated, found.num_ties) == (4, 2, 1)
    assert (found.mean_share, found.mean_ratings, found.mean_entropy) == (0.75, 3.0, 0.5)


def test_alpha_is_undefined_where_rated_items_use_one_label() -> None:
    assert measure_task([("a", "a"), ("a", "a", None), ("b",)]).alpha is None


def test_a_task_without_two_ratings_of_an_item_has_no_agreement() -> None:
    with pytest.raises(UndefinedMetricError, match="none of 2 items"):
        measure_task([("a",), ("b", None)])


def test_pair_agreement_is_what_it_is_by_hand() -> None:
    found = measure_item(["x", "x", "x", "y", None])
    assert found is not None
    assert (found.share, found.pairs) == (0.75, 0.5)  # 3 of 6 pairs
    assert measure_task([["x", "x", "x", "y"], ["x", "y", None, None]]).pair_agreement == 0.25


def test_pair_agreement_does_not_depend_on_the_number_of_annotators() -> None:
    rng = np.random.default_rng(0)
    found = [
        measure_task([["xy"[toss] for toss in row] for row in rng.integers(0, 2, (3000, num))])
        for num in (2, 3, 5, 6, 11)
    ]
    # the standard error is 0.009 with two annotators, and less with more
    assert [one.pair_agreement for one in found] == pytest.approx([0.5] * 5, abs=0.03)
    few, many = found[0].mean_share, found[-1].mean_share
    assert few is not None
    assert many is not None
    assert few > many + 0.1
