from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import ModelCard
from sklearn.linear_model import LogisticRegression

from synth_local.errors import MachineError
from synth_local.records import Example
from synth_local.train.cell import CellData, prepare_student, run_cell
from synth_local.train.linear.tfidf import load_tfidf, prepare_tfidf
from synth_local.train.students import StudentRef
from tests.train.made_students import LABELS, QUICK, clean_environment, make_cell, make_data

STUDENT = StudentRef("tfidf-logreg")


def make_three_labels() -> CellData:
    words = {"a": "apple pear", "b": "bus train", "c": "cat dog"}
    rows = [
        Example(f"{label}{number}", f"{text} {number}", label)
        for label, text in words.items()
        for number in range(6)
    ]
    return CellData(rows, rows[::4], ("a", "b", "c", "never seen"))


def test_the_baseline_learns_and_is_the_same_for_every_seed(tmp_path: Path) -> None:
    prepared = prepare_student(STUDENT, make_data(), QUICK)
    first, second = (
        run_cell(make_cell(seed, "tfidf-logreg"), prepared, 9, tmp_path / str(seed)).predictions
        for seed in (0, 1)
    )
    assert all(row.predicted == row.gold for row in first)
    assert first == second


@pytest.mark.parametrize("data", [make_data(), make_three_labels()], ids=["two", "three labels"])
def test_a_saved_baseline_opens_and_says_the_same(tmp_path: Path, data: CellData) -> None:
    prepared = prepare_student(STUDENT, data, QUICK)
    result = run_cell(make_cell(0, "tfidf-logreg"), prepared, 9, tmp_path / "out")
    opened = load_tfidf(tmp_path / "out")
    again = opened.predict_probabilities([row.text for row in data.test])
    assert opened.labels == data.labels
    assert np.array_equal(again, [row.probabilities for row in result.predictions])
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {
        ".json",
        ".md",
        ".safetensors",
    }
    assert ModelCard.load(tmp_path / "out" / "README.md").data.library_name == "scikit-learn"


@pytest.mark.parametrize("data", [make_data(), make_three_labels()], ids=["two", "three labels"])
def test_probabilities_are_scikit_learns(data: CellData) -> None:
    prepared = prepare_tfidf(data.train, data.test, data.labels)
    solver = LogisticRegression(C=10.0, max_iter=1000)
    solver.fit(prepared.train_features, prepared.targets)
    expected = solver.predict_proba(prepared.test_features)
    ours = prepared.train(0, 1).probabilities[:, : expected.shape[1]]
    assert np.allclose(ours, expected, atol=1e-9)


def test_a_label_that_training_never_saw_has_probability_zero(tmp_path: Path) -> None:
    data = make_three_labels()
    prepared = prepare_student(STUDENT, data, QUICK)
    result = run_cell(make_cell(0, "tfidf-logreg"), prepared, 9, tmp_path / "out")
    assert {row.probabilities[3] for row in result.predictions} == {0.0}


def test_one_label_alone_is_always_predicted(tmp_path: Path) -> None:
    rows = [row for row in make_data().train if row.label == LABELS[1]]
    prepared = prepare_student(STUDENT, CellData(rows, make_data().test, LABELS), QUICK)
    result = run_cell(make_cell(0, "tfidf-logreg"), prepared, 9, tmp_path / "out")
    assert {row.probabilities for row in result.predictions} == {(0.0, 1.0)}


def test_another_students_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="tfidf-logreg"):
        load_tfidf(tmp_path)


@pytest.mark.slow
def test_the_baseline_needs_no_torch() -> None:
    code = (
        "import sys, tempfile, pathlib;"
        "from tests.train.made_students import QUICK, make_cell, make_data;"
        "from synth_local.train.cell import StudentRef, prepare_student, run_cell;"
        "folder = pathlib.Path(tempfile.mkdtemp()) / 'out';"
        "ready = prepare_student(StudentRef('tfidf-logreg'), make_data(), QUICK);"
        "run_cell(make_cell(), ready, 1, folder);"
        "print(sorted({'torch', 'transformers', 'peft', 'accelerate'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=clean_environment(),
    )
    assert answer.stdout.strip() == "[]"
