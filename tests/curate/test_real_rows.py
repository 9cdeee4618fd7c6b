"""Real training rows are held to the rules of synthetic ones."""

from __future__ import annotations

import random

import pytest

from synth_local.curate.real_rows import RealScreen
from synth_local.records import Example
from synth_local.task.splits import Screened

TEST = [Example("t1", "Grandma says hi and asks about the garden chairs.", "ham")]
NEAR = Example("near", "Grandma says hi and asks about the garden chair!", "ham")
ROWS = [
    NEAR,
    Example("one", "word", "ham"),
    Example("long", "many " * 19, "ham"),
    Example("tolerated", "less " * 18, "ham"),
    Example("first", "The plumber comes on Tuesday.", "ham"),
    Example("again", "the PLUMBER comes on Tuesday", "spam"),
    Example("fine", "Bring the blue bag at noon.", "ham"),
    Example("smile", ":) :)", "ham"),
    Example("frown", ":( :(", "spam"),
]


def screen(rows: list[Example], *, drops: bool = True) -> Screened:
    return RealScreen(2, 9, 0.8, drops)(rows, TEST)


def test_near_matches_lengths_and_repeats_leave_with_a_reason_each() -> None:
    found = screen(ROWS)
    assert found.num_near_test == 1
    repeat = {"first", "again"} & found.left_out.keys()
    assert len(repeat) == 1
    assert {name: why for name, why in found.left_out.items() if name not in repeat} == {
        "near": "near a test row",
        "one": "too short",
        "long": "too long",
    }


def test_near_matches_that_are_kept_are_counted_all_the_same() -> None:
    found = screen(ROWS, drops=False)
    assert "near" not in found.left_out
    assert found.num_near_test == 1


@pytest.mark.parametrize("seed", range(3))
def test_which_repeat_stays_does_not_depend_on_the_order_of_rows(seed: int) -> None:
    mixed = random.Random(seed).sample(ROWS, len(ROWS))
    assert screen(mixed).left_out == screen(ROWS).left_out
