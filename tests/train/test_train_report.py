"""What a training says of itself: whether it learnt its own rows, before any test label is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import log
from pathlib import Path

import numpy as np
import pytest

from synth_local.config import TrainConfig
from synth_local.records import Example
from synth_local.train.cell import CellData, TrainReport, prepare_student, run_cell
from synth_local.train.students import StudentRef
from tests.train.made_students import LABELS, QUICK, make_cell, make_data, make_examples

pytestmark = pytest.mark.slow  # torch, transformers and scikit-learn take seconds to import


def train(
    student: str, folder: Path, data: CellData, settings: TrainConfig = QUICK, steps: int = 30
) -> TrainReport:
    prepared = prepare_student(StudentRef(student), data, settings)
    return run_cell(make_cell(0, student), prepared, steps, folder).report


def skew(rows: list[Example], num_second: int) -> list[Example]:
    """Return all rows of the first label and so many of the second."""
    first = [row for row in rows if row.label == LABELS[0]]
    return first + [row for row in rows if row.label == LABELS[1]][:num_second]


def test_a_training_that_learns_nothing_ends_at_guessing_and_says_so(tmp_path: Path) -> None:
    frozen = QUICK.model_copy(update={"learning_rate": 1e-9})
    data = make_data()
    failed = train("scratch-bert", tmp_path / "failed", data, frozen)
    learnt = train("scratch-bert", tmp_path / "learnt", data)
    assert failed.guess_loss == learnt.guess_loss == pytest.approx(log(2))
    assert failed.majority_share == learnt.majority_share == 0.5
    assert failed.final_loss == pytest.approx(failed.guess_loss, abs=0.1)
    assert failed.final_accuracy < 0.75
    assert learnt.final_loss < 0.1 * learnt.guess_loss
    assert learnt.final_accuracy == 1.0


def test_guessing_is_measured_by_the_mix_of_the_training_rows(tmp_path: Path) -> None:
    data = replace(make_data(), train=skew(make_examples(48), num_second=8))
    report = train("majority", tmp_path, data)
    assert report.majority_share == 24 / 32
    assert report.guess_loss == pytest.approx(-(0.75 * log(0.75) + 0.25 * log(0.25)))
    assert report.final_loss == pytest.approx(report.guess_loss)  # it gives the shares themselves
    assert report.final_accuracy == report.majority_share


def test_a_solved_student_is_scored_on_all_its_training_rows(tmp_path: Path) -> None:
    rows = make_examples(48)
    wrong = [replace(rows[0], id=f"w{number}", label=LABELS[1]) for number in range(3)]
    same = [replace(rows[0], id=f"s{number}") for number in range(9)]
    report = train("tfidf-logreg", tmp_path, replace(make_data(), train=rows + wrong + same))
    assert report.final_accuracy == pytest.approx(57 / 60)


@pytest.mark.parametrize(("steps", "rows"), [(3, 48), (4, 64), (30, 480)])
def test_passes_are_rows_seen_by_rows_there_are(tmp_path: Path, steps: int, rows: int) -> None:
    report = train("scratch-bert", tmp_path, make_data(48), steps=steps)
    assert report.passes == rows / 48


def test_the_last_tenth_of_the_steps_is_scored_by_rows_and_not_by_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from synth_local.train.encoder import loop  # noqa: PLC0415 - torch

    sizes: list[int] = []
    right: list[int] = []
    add: Callable[..., tuple[object, object]] = loop._add_gradients

    def note(*arguments: object) -> tuple[object, object]:
        loss, number = add(*arguments)
        sizes.append(len(arguments[3]))  # type: ignore[arg-type]
        right.append(int(number))  # type: ignore[call-overload]
        return loss, number

    monkeypatch.setattr(loop, "_add_gradients", note)
    frozen = QUICK.model_copy(update={"learning_rate": 1e-9})
    report = train("scratch-bert", tmp_path, make_data(18), frozen, steps=20)
    assert sorted(sizes[-2:]) == [2, 16]
    assert report.final_accuracy == sum(right[-2:]) / 18
    assert np.sum(sizes) / 18 == report.passes


def test_the_head_of_scratch_bert_keeps_the_variance_that_it_is_given() -> None:
    import torch  # noqa: PLC0415 - seconds

    from synth_local.train.encoder.models import make_scratch_bert  # noqa: PLC0415 - transformers

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = make_scratch_bert(300, 0, LABELS)
    pooler = model.bert.pooler.dense.weight
    assert float(pooler.detach().std()) == pytest.approx(128**-0.5, rel=0.05)
    assert float(model.classifier.weight.detach().std()) == pytest.approx(128**-0.5, rel=0.2)
    query = model.bert.encoder.layer[0].attention.self.query.weight
    assert float(query.detach().std()) == pytest.approx(0.02, rel=0.05)
