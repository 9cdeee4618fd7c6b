from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_local.config import TrainConfig
from synth_local.errors import DataError
from synth_local.records import Cell, Example
from synth_local.train.budget import count_steps
from synth_local.train.sources import RealData, SetKey, TrainingSet, build_training_sets

ALL_SOURCES = ("real", "synthetic", "pool", "pool+synthetic", "real+synthetic")
FIRST, SECOND, THIRD = ("g1", "zero_shot"), ("g2", "zero_shot"), ("g3", "few_shot")


def make_rows(prefix: str, **counts: int) -> list[Example]:
    return [
        Example(f"{prefix}.{label}.{number}", f"{prefix} {label} {number}", label)
        for label, count in counts.items()
        for number in range(count)
    ]


def make_real(**counts: int) -> RealData:
    train = make_rows("real", **counts)
    return RealData(train, [row for row in train if row.id.endswith(".0")])


def count(one: TrainingSet) -> dict[str, int]:
    return dict(Counter(row.label for row in one.examples))


def find(sets: list[TrainingSet], source: str, generator: str = "-") -> TrainingSet:
    [found] = [one for one in sets if (one.source, one.generator) == (source, generator)]
    return found


def test_real_and_synthetic_get_the_smaller_count_of_each_label() -> None:
    corpora = {FIRST: make_rows("c", ham=50, spam=50)}
    sets = build_training_sets(make_real(ham=80, spam=20), corpora, ALL_SOURCES, "labels")
    real, synthetic = find(sets, "real"), find(sets, "synthetic", "g1")
    assert count(real) == count(synthetic) == {"ham": 50, "spam": 20}
    assert synthetic.partner == real.key == SetKey("real", "-", "-", 70)


def test_pool_and_combined_sources_are_never_cut() -> None:
    corpora = {FIRST: make_rows("c", ham=50, spam=50)}
    sets = build_training_sets(make_real(ham=80, spam=20), corpora, ALL_SOURCES, "labels")
    assert count(find(sets, "pool")) == {"ham": 1, "spam": 1}
    assert count(find(sets, "pool+synthetic", "g1")) == {"ham": 51, "spam": 51}
    assert count(find(sets, "real+synthetic", "g1")) == {"ham": 130, "spam": 70}


def test_nothing_is_cut_without_matching() -> None:
    corpora = {FIRST: make_rows("c", ham=50, spam=50), SECOND: make_rows("d", ham=5, spam=5)}
    sets = build_training_sets(make_real(ham=80, spam=20), corpora, ALL_SOURCES, "none")
    assert count(find(sets, "real")) == {"ham": 80, "spam": 20}
    assert count(find(sets, "synthetic", "g1")) == {"ham": 50, "spam": 50}
    assert find(sets, "synthetic", "g2").partner == find(sets, "real").key


def test_corpora_of_equal_counts_share_one_real_set() -> None:
    corpora = {key: make_rows(key[0], ham=10, spam=10) for key in (FIRST, SECOND)}
    sets = build_training_sets(make_real(ham=30, spam=30), corpora, ALL_SOURCES, "labels")
    assert [one.key for one in sets if one.source == "real"] == [SetKey("real", "-", "-", 20)]


def test_corpora_of_other_counts_get_a_real_set_each_and_name_their_partner() -> None:
    corpora = {FIRST: make_rows("c", ham=10, spam=10), SECOND: make_rows("d", ham=10, spam=4)}
    sets = build_training_sets(make_real(ham=30, spam=30), corpora, ALL_SOURCES, "labels")
    assert find(sets, "synthetic", "g1").partner == SetKey("real", "-", "-", 20)
    assert find(sets, "synthetic", "g2").partner == SetKey("real", "-", "-", 14)
    assert find(sets, "pool+synthetic", "g2").partner == SetKey("real", "-", "-", 14)
    assert find(sets, "pool").partner == SetKey("real", "-", "-", 20)


def test_real_sets_of_one_total_and_other_counts_have_names_of_their_own() -> None:
    corpora = {
        FIRST: make_rows("c", ham=10, spam=4),
        SECOND: make_rows("d", ham=4, spam=10),
        THIRD: make_rows("e", ham=4, spam=10),
    }
    sets = build_training_sets(make_real(ham=30, spam=30), corpora, ALL_SOURCES, "labels")
    named = [one.key for one in sets if one.source == "real"]
    assert named == [SetKey("real", "-", "-", 14), SetKey("real", "g2", "zero_shot", 14)]
    partners = {one.generator: one.partner for one in sets if one.source == "synthetic"}
    assert partners == {"g1": named[0], "g2": named[1], "g3": named[1]}
    names = [one.key.make_cell("sms", "bert", 0).name for one in sets]
    assert len(names) == len(set(names))


def test_without_a_corpus_real_is_all_rows() -> None:
    sets = build_training_sets(make_real(ham=8, spam=2), {}, ("real", "pool"), "labels")
    assert [(one.source, len(one.examples)) for one in sets] == [("real", 10), ("pool", 2)]
    assert find(sets, "pool").partner == find(sets, "real").key


def test_only_the_sources_asked_for_are_built_and_asking_for_more_changes_none() -> None:
    corpora = {FIRST: make_rows("c", ham=50, spam=50)}
    real = make_real(ham=80, spam=20)
    alone = build_training_sets(real, corpora, ("synthetic",), "labels")
    among = build_training_sets(real, corpora, ALL_SOURCES, "labels")
    assert [one.source for one in alone] == ["synthetic"]
    assert alone[0].examples == find(among, "synthetic", "g1").examples
    assert alone[0].partner is None


def test_a_set_without_rows_is_an_error_with_a_way_out() -> None:
    with pytest.raises(DataError, match="no rows") as caught:
        build_training_sets(make_real(ham=5), {FIRST: make_rows("c", spam=5)}, ("real",), "labels")
    assert "match" in caught.value.fix


@given(st.integers(0, 30), st.integers(0, 30), st.randoms(use_true_random=False))
def test_smaller_cuts_are_part_of_larger_ones_whatever_the_order_of_rows(
    small: int, large: int, shuffler: object
) -> None:
    small, large = sorted((small + 1, large + 1))
    real = make_real(ham=40)
    mixed = list(real.train)
    shuffler.shuffle(mixed)  # type: ignore[attr-defined]
    cut = [
        build_training_sets(RealData(rows, []), {FIRST: make_rows("c", ham=n)}, ("real",), "labels")
        for rows, n in ((real.train, small), (mixed, large))
    ]
    first, second = ({row.id for row in sets[0].examples} for sets in cut)
    assert len(first) == small
    assert first <= second


def test_a_set_key_spells_the_cell() -> None:
    cell = SetKey("synthetic", "g1", "few_shot", 12).make_cell("sms", "bert", 3)
    assert cell == Cell("sms", "synthetic", "g1", "few_shot", "bert", 12, 3)


@pytest.mark.parametrize(
    ("budget", "own", "expected"),
    [
        pytest.param("steps", 10, 3 * 4, id="a small set takes the steps of the largest"),
        pytest.param("steps", 100, 3 * 4, id="the largest set takes its own"),
        pytest.param("epochs", 10, 3 * 1, id="epochs: a small set takes its own"),
        pytest.param("epochs", 33, 3 * 2, id="epochs: a smaller last batch is a step"),
    ],
)
def test_steps_follow_the_budget(budget: str, own: int, expected: int) -> None:
    settings = TrainConfig.model_validate({"epochs": 3, "batch": 32, "budget": budget})
    assert count_steps(own, [10, 33, 100], settings) == expected
