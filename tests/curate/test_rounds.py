"""How many slots the next round takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synth_local.curate.rounds import MIN_ACCEPT_RATE, next_round

COUNTS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 500))


def test_the_first_round_is_the_first_n_slots() -> None:
    assert next_round({}, {}, {"ham": 30, "spam": 20}) == {"ham": 30, "spam": 20}


def test_a_round_takes_missing_over_accept_rate_rounded_up() -> None:
    admitted = {"ham": 100, "spam": 100}
    assert next_round(admitted, {"ham": 100, "spam": 70}, {"ham": 100, "spam": 100}) == {"spam": 43}


def test_nothing_missing_is_no_round() -> None:
    assert next_round({"ham": 9}, {"ham": 5}, {"ham": 5}) is None


def test_nothing_accepted_asks_for_fifty_slots_a_row() -> None:
    assert MIN_ACCEPT_RATE == 0.02
    assert next_round({"ham": 10}, {"ham": 0}, {"ham": 10}) == {"ham": 500}
    assert next_round({"ham": 1000}, {"ham": 1}, {"ham": 11}) == {"ham": 500}


def test_a_budget_cuts_all_labels_in_proportion() -> None:
    goal = {"ham": 30, "spam": 10}
    assert next_round({}, {}, goal, mean_tokens=50, budget_left=1000) == {"ham": 15, "spam": 5}
    assert next_round({}, {}, goal, mean_tokens=50, budget_left=1099) == {"ham": 16, "spam": 5}
    assert next_round({}, {}, goal, mean_tokens=50, budget_left=49) is None
    assert next_round({}, {}, goal, mean_tokens=0, budget_left=49) == goal
    assert next_round({}, {}, goal, mean_tokens=0, budget_left=0) is None


@given(COUNTS, COUNTS, COUNTS, st.floats(0.5, 300), st.integers(0, 10**6))
def test_a_round_stays_in_the_budget_and_asks_only_where_rows_are_missing(
    admitted: dict[str, int], accepted: dict[str, int], goal: dict[str, int], mean: float, left: int
) -> None:
    accepted = {label: min(count, admitted.get(label, 0)) for label, count in accepted.items()}
    free = next_round(admitted, accepted, goal) or {}
    cut = next_round(admitted, accepted, goal, mean_tokens=mean, budget_left=left) or {}
    assert set(free) == {label for label in goal if accepted.get(label, 0) < goal[label]}
    assert all(0 < count <= free[label] for label, count in cut.items())
    assert sum(cut.values()) * mean <= left or sum(cut.values()) == 0
    expected = min(sum(free.values()), int(left / mean))
    assert sum(cut.values()) == expected
