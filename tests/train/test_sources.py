from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_local.config import TrainConfig
from synth_local.records import Cell, Example
from synth_local.store.run_dir import CorpusKey
from synth_local.train.budget import count_steps
from synth_local.train.sources import (
    RealCounts,
    SetPlan,
    plan_points,
    plan_repeats,
    plan_sets,
    take_rows,
)

ALL_SOURCES = ("real", "synthetic", "pool", "pool+synthetic", "real+synthetic")
FIRST = CorpusKey("sms", "g1", "zero_shot")
SECOND = CorpusKey("sms", "g2", "zero_shot")
THIRD = CorpusKey("sms", "g3", "few_shot")
REAL = RealCounts({"ham": 80, "spam": 20}, {"ham": 8, "spam": 2})
CORPUS = {FIRST: {"ham": 50, "spam": 50}}


def find(sets: list[SetPlan], source: str, corpus: CorpusKey | None = None) -> SetPlan:
    [found] = [one for one in sets if (one.source, one.corpus) == (source, corpus)]
    return found


def test_real_and_synthetic_get_the_smaller_count_of_each_label() -> None:
    sets = plan_sets(ALL_SOURCES, "labels", REAL, CORPUS)
    real, synthetic = find(sets, "real"), find(sets, "synthetic", FIRST)
    assert real.real == synthetic.synthetic == synthetic.partner == {"ham": 50, "spam": 20}
    assert real.num_train == synthetic.num_train == 70


def test_pool_and_combined_sources_are_never_cut() -> None:
    sets = plan_sets(ALL_SOURCES, "labels", REAL, CORPUS)
    assert find(sets, "pool").real == REAL.pool
    for source, real in (("pool+synthetic", REAL.pool), ("real+synthetic", REAL.train)):
        plan = find(sets, source, FIRST)
        assert (plan.real, plan.synthetic) == (real, CORPUS[FIRST])


def test_nothing_is_cut_without_matching() -> None:
    sets = plan_sets(ALL_SOURCES, "none", REAL, CORPUS | {SECOND: {"ham": 5, "spam": 5}})
    assert find(sets, "real").real == find(sets, "synthetic", SECOND).partner == REAL.train
    assert find(sets, "synthetic", FIRST).synthetic == CORPUS[FIRST]


def test_corpora_of_equal_counts_share_one_real_set() -> None:
    counts = {"ham": 10, "spam": 10}
    sets = plan_sets(ALL_SOURCES, "labels", REAL, {FIRST: counts, SECOND: dict(counts)})
    assert find(sets, "real").num_train == 20


def test_corpora_of_other_counts_get_a_real_set_each_and_name_their_partner() -> None:
    corpora = {FIRST: {"ham": 10, "spam": 10}, SECOND: {"ham": 10, "spam": 4}}
    sets = plan_sets(ALL_SOURCES, "labels", REAL, corpora)
    reals = [one.real for one in sets if one.source == "real"]
    assert reals == [corpora[FIRST], corpora[SECOND]]
    assert find(sets, "synthetic", SECOND).partner == corpora[SECOND]
    assert find(sets, "pool+synthetic", SECOND).partner == corpora[SECOND]


def test_real_sets_of_one_total_and_other_counts_have_names_of_their_own() -> None:
    corpora = {
        FIRST: {"ham": 10, "spam": 4},
        SECOND: {"ham": 4, "spam": 10},
        THIRD: {"ham": 4, "spam": 10},
    }
    sets = plan_sets(ALL_SOURCES, "labels", REAL, corpora)
    cells = [one.cell("sms", "bert", 0) for one in sets]
    assert [cell for cell in cells if cell.source == "real"] == [
        Cell("sms", "real", "-", "-", "bert", 14, 0),
        Cell("sms", "real", "g2", "zero_shot", "bert", 14, 0),
    ]
    assert len({cell.name for cell in cells}) == len(cells)


def test_without_a_corpus_real_is_all_rows() -> None:
    sets = plan_sets(("real", "pool", "synthetic"), "labels", REAL, {})
    assert [(one.source, one.num_train) for one in sets] == [("real", 100), ("pool", 10)]
    assert find(sets, "pool").partner == find(sets, "real").real


@pytest.mark.parametrize("source", ALL_SOURCES)
def test_a_set_is_the_same_whichever_other_sources_are_asked_for(source: str) -> None:
    alone = plan_sets((source,), "labels", REAL, CORPUS)
    among = plan_sets(ALL_SOURCES, "labels", REAL, CORPUS)
    assert alone == [one for one in among if one.source == source]


ROWS = [Example(f"r{number}", f"text {number}", "ham") for number in range(40)]


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 9))
def test_smaller_cuts_are_part_of_larger_ones_whatever_the_order_of_rows(
    one: int, other: int, seed: int
) -> None:
    mixed = random.Random(seed).sample(ROWS, len(ROWS))
    small = {row.id for row in take_rows(ROWS, {"ham": min(one, other)})}
    large = {row.id for row in take_rows(mixed, {"ham": max(one, other)})}
    assert len(small) == min(one, other)
    assert small <= large


def test_rows_of_labels_that_are_not_counted_are_left_out_and_order_is_kept() -> None:
    rows = [*ROWS, Example("s", "win a prize", "spam")]
    assert take_rows(rows, {"spam": 1}) == (rows[-1],)
    taken = take_rows(rows, {"ham": 10, "spam": 1})
    assert list(taken) == [row for row in rows if row in taken]
    assert Counter(row.label for row in taken) == {"ham": 10, "spam": 1}


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


def list_points(sizes: tuple[int, ...], sources: tuple[str, ...] = ALL_SOURCES) -> list[SetPlan]:
    return plan_points(sources, sizes, REAL, CORPUS, plan_sets(sources, "labels", REAL, CORPUS))


def test_points_of_learning_curves_are_cuts_that_no_set_has_already() -> None:
    points = list_points((5, 10, 50, 1000))
    assert all(one.is_point and not one.partner for one in points)
    assert [(one.source, one.num_train) for one in points] == [
        ("real", 10),
        ("real", 20),
        ("real", 100),  # all there is; 50 a label is 70 rows, which the matched set has
        ("synthetic", 10),
        ("synthetic", 20),
        ("synthetic", 100),
    ]
    assert points[2].real == REAL.train
    assert points[-1].synthetic == CORPUS[FIRST]


def test_a_smaller_point_is_part_of_a_larger_one() -> None:
    rows = [Example(str(n), f"text {n}", "ham" if n < 80 else "spam") for n in range(100)]
    small, large = (one for one in list_points((5, 10), ("real",)))
    ids = [{row.id for row in take_rows(rows, one.real)} for one in (small, large)]
    assert ids[0] < ids[1]


def test_repeats_are_cut_like_first_corpora_and_bring_no_real_set() -> None:
    counts = {"ham": 50, "spam": 15}
    sets = plan_repeats(ALL_SOURCES, "labels", REAL, {SECOND: counts})
    assert [one.source for one in sets] == ["synthetic", "pool+synthetic", "real+synthetic"]
    assert {one.corpus for one in sets} == {SECOND}
    assert find(sets, "synthetic", SECOND).synthetic == counts
    assert all(one.is_repeat and not one.partner for one in sets)
    assert plan_repeats(("real", "pool"), "labels", REAL, {SECOND: counts}) == []
