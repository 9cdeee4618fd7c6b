"""Students that are solved, not stepped: logistic regression over all labels of a task.

scikit-learn's solver knows the labels that it saw; a student answers for those of its task. Knows
nothing of texts or files: features come as arrays, and students save themselves. Needs no torch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import sklearn
from sklearn.linear_model import LogisticRegression

from synth_local.records import Example
from synth_local.train.launch import is_main_process
from synth_local.train.pause import Pause
from synth_local.train.trained import TrainedStudent

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_MAX_ITERATIONS = 1000


@dataclass(frozen=True, slots=True)
class LogisticFit:
    """What a solver found.

    Attributes:
        weights: (labels, features).
        bias: (labels,); minus infinity for a label that training never saw.
        num_iterations: of the solver; 0 where nothing had to be solved.
    """

    weights: FloatArray
    bias: FloatArray
    num_iterations: int


class SolvedStudent(Protocol):
    """A fitted student."""

    def predict_features(self, features: Any) -> FloatArray:
        """Return (texts, labels) probabilities for (texts, features)."""
        ...

    def save(self, folder: Path) -> None:
        """Write the student into an empty folder."""
        ...


@dataclass(frozen=True, slots=True)
class Solved:
    """A fitted student and the iterations of its solver."""

    student: SolvedStudent
    num_iterations: int


@dataclass(frozen=True, slots=True)
class PreparedSolved:
    """The features of all texts, made once for all seeds.

    Attributes:
        solve: returns the student for training features and targets.
        train_features: (training texts, features).
        targets: (training texts,) label numbers.
        test_features: (test texts, features).
        usage: how to load the saved folder, as Markdown.
    """

    solve: Callable[[Any, IntArray], Solved]
    train_features: Any
    targets: IntArray
    test_features: Any
    usage: str

    def train(
        self,
        seed: int,  # noqa: ARG002 - solved, not stepped
        steps: int,  # noqa: ARG002
        pause: Pause | None = None,  # noqa: ARG002
    ) -> TrainedStudent:
        """Return the fitted student; neither the seed nor the steps change it.

        Args:
            seed: not used: nothing is drawn.
            steps: not used: labels are counted, or the solver runs until it has converged.
            pause: not used: it takes seconds.
        """
        start = time.perf_counter()
        solved = self.solve(self.train_features, self.targets)
        seconds = time.perf_counter() - start
        student = solved.student
        on_train = student.predict_features(self.train_features)
        of_gold = on_train[np.arange(len(self.targets)), self.targets]
        return TrainedStudent(
            probabilities=student.predict_features(self.test_features),
            steps=solved.num_iterations,
            final_loss=float(-np.log(of_gold).mean()),
            final_accuracy=float((on_train.argmax(axis=1) == self.targets).mean()),
            num_rows=len(self.targets) * max(1, solved.num_iterations),
            seconds=seconds,
            num_processes=1,
            is_main=is_main_process(),
            dtype="float64",
            device="cpu",
            versions={"scikit-learn": sklearn.__version__},
            usage=self.usage,
            save=student.save,
            wait=lambda: None,
        )


def fit_logistic(
    features: Any, targets: IntArray, num_labels: int, inverse_penalty: float
) -> LogisticFit:
    """Return logistic regression for all labels of a task, whichever of them training saw.

    Args:
        features: (texts, features), dense or sparse.
        targets: (texts,) label numbers in [0, num_labels), one at least.
        inverse_penalty: scikit-learn's ``C``, above 0.

    Returns:
        Weights and bias; with a single seen label, that label always.
    """
    weights = np.zeros((num_labels, features.shape[1]))
    bias = np.full(num_labels, -np.inf)
    seen = np.unique(targets)
    if len(seen) == 1:  # nothing to tell apart
        bias[seen] = 0.0
        return LogisticFit(weights, bias, 0)
    solver = LogisticRegression(C=inverse_penalty, max_iter=_MAX_ITERATIONS)
    solver.fit(features, targets)
    rows, shifts = solver.coef_, solver.intercept_
    if len(seen) == 2:  # one row says how far the second label is above the first
        rows = np.concatenate([np.zeros_like(rows), rows])
        shifts = np.concatenate([np.zeros_like(shifts), shifts])
    weights[seen], bias[seen] = rows, shifts
    return LogisticFit(weights, bias, int(solver.n_iter_[0]))


def softmax(logits: FloatArray) -> FloatArray:
    """Return (texts, labels) probabilities of logits; rows sum to 1."""
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: FloatArray = shares / shares.sum(axis=1, keepdims=True)
    return probabilities


def number_labels(rows: Sequence[Example], labels: Sequence[str]) -> IntArray:
    """Return (rows,) places of the rows' labels in ``labels``."""
    numbers = {label: number for number, label in enumerate(labels)}
    return np.array([numbers[row.label] for row in rows], dtype=np.int64)
