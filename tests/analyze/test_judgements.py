"""Majorities, their order and their circles, and Bradley-Terry strengths."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from itertools import combinations

import choix
import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from synth_local.analyze.judgements import strengths
from synth_local.analyze.judgements.ranking import (
    count_votes,
    measure_judgements,
    measure_sameness,
    rank_tasks,
)
from synth_local.analyze.judgements.records import JudgedTasks, Judgement, PairVotes
from synth_local.analyze.judgements.strengths import ALPHA, fit_strengths, solve_strengths
from synth_local.errors import DataError
from synth_local.store.records import parse

# American League 1987, games won by row against column (A. Agresti, Categorical Data Analysis);
# the strengths below are those of R's BradleyTerry2 on the same table, Baltimore being 0
TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
GAMES = [
    [0, 7, 9, 7, 7, 9, 11],
    [6, 0, 7, 5, 11, 9, 9],
    [4, 6, 0, 7, 7, 8, 12],
    [6, 8, 6, 0, 6, 7, 10],
    [6, 2, 6, 7, 0, 7, 12],
    [4, 4, 5, 6, 6, 0, 6],
    [2, 4, 1, 3, 1, 7, 0],
]
PUBLISHED = (1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839, 0.0)


def say(*wins: str, annotator: str = "ann") -> list[Judgement]:
    """Return judgements spelled ``a>b``."""
    return [Judgement(annotator, *win.split(">")) for win in wins]


def play() -> list[Judgement]:
    """Return one judgement per game of the published table."""
    return [
        Judgement("all", TEAMS[row], TEAMS[column])
        for row, wins in enumerate(GAMES)
        for column, count in enumerate(wins)
        for _ in range(count)
    ]


def measure(tasks: str, *wins: str) -> JudgedTasks:
    return measure_judgements(tuple(tasks), say(*wins))


def get_ranks(found: JudgedTasks) -> dict[str, tuple[int | None, int | None]]:
    return {one.task: (one.rank, one.last_rank) for one in found.tasks}


# --------------------------------------------------------------------------------- majority, order


def test_the_majority_decides_each_pair_and_a_tie_decides_nothing() -> None:
    judgements = say("a>b", "a>b", "b>a", "c>b", "b>c")
    votes = count_votes("abc", judgements)
    assert votes == (PairVotes("a", "b", 2, 1), PairVotes("b", "c", 1, 1))
    assert [one.majority for one in votes] == ["a", None]


def test_majorities_without_a_circle_are_ranked_from_objective_to_subjective() -> None:
    found = measure("abcd", "d>c", "d>b", "d>a", "c>b", "c>a", "b>a")
    assert [one.task for one in found.tasks] == ["d", "c", "b", "a"]
    assert get_ranks(found) == {"d": (1, 1), "c": (2, 2), "b": (3, 3), "a": (4, 4)}
    assert found.cycles == ()
    assert [one.num_wins for one in found.tasks] == [3, 2, 1, 0]


def test_a_circle_is_named_and_its_tasks_share_a_rank() -> None:
    found = measure("abcde", "a>b", "b>c", "c>a", "d>a", "d>b", "d>c", "a>e", "b>e", "c>e", "d>e")
    assert found.cycles == (("a", "b", "c"),)
    shared = (2, 4)
    assert get_ranks(found) == {"d": (1, 1), "a": shared, "b": shared, "c": shared, "e": (5, 5)}


def test_two_circles_stay_two() -> None:
    wins = ["a>b", "b>c", "c>a", "d>e", "e>f", "f>d"]
    found = measure("abcdef", *wins, *(f"{x}>{y}" for x in "def" for y in "abc"))
    assert found.cycles == (("d", "e", "f"), ("a", "b", "c"))
    assert get_ranks(found)["a"] == (4, 6)


def test_what_ties_and_missing_pairs_leave_open_is_a_range() -> None:
    tied = measure("abc", "a>b", "a>c", "b>c", "c>b")
    assert get_ranks(tied) == {"a": (1, 1), "b": (2, 3), "c": (2, 3)}
    assert tied.num_tied == 1
    unjudged = measure("abc", "a>b", "c>b")
    assert get_ranks(unjudged) == {"a": (1, 2), "c": (1, 2), "b": (3, 3)}


@pytest.mark.parametrize("seed", range(20))
def test_ranks_honour_every_majority_outside_a_circle(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tasks = "abcdefg"
    votes = [PairVotes(x, y, *map(int, rng.integers(0, 4, 2))) for x, y in combinations(tasks, 2)]
    ranking = rank_tasks(tasks, votes)
    circle = {task: group for group in ranking.cycles for task in group}
    for one in votes:
        winner = one.majority
        if winner is None:
            continue
        loser = one.second if winner == one.first else one.first
        if circle.get(winner, winner) == circle.get(loser, loser):
            assert ranking.ranks[winner] == ranking.ranks[loser]
        else:
            assert ranking.ranks[winner][0] < ranking.ranks[loser][0]
            assert ranking.ranks[winner][1] < ranking.ranks[loser][1]


def test_what_no_judgement_links_is_undefined_and_named() -> None:
    found = measure("abcd", "a>b", "c>d")
    assert found.reason == "no judgement links a, b; c, d"
    assert [one.task for one in found.tasks] == list("abcd")
    assert {(one.rank, one.strength) for one in found.tasks} == {(None, None)}
    assert measure("ab", "a>b").reason == ""
    assert measure_judgements(["a"], []).reason == "one task cannot be compared"


def test_a_judgement_of_another_task_is_refused() -> None:
    with pytest.raises(DataError, match="no pair"):
        count_votes("ab", say("a>c"))
    with pytest.raises(DataError, match="no pair"):
        count_votes("ab", say("a>a"))


# --------------------------------------------------------------------------------------- agreement


@pytest.mark.parametrize(
    ("votes", "same"),
    [
        pytest.param([(4, 0), (0, 3)], 1.0, id="all agree"),
        pytest.param([(1, 1)], 0.0, id="two who disagree"),
        pytest.param([(3, 1), (2, 0)], 4 / 7, id="3 of 6 pairs and 1 of 1"),
        pytest.param([(1, 0), (0, 1)], None, id="one judgement each"),
    ],
)
def test_agreement_is_the_share_of_pairs_of_judgements(
    votes: list[tuple[int, int]], same: float | None
) -> None:
    assert measure_sameness([PairVotes("a", "b", *pair) for pair in votes]) == same


def test_the_coefficient_of_agreement_is_kendalls() -> None:
    found = measure_judgements("ab", say("a>b", "a>b", "a>b", "b>a"))
    assert found.same == 0.5
    assert found.coefficient == 0  # u = 2 * 3 / (6 * 1) - 1


# --------------------------------------------------------------------------------------- strengths


def test_strengths_are_the_published_ones() -> None:
    found = solve_strengths(np.array(GAMES, dtype=float))
    assert found - found[-1] == pytest.approx(PUBLISHED, abs=5e-5)
    assert found.sum() == pytest.approx(0, abs=1e-9)


def test_strengths_are_those_of_a_logistic_regression_on_the_published_table() -> None:
    wins, rows = [], []
    for one, other in combinations(range(7), 2):
        wins.append((GAMES[one][other], GAMES[other][one]))
        rows.append(np.eye(7)[one] - np.eye(7)[other])
    design = np.array(rows)[:, :-1]  # Baltimore being 0
    theirs = GLM(np.array(wins), design, family=Binomial()).fit()
    found = solve_strengths(np.array(GAMES, dtype=float))
    assert found[:-1] - found[-1] == pytest.approx(theirs.params, abs=1e-5)


def test_fitted_strengths_are_choix_own_on_judgements_with_alpha_added() -> None:
    judgements = play()
    found = fit_strengths(TEAMS, judgements)
    # ten times as many judgements and one more each way have the same maximum
    pairs = [(TEAMS.index(one.winner), TEAMS.index(one.loser)) for one in judgements] * 10
    pairs += [(one, other) for one in range(7) for other in range(7) if one != other]
    assert pytest.approx(0.1) == ALPHA
    wanted = choix.opt_pairwise(7, pairs)
    assert [found[team].point for team in TEAMS] == pytest.approx(list(wanted), abs=1e-4)
    assert all(one.low < one.point < one.high for one in found.values())


def test_a_task_that_always_wins_has_the_strength_that_alpha_leaves_it() -> None:
    found = fit_strengths("ab", say(*["a>b"] * 9))
    # one pair: log-odds of 9.1 to 0.1, half of it on each side of 0
    assert found["a"].point == pytest.approx(np.log(9.1 / 0.1) / 2)
    assert found["b"].point == pytest.approx(-found["a"].point)
    # symmetric, so that it says less of the near side than nine wins of nine do
    assert -math.inf < found["a"].low < found["a"].point < found["a"].high < math.inf


def test_alpha_is_added_to_judged_pairs_alone() -> None:
    found = fit_strengths("abc", say("a>b", "a>b", "b>a", "b>c"))
    # nobody compared a with c: along a line, each difference is the log-odds of its own pair
    a, b, c = (found[task].point for task in "abc")
    assert a - b == pytest.approx(np.log(2.1 / 1.1))
    assert b - c == pytest.approx(np.log(1.1 / 0.1))


def test_intervals_are_those_of_a_logistic_regression_on_the_published_table() -> None:
    wins, rows = [], []
    centre = np.eye(7) - 1 / 7  # strengths whose mean is 0
    for one, other in combinations(range(7), 2):
        wins.append((GAMES[one][other] + ALPHA, GAMES[other][one] + ALPHA))
        rows.append(np.eye(7)[one] - np.eye(7)[other])
    theirs = GLM(np.array(wins), np.array(rows)[:, :-1], family=Binomial()).fit()
    covariance = np.zeros((7, 7))
    covariance[:-1, :-1] = theirs.cov_params()
    errors = np.sqrt(np.diag(centre @ covariance @ centre))
    found = fit_strengths(TEAMS, play())
    for team, error in zip(TEAMS, errors, strict=True):
        half = found[team].high - found[team].point
        assert half == pytest.approx(norm.isf(0.025) * error, rel=1e-4)
        assert found[team].point - found[team].low == pytest.approx(half)


@pytest.mark.parametrize(
    ("num_tasks", "wins"),
    [
        pytest.param(
            10, ["0>1", "1>2", "2>3", "3>4", "4>5", "5>6", "6>7", "7>8", "8>9"], id="once"
        ),
        pytest.param(4, ["0>1", "1>2", "2>3"] * 60, id="sixty times the same"),
        pytest.param(3, ["0>1"] * 2000 + ["1>0"] * 2000 + ["1>2"], id="much and little"),
    ],
)
def test_judgements_that_all_go_one_way_leave_finite_intervals(
    num_tasks: int, wins: list[str]
) -> None:
    tasks = [str(place) for place in range(num_tasks)]
    found = fit_strengths(tasks, say(*wins))
    for one in found.values():
        assert -math.inf < one.low < one.point < one.high < math.inf
    # along a chain, two neighbours are as far apart as their own judgements say
    last = wins.count(f"{num_tasks - 2}>{num_tasks - 1}")
    apart = found[tasks[-2]].point - found[tasks[-1]].point
    assert apart == pytest.approx(np.log((last + ALPHA) / ALPHA), abs=1e-4)


def test_who_said_it_changes_no_interval() -> None:
    wins = ["a>b", "b>c", "a>c", "c>b"]
    same = [one for who in "12345" for one in say(*wins, annotator=who)]
    assert fit_strengths("abc", same) == fit_strengths("abc", say(*wins * 5))


def test_a_pair_s_interval_is_that_of_its_log_odds() -> None:
    found = fit_strengths("ab", say(*["a>b"] * 6, *["b>a"] * 2))["a"]
    # the standard error of log-odds is sqrt(1/wins + 1/losses), half of it on each side of 0
    error = np.sqrt(1 / 6.1 + 1 / 2.1) / 2
    assert found.high - found.low == pytest.approx(2 * norm.isf(0.025) * error)


def test_the_order_of_the_rows_does_not_matter() -> None:
    judgements = say("a>b", "b>c", "a>c", "c>b") + say("a>b", "c>b", annotator="bob")
    assert measure_judgements("abc", judgements) == measure_judgements("abc", judgements[::-1])


def test_a_stronger_alpha_draws_strengths_together(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fit_strengths("ab", say("a>b", "a>b"))["a"].point
    monkeypatch.setattr(strengths, "ALPHA", 1.0)
    assert fit_strengths("ab", say("a>b", "a>b"))["a"].point < before


def test_the_record_survives_json() -> None:
    for wins in (["a>b", "b>c", "c>a"], ["a>b"]):
        found = measure("abc", *wins)
        assert parse(json.loads(json.dumps(asdict(found))), JudgedTasks) == found
