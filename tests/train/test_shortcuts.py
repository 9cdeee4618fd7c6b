"""Students that read nothing: what they say, how they are kept, and that they expose a shortcut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from synth_local.config import TrainConfig
from synth_local.errors import ConfigError, MachineError
from synth_local.records import Cell, Example
from synth_local.train.cell import CellData, CellResult, prepare_student, run_cell
from synth_local.train.linear.shortcuts import load_shortcut
from synth_local.train.students import StudentRef

LABELS = ("short", "long", "never")


def make_rows(num_rows: int, prefix: str) -> tuple[Example, ...]:
    return tuple(
        Example(
            f"{prefix}-{number}",
            "word " * (3 if number % 3 else 30) + str(number),
            "short" if number % 3 else "long",
        )
        for number in range(num_rows)
    )


def train(name: str, folder: Path, seed: int = 0) -> CellResult:
    data = CellData(make_rows(60, "train"), make_rows(30, "test"), LABELS)
    cell = Cell("made", "real", "-", "-", name, 60, seed)
    prepared = prepare_student(StudentRef(name), data, TrainConfig())
    return run_cell(cell, prepared, 10, folder)


def test_majority_says_the_most_frequent_label_with_its_share(tmp_path: Path) -> None:
    result = train("majority", tmp_path / "student")
    assert {one.predicted for one in result.predictions} == {"short"}
    assert result.predictions[0].probabilities == pytest.approx((2 / 3, 1 / 3, 0))


def test_text_length_tells_labels_that_length_gives_away(tmp_path: Path) -> None:
    result = train("text-length", tmp_path / "student")
    assert all(one.predicted == one.gold for one in result.predictions)
    assert all(one.probabilities[2] == 0 for one in result.predictions)


def test_text_length_learns_nothing_where_length_says_nothing(tmp_path: Path) -> None:
    rows = tuple(replace(row, text="always the same words") for row in make_rows(60, "train"))
    data = CellData(rows, rows, LABELS)
    prepared = prepare_student(StudentRef("text-length"), data, TrainConfig())
    cell = Cell("made", "real", "-", "-", "text-length", 60, 0)
    result = run_cell(cell, prepared, 10, tmp_path / "student")
    assert {one.predicted for one in result.predictions} == {"short"}


@pytest.mark.parametrize("name", ["majority", "text-length"])
def test_a_saved_student_says_the_same_and_seeds_change_nothing(tmp_path: Path, name: str) -> None:
    first = train(name, tmp_path / "one")
    assert first.predictions == train(name, tmp_path / "two", seed=7).predictions
    again = load_shortcut(tmp_path / "one")
    said = again.predict_probabilities([row.text for row in make_rows(30, "test")])
    assert said == pytest.approx(np.array([one.probabilities for one in first.predictions]))
    assert again.labels == LABELS
    assert (tmp_path / "one" / "README.md").is_file()


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="majority or text-length"):
        load_shortcut(tmp_path)


def test_lora_has_nothing_to_adapt_in_them() -> None:
    data = CellData(make_rows(6, "train"), make_rows(6, "test"), LABELS)
    with pytest.raises(ConfigError, match="LoRA"):
        prepare_student(StudentRef("majority"), data, TrainConfig(method="lora"))
