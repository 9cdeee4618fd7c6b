"""Trainings that did not learn are recognised, whichever side of a comparison would gain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from synth_local.evaluate.failed import explain_unlearnt, find_failed
from synth_local.evaluate.groups import CellPredictions, Learnt, group_cells
from synth_local.records import Cell, Prediction

LABELS = ("ham", "spam")
GOOD = Learnt(final_loss=0.2, guess_loss=0.693, final_accuracy=0.95, majority_share=0.5)


def make_cells(
    skills: list[float], source: str = "real", learnt: Learnt | None = None, num_items: int = 400
) -> list[CellPredictions]:
    """Make one seed per skill; a skill of 0 calls all items ham."""
    cells = []
    for seed, skill in enumerate(skills):
        rng = np.random.default_rng([seed, len(source)])
        rows = []
        for number in range(num_items):
            gold = LABELS[number % 2]
            said = gold if rng.random() < skill else LABELS[(number + 1) % 2]
            rows.append(Prediction(f"t{number}", gold, said if skill else "ham", ()))
        cell = Cell("sms", source, "-", "-", "bert", 100, seed)
        cells.append(
            CellPredictions(cell=cell, labels=LABELS, predictions=tuple(rows), learnt=learnt)
        )
    return cells


def list_seeds(cells: list[CellPredictions]) -> list[tuple[str, int]]:
    return [(one.condition.source, one.seed) for one in find_failed(group_cells(cells))]


@pytest.mark.parametrize(
    ("skills", "failed"),
    [
        ([0.95, 0.94, 0.96], []),
        ([0, 0.95], [0]),
        ([0.95, 0.5], [1]),
        ([0.95, 0.94, 0.55, 0.96], [2]),
        ([0, 0.95, 0.94, 0, 0.96], [0, 3]),
        ([0.95, 0.5, 0.94, 0.96, 0.51], [1, 4]),
        ([0, 0, 0], [0, 1, 2]),
    ],
)
def test_a_seed_far_below_its_siblings_or_with_one_answer_for_all_has_failed(
    skills: list[float], failed: list[int]
) -> None:
    assert [seed for _, seed in list_seeds(make_cells(skills))] == failed


def test_where_seeds_usually_differ_much_a_low_one_is_no_failure() -> None:
    """With few rows the seeds of all conditions lie far apart."""
    low = make_cells([0.84, 0.80, 0.60], "pool", num_items=2000)

    def make_others(skills: list[float]) -> list[CellPredictions]:
        return [
            one for n in range(3) for one in make_cells(skills, f"synthetic{n}", num_items=2000)
        ]

    assert list_seeds([*low, *make_others([0.80, 0.81, 0.82])]) == [("pool", 2)]
    assert list_seeds([*low, *make_others([0.60, 0.72, 0.87])]) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({}, ""),
        ({"final_loss": 0.69}, "guessing"),
        ({"final_accuracy": 0.51}, "commonest"),
        ({"final_loss": 0.1, "guess_loss": 0.1, "majority_share": 0.97}, "guessing"),
        # few rows of a rare label and all others right: something was learnt
        ({"guess_loss": 0.14, "final_loss": 0.05, "majority_share": 0.97,
          "final_accuracy": 0.985}, ""),
    ],
)  # fmt: skip
def test_a_training_is_seen_to_fail_by_its_own_rows(change: dict[str, float], word: str) -> None:
    found = explain_unlearnt(replace(GOOD, **change))
    assert word in found
    assert bool(found) == bool(word)


def test_all_seeds_that_learnt_nothing_of_their_own_rows_have_failed() -> None:
    bad = replace(GOOD, final_loss=0.69, final_accuracy=0.5)
    assert len(list_seeds(make_cells([0.6, 0.61, 0.6], learnt=bad))) == 3
    assert not list_seeds(make_cells([0.6, 0.61, 0.6], learnt=GOOD))


def test_a_student_without_random_numbers_or_that_reads_nothing_does_not_fail() -> None:
    cells = make_cells([0])
    assert not list_seeds([replace(one, is_deterministic=True) for one in cells])
    assert not list_seeds([replace(one, is_floor=True) for one in cells])
