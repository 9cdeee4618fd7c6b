"""One cell from training rows to predictions: the door that the train stage knocks at.

``prepare_student`` once per training set and student, ``run_cell`` once per seed. Heavy libraries
are imported when a student that needs them is prepared. Knows nothing of the run directory beyond
the one folder that it writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synth_local.config import TrainConfig
from synth_local.core.files import write_text
from synth_local.core.hashing import derive_seed
from synth_local.core.stats import LabelTable, macro_f1_of, score_seeds
from synth_local.errors import DataError
from synth_local.records import Cell, Example, Prediction
from synth_local.train.folders import replace_folder
from synth_local.train.model_card import render_model_card
from synth_local.train.pause import Pause
from synth_local.train.students import BASELINE_STUDENTS, TFIDF_LOGREG, StudentRef, check_student
from synth_local.train.trained import PreparedStudent, TrainedStudent

if TYPE_CHECKING:
    from synth_local.train.encoder.tokens import TokenStore


@dataclass(frozen=True, slots=True)
class CellData:
    """What the cells of one training set have in common.

    Attributes:
        test: the test rows, whose texts are predicted and whose labels are only handed through.
        labels: names in the task's order.
        validation: rows that are predicted too, to pick among students; nothing is trained or
            stopped by them.
    """

    train: Sequence[Example]
    test: Sequence[Example]
    labels: tuple[str, ...]
    validation: Sequence[Example] = ()

    @property
    def asked(self) -> tuple[Example, ...]:
        """Return the rows whose texts are predicted: the test rows first."""
        return (*self.test, *self.validation)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A student with the texts of one training set made ready, for any number of seeds."""

    data: CellData
    student: PreparedStudent


@dataclass(frozen=True, slots=True)
class TrainReport:
    """Figures of one training run.

    ``final_loss`` near ``guess_loss``, or ``final_accuracy`` near ``majority_share``, is a student
    that learnt nothing of its own training rows: no label of a test row is needed to see it.

    Attributes:
        steps: optimiser steps; iterations of the solver for ``tfidf-logreg``.
        seconds: of training, without loading, prediction and saving.
        final_loss: cross-entropy in nats over the last tenth of the steps.
        final_accuracy: share of training rows that the student got right, in [0, 1]: in passing
            over the last tenth of the steps with dropout on, or of all rows for students that are
            solved.
        guess_loss: entropy in nats of the training rows' labels: the loss of a student that
            answers with their shares.
        majority_share: share of the commonest label among the training rows, in (0, 1].
        passes: how often each training row was seen, on average.
        num_train: rows of the training set.
        rows_per_second: training rows that went through per second, over all processes.
        dtype: that forward passes were computed in.
        device: ``cpu`` or ``cuda``.
        versions: of the libraries behind it.
        validation_macro_f1: on the validation texts, in [0, 1]; ``None`` where there are none.
    """

    steps: int
    seconds: float
    final_loss: float
    final_accuracy: float
    guess_loss: float
    majority_share: float
    passes: float
    num_train: int
    rows_per_second: float
    num_processes: int
    dtype: str
    device: str
    versions: Mapping[str, str]
    validation_macro_f1: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready value."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class CellResult:
    """What a trained cell says of the test set.

    Attributes:
        predictions: one per test row, in its order; the same in every process.
        report: figures of the training run.
        is_main: whether this process is the one that writes.
    """

    predictions: list[Prediction]
    report: TrainReport
    is_main: bool


def prepare_student(
    student: StudentRef,
    data: CellData,
    settings: TrainConfig,
    kept: dict[StudentRef, TokenStore] | None = None,
) -> Prepared:
    """Return a student whose texts are ready, so that further seeds need not tokenise again.

    Args:
        student: by name, with its folder where it has one.
        settings: of the run, the same for all that share ``kept``.
        kept: texts that were tokenised for other training sets of the run, and are added to;
            ``None`` keeps none.

    Raises:
        ConfigError: LoRA is asked for where there is nothing to adapt.
        DataError: there are no rows, or one has a label that the task does not have.
        MachineError: the student's folder does not open.
    """
    check_student(student, settings)
    _check_data(data)
    if student.name == TFIDF_LOGREG:
        from synth_local.train.linear.tfidf import prepare_tfidf  # noqa: PLC0415 - scikit-learn: 1 s

        return Prepared(data, prepare_tfidf(data.train, data.asked, data.labels))
    if student.name in BASELINE_STUDENTS:
        from synth_local.train.linear.shortcuts import prepare_shortcut  # noqa: PLC0415 - scikit-learn

        return Prepared(data, prepare_shortcut(student.name, data.train, data.asked, data.labels))
    from synth_local.train.encoder.student import prepare_encoder  # noqa: PLC0415 - torch: seconds

    kept = {} if kept is None else kept
    ready = prepare_encoder(student, data.train, data.asked, data.labels, settings, kept)
    return Prepared(data, ready)


def run_cell(
    cell: Cell, prepared: Prepared, steps: int, folder: Path, pause: Pause | None = None
) -> CellResult:
    """Train one cell, write its student and return what it says of the test set.

    Everything random is derived from the cell's seed and name. The folder appears whole or not at
    all; with several processes only the main one writes it, and all return after that.

    Args:
        prepared: from ``prepare_student`` for the cell's training set and student.
        steps: optimiser steps, from ``count_steps``.
        folder: of the saved student; what stands there is replaced.
        pause: when to store the training's state and where; ``None`` never does.

    Returns:
        Predictions and figures of the training run.

    Raises:
        EngineError: the training diverged.
        MachineError: weights do not open, the disk is full, or processes are missing.
        Interrupted: a signal asked to stop; the state is stored.
    """
    trained = prepared.student.train(derive_seed(cell.seed, "train", cell.draws), steps, pause)
    report = replace(
        report_training(trained, prepared.data.train),
        validation_macro_f1=_score_validation(trained, prepared.data),
    )
    if trained.is_main:
        labels = prepared.data.labels
        card = render_model_card(cell, labels, trained.usage, report.to_json())
        with replace_folder(folder) as temporary:
            trained.save(temporary)
            write_text(temporary / "README.md", card)
    trained.wait()
    return CellResult(_make_predictions(trained, prepared.data), report, trained.is_main)


def report_training(trained: TrainedStudent, train: Sequence[Example]) -> TrainReport:
    """Return the figures of a training beside what guessing would give.

    Args:
        train: the rows that it was trained on, at least one.
    """
    counts = Counter(row.label for row in train).values()
    shares = [count / len(train) for count in counts]
    return TrainReport(
        steps=trained.steps,
        seconds=trained.seconds,
        final_loss=trained.final_loss,
        final_accuracy=trained.final_accuracy,
        guess_loss=-sum(share * log(share) for share in shares),
        majority_share=max(shares),
        passes=trained.num_rows / len(train),
        num_train=len(train),
        rows_per_second=trained.num_rows / max(trained.seconds, 1e-9),
        num_processes=trained.num_processes,
        dtype=trained.dtype,
        device=trained.device,
        versions=trained.versions,
    )


def _check_data(data: CellData) -> None:
    for what, rows in (("training", data.train), ("test", data.test)):
        if not rows:
            raise DataError(f"there are no {what} rows", fix="check the task's data files")
        unknown = {row.label for row in rows} - set(data.labels)
        if unknown:
            raise DataError(
                f"{what} rows have labels that the task does not have: {sorted(unknown)}",
                fix="the task file changed after the corpus was made: run it again",
            )


def _make_predictions(trained: TrainedStudent, data: CellData) -> list[Prediction]:
    probabilities = trained.probabilities[: len(data.test)]
    best = probabilities.argmax(axis=1)
    return [
        Prediction(row.id, row.label, data.labels[number], tuple(float(share) for share in shares))
        for row, number, shares in zip(data.test, best, probabilities, strict=True)
    ]


def _score_validation(trained: TrainedStudent, data: CellData) -> float | None:
    """Return macro-F1 on the validation rows, or ``None`` where there are none."""
    if not data.validation:
        return None
    numbers = {label: number for number, label in enumerate(data.labels)}
    gold = np.array([numbers[row.label] for row in data.validation])
    said = trained.probabilities[len(data.test) :].argmax(axis=1)
    return float(score_seeds(LabelTable(gold, said[None], len(numbers)), macro_f1_of)[0])
