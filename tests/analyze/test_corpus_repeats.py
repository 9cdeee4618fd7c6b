from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from synth_local.analyze.corpus_repeats import CorpusSeeds, bound_mean_of_corpora, measure_repeats
from synth_local.analyze.summary import Analysis
from synth_local.errors import UndefinedMetricError
from synth_local.store.records import parse

NAME = "sms__synthetic__some-model__zero_shot__bert"


def make_corpora(*by_seed: tuple[float, ...]) -> list[CorpusSeeds]:
    names = ["zero_shot", *(f"zero_shot.c{place}" for place in range(1, len(by_seed)))]
    return [
        CorpusSeeds(name, 100, np.array(values))
        for name, values in zip(names, by_seed, strict=True)
    ]


def test_the_interval_is_the_one_of_the_textbook() -> None:
    # mean 0.8, standard deviation 0.1, t(0.975, df 2) = 4.3027: 4.3027 x 0.1 / sqrt 3 = 0.2484
    found = bound_mean_of_corpora([0.7, 0.8, 0.9])
    assert found.level == 0.95
    ends = (found.low, found.point, found.high)
    assert ends == pytest.approx((0.5516, 0.8, 1.0484), abs=1e-4)
    # two corpora 0.1 apart: standard error 0.05, t(0.975, df 1) = 12.706
    two = bound_mean_of_corpora([0.7, 0.8])
    assert two.high - two.point == pytest.approx(0.6353, abs=1e-4)


@pytest.mark.parametrize("num_corpora", [3, 5])
def test_the_interval_holds_the_true_mean_in_95_of_100_cases(num_corpora: int) -> None:
    rng = np.random.default_rng(num_corpora)
    draws = rng.normal(0.8, 0.02, size=(1000, num_corpora))
    intervals = [bound_mean_of_corpora(list(row)) for row in draws]
    covered = np.mean([one.low <= 0.8 <= one.high for one in intervals])
    assert abs(covered - 0.95) < 0.02  # three standard errors of 1,000 draws


def test_chance_in_training_is_inside_the_interval_over_corpora() -> None:
    # corpora 0.02 apart, seeds 0.03 apart, four seeds each: still 95 of 100
    rng = np.random.default_rng(1)
    held = []
    for _ in range(1000):
        means = 0.8 + rng.normal(0, 0.02, 4)
        seeds = [tuple(mean + rng.normal(0, 0.03, 4)) for mean in means]
        found = measure_repeats(NAME, make_corpora(*seeds), 0.9)
        assert found.gap is not None
        held.append(found.gap.low <= 0.1 <= found.gap.high)
    assert abs(np.mean(held) - 0.95) < 0.02


def test_a_corpus_counts_once_however_many_seeds_it_has() -> None:
    found = measure_repeats(NAME, make_corpora((0.6, 0.8), (0.8,), (0.88, 0.9, 0.92)), 0.95)
    assert [one.macro_f1 for one in found.corpora] == pytest.approx([0.7, 0.8, 0.9])
    assert [one.gap for one in found.corpora] == pytest.approx([0.25, 0.15, 0.05])
    assert [found.mean, found.sd] == pytest.approx([0.8, 0.1])
    # of the two corpora with several seeds: (0.1414 + 0.02) / 2
    assert found.sd_seeds == pytest.approx(0.0807, abs=1e-4)
    assert found.macro_f1 is not None
    assert found.gap is not None
    assert (found.gap.low, found.gap.point, found.gap.high) == pytest.approx(
        (0.95 - found.macro_f1.high, 0.15, 0.95 - found.macro_f1.low)
    )


def test_one_corpus_and_corpora_without_spread_have_no_interval() -> None:
    alone = measure_repeats(NAME, make_corpora((0.7, 0.8)), 0.9)
    assert alone.mean == pytest.approx(0.75)
    assert (alone.sd, alone.macro_f1, alone.gap) == (None, None, None)
    assert alone.reason == "an interval over corpora needs 2, there is 1"
    same = measure_repeats(NAME, make_corpora((0.7, 0.8, 0.9), (0.8, 0.7, 0.9), (0.8,)), 0.9)
    assert (same.macro_f1, same.reason) == (None, "all 3 corpora have the same score")
    with pytest.raises(UndefinedMetricError):
        bound_mean_of_corpora([])


def test_without_real_rows_there_is_no_gap() -> None:
    found = measure_repeats(NAME, make_corpora((0.7,), (0.8,)), None)
    assert found.macro_f1 is not None
    assert (found.gap, found.real, found.sd_seeds) == (None, None, None)
    assert [one.gap for one in found.corpora] == [None, None]


def test_what_was_found_survives_json() -> None:
    for corpora, real in (((0.7, 0.8), (0.8, 0.9)), 0.9), (((0.7,),), None):
        analysis = Analysis(repeats=(measure_repeats(NAME, make_corpora(*corpora), real),))
        assert parse(asdict(analysis), Analysis) == analysis
    # an analysis that was stored before there were repeats
    stored = asdict(Analysis())
    del stored["repeats"]
    assert parse(stored, Analysis).repeats == ()
