"""What the analyze step says and does where gold or the number of annotators is not as it seems."""

from __future__ import annotations

import pytest

from synth_local.analyze.agreement import Annotations, ItemAgreement, measure_item
from synth_local.analyze.rated_items import Rated
from synth_local.pipeline.steps.analyze.step import warn_of_own_gold


def rate(*items: Annotations) -> dict[str, ItemAgreement]:
    found = {f"t{place}": measure_item(one) for place, one in enumerate(items)}
    return {name: one for name, one in found.items() if one is not None}


@pytest.mark.parametrize(
    ("num_other", "said"),
    [
        pytest.param(0, "on 1,000 of 1,000 items with a majority (100.0%)", id="all"),
        pytest.param(1, "on 999 of 1,000 items with a majority (99.9%)", id="all but one"),
        pytest.param(100, "on 900 of 1,000 items with a majority (90.0%)", id="nine in ten"),
        pytest.param(101, "", id="fewer"),
    ],
)
def test_gold_that_is_mostly_the_annotators_majority_is_warned_of(
    num_other: int, said: str
) -> None:
    items = rate(*[("x", "x", "y")] * 1000, ("x", "y"))  # a tie has no majority and no say
    gold = {name: "y" if place < num_other else "x" for place, name in enumerate(items)}
    found = list(warn_of_own_gold("sms", items, gold))
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_the_gap_is_set_against_pairs_where_items_have_unlike_numbers_of_ratings() -> None:
    even = rate(("x", "x", "y"), ("x", "x", "x"))
    rated = Rated(even, tuple(even))
    assert not rated.ratings_vary
    assert list(rated.agreement) == list(rated.shares) == [2 / 3, 1]
    odd = rate(("x", "x", "y"), ("x", "y"))
    rated = Rated(odd, tuple(odd))
    assert rated.ratings_vary
    assert list(rated.agreement) == [1 / 3, 0]
    assert list(rated.shares) == [2 / 3, 0.5]
