"""Which shard a cell is in."""

from __future__ import annotations

from synth_local.records import Cell
from synth_local.run.cells import CellPlan, place_cells
from synth_local.train.sets.sources import SetPlan


def make_plan(student: str, generator: str, seed: int) -> CellPlan:
    cell = Cell("task", "-", generator, "zero_shot", student, 0, seed)
    return CellPlan(cell, f"{student}{generator}{seed}", SetPlan("-", None, {}), 0, ())


def test_cells_take_turns_and_a_generator_is_loaded_in_one_shard_alone() -> None:
    plans = [make_plan("tfidf-logreg", "-", seed) for seed in range(3)]
    plans += [make_plan("generator-itself", name, seed) for name in "ab" for seed in range(3)]
    plans += [make_plan("tfidf-logreg", "-", 9)]
    assert place_cells(plans, 1) == [0] * 10
    assert place_cells(plans, 4) == [2, 3, 2, 0, 0, 0, 1, 1, 1, 3]


def test_what_takes_longest_is_placed_first() -> None:
    asked = [make_plan("generator-itself", "a", seed) for seed in range(3)]  # as six trainings
    plans = [*(make_plan("scratch-bert", "-", seed) for seed in range(8)), *asked]
    places = place_cells(plans, 2)
    assert places[8:] == [0, 0, 0]
    assert [places.count(shard) for shard in (0, 1)] == [3 + 1, 7]
    # trainings alone take turns
    assert place_cells(plans[:8], 3) == [0, 1, 2, 0, 1, 2, 0, 1]
