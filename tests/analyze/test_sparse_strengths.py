"""Strengths from few judgements, or from many that all go one way: no crash and no long wait."""

from __future__ import annotations

import math
import time
from itertools import combinations, pairwise

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import chi2

from synth_local.analyze import strengths
from synth_local.analyze.judged import Judgement
from synth_local.analyze.judgements import count_votes, explain_gaps
from synth_local.analyze.strengths import ALPHA, fit_strengths
from synth_local.records import Interval

SECONDS = 3.0  # of a processor, of which 0.8 are taken; without a bound on steps over 20


def name(num: int) -> list[str]:
    return [f"t{place}" for place in range(num)]


def chain(num_tasks: int, num: int, num_annotators: int = 1) -> list[Judgement]:
    """Return judgements by which each task wins ``num`` times against the next one."""
    return [
        Judgement(str(again % num_annotators), one, other)
        for one, other in pairwise(name(num_tasks))
        for again in range(num)
    ]


def fill_half(num_tasks: int, num_annotators: int, seed: int) -> list[Judgement]:
    """Return what annotators say who all judge the same random half of the pairs."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal(num_tasks)
    pairs = list(combinations(range(num_tasks), 2))
    found = []
    for place in rng.permutation(len(pairs))[: len(pairs) // 2]:
        one, other = pairs[place]
        for who in range(num_annotators):
            is_won = rng.random() < expit(common[one] - common[other])
            winner, loser = (one, other) if is_won else (other, one)
            found.append(Judgement(str(who), f"t{winner}", f"t{loser}"))
    return found


def fit_in_time(num_tasks: int, judgements: list[Judgement]) -> list[Interval]:
    """Return the strengths, each inside an interval with two ends, found in time."""
    start = time.process_time()
    found = list(fit_strengths(name(num_tasks), judgements).values())
    assert time.process_time() - start < SECONDS
    for one in found:
        assert -math.inf < one.low < one.point < one.high < math.inf
    return found


def find_chain_end(num_tasks: int, num: int, side: int) -> float:
    """Return an end of the first task's interval, each link's own slope being solved for.

    Along a chain, links are independent. Where the likelihood has fallen by the wanted amount,
    each link pulls back in proportion to its share in the first task's strength.
    """
    shares = np.arange(num_tasks - 1, 0, -1) / num_tasks
    wins, all_of = num + ALPHA, num + 2 * ALPHA

    def fit(links: np.ndarray) -> float:
        return float((wins * np.log(expit(links)) + ALPHA * np.log(expit(-links))).sum())

    def pull(force: float) -> np.ndarray:
        # 1 - chance, so that nothing is lost where it is all but 0
        return np.asarray(-logit((ALPHA - force * shares) / all_of))

    best = fit(pull(0))
    limit = ALPHA / shares[0] if side > 0 else -wins / shares[0]
    wanted = chi2.isf(0.05, 1) / 2
    force = brentq(lambda one: best - fit(pull(one)) - wanted, 0, limit * (1 - 1e-14), xtol=1e-16)
    return float(shares @ pull(force))


@pytest.mark.parametrize(("num_tasks", "num"), [(4, 1), (4, 2), (4, 5), (5, 2), (10, 60)])
def test_ends_along_a_chain_are_those_of_its_links(num_tasks: int, num: int) -> None:
    found = fit_in_time(num_tasks, chain(num_tasks, num))
    assert found[0].low == pytest.approx(find_chain_end(num_tasks, num, -1), abs=1e-3)
    assert found[0].high == pytest.approx(find_chain_end(num_tasks, num, 1), abs=1e-3)
    # the chain read backwards is the same chain
    for one, other in zip(found, found[::-1], strict=True):
        assert (one.low, one.point) == pytest.approx((-other.high, -other.point), abs=1e-3)


def test_a_chain_by_annotators_who_agree_is_as_wide_as_its_judgements() -> None:
    # five and more are left out one after the other
    assert fit_in_time(10, chain(10, 60, 6)) == fit_in_time(10, chain(10, 60))


@pytest.mark.parametrize("num_annotators", [1, 2, 3, 6])
@pytest.mark.parametrize("seed", range(3))
def test_a_half_filled_template_has_intervals(num_annotators: int, seed: int) -> None:
    judgements = fill_half(10, num_annotators, seed)
    assert explain_gaps(name(10), count_votes(name(10), judgements)) == ""
    fit_in_time(10, judgements)


def test_intervals_shrink_as_the_same_judgements_come_again() -> None:
    once = fill_half(10, 3, seed=7)
    sizes = [[one.high - one.low for one in fit_in_time(10, once * num)] for num in (1, 4, 16)]
    assert all(few > more > most for few, more, most in zip(*sizes, strict=True))


def test_an_end_that_cannot_be_found_is_infinite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strengths, "MAX_STEPS", 1)
    found = fit_strengths(name(4), chain(4, 5))
    assert all(math.isfinite(one.point) for one in found.values())
    assert {(one.low, one.high) for one in found.values()} == {(-math.inf, math.inf)}
