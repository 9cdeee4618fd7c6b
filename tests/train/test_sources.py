from __future__ import annotations

import random
from collections import Counter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_local.config import TrainConfig
from synth_local.config.run_file import Source
from synth_local.records import Cell, Example
from synth_local.report import conditions, svg
from synth_local.store.run_dir import CorpusKey
from synth_local.train.model_card import SOURCE_WORDS
from synth_local.train.sets.budget import count_passes, count_steps
from synth_local.train.sets.cuts import take_rows
from synth_local.train.sets.sources import SetName, SetPlan, plan_points, plan_repeats, plan_sets
from synth_local.train.sets.tags import RealCounts

ALL_SOURCES = get_args(Source)
FIRST = CorpusKey("sms", "g1", "zero_shot")
SECOND = CorpusKey("sms", "g2", "zero_shot")
THIRD = CorpusKey("sms", "g3", "few_shot")
REAL = RealCounts({"ham": 80, "spam": 20}, {"ham": 8, "spam": 2})
CORPUS = {FIRST: {"ham": 50, "spam": 50}}
ASKED = {"ham": 50, "spam": 50}
STUDY = ("real", "synthetic", "pool", "pool+synthetic")


def find(sets: list[SetPlan], source: str, corpus: CorpusKey | None = None) -> SetPlan:
    [found] = [one for one in sets if (one.source, one.corpus) == (source, corpus)]
    return found


def test_real_and_synthetic_get_the_smaller_count_of_each_label() -> None:
    sets = plan_sets(ALL_SOURCES, "labels", REAL, CORPUS)
    real, synthetic = find(sets, "real"), find(sets, "synthetic", FIRST)
    assert real.real == synthetic.synthetic == {"ham": 50, "spam": 20}
    assert synthetic.partners == (real.name,)
    assert real.is_cut
    assert synthetic.is_cut


def test_the_sources_of_everything_there_is_are_never_cut() -> None:
    sets = plan_sets(ALL_SOURCES, "labels", REAL, CORPUS)
    assert find(sets, "real_all").real == REAL.train
    assert find(sets, "synthetic_all", FIRST).synthetic == CORPUS[FIRST]
    assert find(sets, "pool").real == REAL.pool
    for source, real in (("pool+synthetic", REAL.pool), ("real+synthetic", REAL.train)):
        plan = find(sets, source, FIRST)
        assert (plan.real, plan.synthetic, plan.is_cut) == (real, CORPUS[FIRST], False)


def test_what_has_all_real_rows_is_compared_with_all_real_rows() -> None:
    sets = plan_sets(ALL_SOURCES, "labels", REAL, CORPUS)
    everything = (SetName("real_all", "-", "-", 100),)
    assert find(sets, "synthetic_all", FIRST).partners == everything
    assert find(sets, "real+synthetic", FIRST).partners == everything


def test_without_all_real_rows_among_the_sources_nothing_else_takes_their_place() -> None:
    sets = plan_sets(("real", "synthetic", "real+synthetic"), "labels", REAL, CORPUS)
    assert find(sets, "real+synthetic", FIRST).partners == ()


def test_the_pool_with_a_corpus_is_compared_with_the_pool_as_it_is_and_balanced() -> None:
    sets = plan_sets(ALL_SOURCES, "labels", REAL, CORPUS, ASKED)
    balanced = find(sets, "pool_balanced")
    assert balanced.real == {"ham": 58, "spam": 52}
    both = (SetName("pool", "-", "-", 10), SetName("pool_balanced", "-", "-", 110))
    assert find(sets, "pool+synthetic", FIRST).partners == both
    assert find(sets, "pool").partners == balanced.partners == ()


def test_a_balanced_pool_of_several_corpora_is_one_set_for_equal_counts() -> None:
    corpora = CORPUS | {SECOND: dict(CORPUS[FIRST]), THIRD: {"ham": 30, "spam": 50}}
    sets = plan_sets(ALL_SOURCES, "labels", REAL, corpora, ASKED)
    balanced = [one for one in sets if one.source == "pool_balanced"]
    assert [one.real for one in balanced] == [
        {"ham": 58, "spam": 52},
        {"ham": 38, "spam": 52},
    ]
    assert find(sets, "pool+synthetic", SECOND).partners[1] == balanced[0].name
    assert find(sets, "pool+synthetic", THIRD).partners[1] == balanced[1].name


@pytest.mark.parametrize("sources", [("pool", "pool_balanced"), ("pool_balanced",)])
def test_a_pool_that_has_the_mix_already_serves_as_the_balanced_one(
    sources: tuple[str, ...],
) -> None:
    corpus = {FIRST: {"ham": 40, "spam": 10}}
    sets = plan_sets((*sources, "pool+synthetic"), "labels", REAL, corpus)
    [pool] = [one for one in sets if one.source.startswith("pool") and one.corpus is None]
    assert (pool.source, pool.num_train) == ("pool", 10)
    assert pool.sources == ("pool", "pool_balanced")
    assert find(sets, "pool+synthetic", FIRST).partners == (pool.name,)


def test_one_set_serves_both_sources_where_the_matched_rows_are_all_rows() -> None:
    corpus = {FIRST: {"ham": 80, "spam": 20}}
    sets = plan_sets(ALL_SOURCES, "labels", REAL, corpus)
    real, synthetic = find(sets, "real"), find(sets, "synthetic", FIRST)
    assert real.sources == ("real", "real_all")
    assert synthetic.sources == ("synthetic", "synthetic_all")
    assert synthetic.partners == find(sets, "real+synthetic", FIRST).partners == (real.name,)
    assert not {one.source for one in sets} & {"real_all", "synthetic_all"}


def test_synthetic_rows_that_need_no_cut_have_both_real_sets_as_partners() -> None:
    sets = plan_sets(ALL_SOURCES, "labels", REAL, {FIRST: {"ham": 10, "spam": 10}})
    synthetic = find(sets, "synthetic", FIRST)
    assert synthetic.sources == ("synthetic", "synthetic_all")
    assert [one.source for one in synthetic.partners] == ["real", "real_all"]


def test_nothing_is_cut_without_matching() -> None:
    sets = plan_sets(STUDY, "none", REAL, CORPUS | {SECOND: {"ham": 5, "spam": 5}})
    assert find(sets, "real").real == REAL.train
    assert find(sets, "synthetic", SECOND).partners == (find(sets, "real").name,)
    assert find(sets, "synthetic", FIRST).synthetic == CORPUS[FIRST]
    assert not any(one.is_cut for one in sets)


def test_corpora_of_equal_counts_share_one_real_set() -> None:
    counts = {"ham": 10, "spam": 4}
    sets = plan_sets(ALL_SOURCES, "labels", REAL, {FIRST: counts, SECOND: dict(counts)})
    assert find(sets, "real").num_train == 14


def test_corpora_of_other_counts_get_a_real_set_each_and_name_their_partner() -> None:
    corpora = {FIRST: {"ham": 10, "spam": 10}, SECOND: {"ham": 10, "spam": 4}}
    sets = plan_sets(STUDY, "labels", REAL, corpora)
    reals = {one.num_train: one for one in sets if one.source == "real"}
    assert [one.real for one in reals.values()] == [corpora[FIRST], corpora[SECOND]]
    assert find(sets, "synthetic", FIRST).partners == (reals[20].name,)
    assert find(sets, "synthetic", SECOND).partners == (reals[14].name,)


def test_real_sets_of_one_total_and_other_counts_have_names_of_their_own() -> None:
    corpora = {
        FIRST: {"ham": 7, "spam": 7},
        SECOND: {"ham": 4, "spam": 10},
        THIRD: {"ham": 4, "spam": 10},
    }
    sets = plan_sets(ALL_SOURCES, "labels", REAL, corpora)
    cells = [one.cell("sms", "bert", 0) for one in sets]
    assert [cell for cell in cells if cell.source == "real"] == [
        Cell("sms", "real", "-", "-", "bert", 14, 0),
        Cell("sms", "real", "-", "4-10", "bert", 14, 0),
    ]
    assert len({cell.name for cell in cells}) == len(cells)


COUNTS = st.fixed_dictionaries({"ham": st.integers(0, 90), "spam": st.integers(0, 60)})


@given(COUNTS, COUNTS, st.lists(st.integers(1, 90), max_size=3, unique=True), st.booleans())
def test_a_further_corpus_changes_no_set_that_is_there(
    one: dict[str, int], other: dict[str, int], sizes: list[int], is_first: bool
) -> None:
    """Names and rows stay, whatever the counts and wherever it is listed; partners too."""
    both = {SECOND: other, FIRST: one} if is_first else {FIRST: one, SECOND: other}

    def plan(corpora: dict[CorpusKey, dict[str, int]]) -> dict[SetName, tuple[object, ...]]:
        sources = [source for source in ALL_SOURCES if not source.endswith("_all")]
        sets = plan_sets(sources, "labels", REAL, corpora, ASKED)
        sets += plan_points(sources, sizes, REAL, corpora, sets, ASKED)
        names = [found.name for found in sets]
        assert len(set(names)) == len(names)
        return {found.name: (found.real, found.synthetic, found.is_cut) for found in sets}

    alone = plan({FIRST: one})
    assert alone.items() <= plan(both).items()


def test_without_a_corpus_real_has_the_rows_that_were_asked_for() -> None:
    sets = plan_sets(("real", "pool", "synthetic"), "labels", REAL, {})
    assert [(one.source, one.num_train) for one in sets] == [("real", 100), ("pool", 10)]
    [real] = plan_sets(("real",), "labels", REAL, {}, ASKED)
    assert real == find(plan_sets(STUDY, "labels", REAL, CORPUS, ASKED), "real")


@pytest.mark.parametrize("source", ALL_SOURCES)
def test_the_rows_of_a_set_are_the_same_whichever_other_sources_are_asked_for(source: str) -> None:
    alone = plan_sets((source,), "labels", REAL, CORPUS)
    among = plan_sets(ALL_SOURCES, "labels", REAL, CORPUS)
    assert [(one.name, one.real, one.synthetic) for one in alone] == [
        (one.name, one.real, one.synthetic) for one in among if one.source == source
    ]


ROWS = [Example(f"r{number}", f"text {number}", "ham") for number in range(40)]


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 9))
def test_a_smaller_cut_of_a_seed_is_part_of_its_larger_one_whatever_the_order_of_rows(
    one: int, other: int, seed: int
) -> None:
    mixed = random.Random(seed).sample(ROWS, len(ROWS))
    small = {row.id for row in take_rows(ROWS, {"ham": min(one, other)}, seed)}
    large = {row.id for row in take_rows(mixed, {"ham": max(one, other)}, seed)}
    assert len(small) == min(one, other)
    assert small <= large


def test_each_training_seed_draws_a_cut_of_its_own() -> None:
    cuts = {take_rows(ROWS, {"ham": 20}, seed) for seed in range(5)}
    assert len(cuts) == 5
    assert take_rows(ROWS, {"ham": 40}, 0) == take_rows(ROWS, {"ham": 40}, 1) == tuple(ROWS)


def test_rows_of_labels_that_are_not_counted_are_left_out_and_order_is_kept() -> None:
    rows = [*ROWS, Example("s", "win a prize", "spam")]
    assert take_rows(rows, {"spam": 1}, 0) == (rows[-1],)
    taken = take_rows(rows, {"ham": 10, "spam": 1}, 0)
    assert list(taken) == [row for row in rows if row in taken]
    assert Counter(row.label for row in taken) == {"ham": 10, "spam": 1}


def test_a_count_beyond_the_rows_repeats_them_whole_and_the_rest_by_seed() -> None:
    rows = [*ROWS[:4], Example("s", "win a prize", "spam")]
    first, second = (take_rows(rows, {"ham": 10, "spam": 5}, seed) for seed in (0, 2))
    for taken in (first, second):
        times = Counter(row.id for row in taken)
        assert times.pop("s") == 5
        assert sorted(times.values()) == [2, 2, 3, 3]
    assert Counter(first) != Counter(second)
    assert Counter(take_rows(rows, {"ham": 8}, 0)) == Counter(take_rows(rows, {"ham": 8}, 1))


@pytest.mark.parametrize(
    ("num_rows", "min_steps", "steps", "passes"),
    [
        pytest.param(10, 1, 3, 3, id="fewer rows than a batch are one step an epoch"),
        pytest.param(33, 1, 6, 3, id="a smaller last batch is a step"),
        pytest.param(64, 10, 10, 5, id="few rows are seen until the floor is reached"),
    ],
)
def test_steps_follow_from_the_rows_of_the_set_alone(
    num_rows: int, min_steps: int, steps: int, passes: float
) -> None:
    settings = TrainConfig.model_validate({"epochs": 3, "batch": 32, "min_steps": min_steps})
    assert count_steps(num_rows, settings) == steps
    assert count_passes(num_rows, settings) == passes


def list_points(sizes: tuple[int, ...], sources: tuple[str, ...] = STUDY) -> list[SetPlan]:
    return plan_points(sources, sizes, REAL, CORPUS, plan_sets(sources, "labels", REAL, CORPUS))


def test_points_of_learning_curves_are_cuts_that_no_set_has_already() -> None:
    points = list_points((5, 10, 50, 1000))
    assert all(one.is_point and not one.partners for one in points)
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
    ids = [{row.id for row in take_rows(rows, one.real, 1)} for one in (small, large)]
    assert ids[0] < ids[1]


def test_repeats_are_cut_like_first_corpora_and_bring_no_real_set() -> None:
    counts = {"ham": 50, "spam": 15}
    sets = plan_repeats((*STUDY, "real+synthetic"), "labels", REAL, {SECOND: counts})
    assert [one.source for one in sets] == ["synthetic", "pool+synthetic", "real+synthetic"]
    assert {one.corpus for one in sets} == {SECOND}
    assert find(sets, "synthetic", SECOND).synthetic == counts
    assert all(one.is_repeat and not one.partners for one in sets)
    assert plan_repeats(("real", "pool"), "labels", REAL, {SECOND: counts}) == []


def test_every_source_of_a_run_file_has_words_an_order_and_a_colour() -> None:
    assert set(ALL_SOURCES) == set(conditions.SOURCES) == svg.GROUPS.keys()
    for source in ALL_SOURCES:
        assert SOURCE_WORDS[source]
