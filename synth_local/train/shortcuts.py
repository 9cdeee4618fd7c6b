"""Two students that read nothing: ``majority`` and ``text-length``.

They show what a score is worth. Where a student that only counts characters and words does well,
the labels of the task can be told from form alone, and so can those of synthetic texts. Neither
needs torch; both give the same student for every training seed and are saved as JSON.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import sklearn
from sklearn.linear_model import LogisticRegression

from synth_local.core.files import read_json, write_json
from synth_local.errors import MachineError
from synth_local.records import Example
from synth_local.train.launch import is_main_process
from synth_local.train.pause import Pause
from synth_local.train.students import MAJORITY
from synth_local.train.trained import TrainedStudent

FloatArray = npt.NDArray[np.float64]

FILE = "shortcut.json"
_FORMAT = 1
_MAX_ITERATIONS = 1000
_USAGE = """\
```python
from synth_local.train.shortcuts import load_shortcut

student = load_shortcut("THIS FOLDER")
student.predict_probabilities(["a text"])  # columns are student.labels
```
"""


@dataclass(frozen=True, slots=True)
class ShortcutStudent:
    """A fitted student; ``majority`` has weights of zero.

    Attributes:
        labels: names in the task's order.
        means: (2,) of the logarithms of characters and words over the training texts.
        scales: (2,) their standard deviations, 1 where a length never varies.
        weights: (labels, 2).
        bias: (labels,); minus infinity for a label that training never saw.
    """

    labels: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]

    def predict_probabilities(self, texts: Sequence[str]) -> FloatArray:
        """Return (texts, labels) probabilities; rows sum to 1."""
        lengths = (_measure_lengths(texts) - np.array(self.means)) / np.array(self.scales)
        logits = lengths @ np.array(self.weights).T + np.array(self.bias)
        logits -= logits.max(axis=1, keepdims=True)
        shares = np.exp(logits)
        probabilities: FloatArray = shares / shares.sum(axis=1, keepdims=True)
        return probabilities

    def save(self, folder: Path) -> None:
        """Write ``shortcut.json`` into ``folder``; JSON has no infinity, so it is ``null``."""
        bias = [value if np.isfinite(value) else None for value in self.bias]
        write_json(folder / FILE, {"format": _FORMAT, **asdict(self), "bias": bias})


def load_shortcut(folder: Path | str) -> ShortcutStudent:
    """Return the student that was saved into ``folder``.

    Args:
        folder: that ``ShortcutStudent.save`` wrote.

    Returns:
        A student that predicts as the saved one did.

    Raises:
        MachineError: the folder holds no such student of a known format.
    """
    value = read_json(Path(folder) / FILE)
    if value is None or value["format"] != _FORMAT:
        raise MachineError(
            "not the folder of a majority or text-length student",
            where=folder,
            fix="other students open with transformers.pipeline",
        )
    return ShortcutStudent(
        tuple(value["labels"]),
        tuple(value["means"]),
        tuple(value["scales"]),
        tuple(tuple(row) for row in value["weights"]),
        tuple(-np.inf if one is None else one for one in value["bias"]),
    )


@dataclass(frozen=True, slots=True)
class PreparedShortcut:
    """The texts of one training set and of the test set.

    Attributes:
        name: ``majority`` or ``text-length``.
        train_rows: the training rows.
        test_rows: whose texts are predicted.
        labels: names in the task's order.
    """

    name: str
    train_rows: Sequence[Example]
    test_rows: Sequence[Example]
    labels: tuple[str, ...]

    def _fit(self) -> tuple[ShortcutStudent, int]:
        """Return the fitted student and the solver's iterations."""
        numbers = {label: number for number, label in enumerate(self.labels)}
        targets = np.array([numbers[row.label] for row in self.train_rows])
        lengths = _measure_lengths([row.text for row in self.train_rows])
        means, scales = lengths.mean(axis=0), lengths.std(axis=0)
        scales[scales == 0] = 1.0
        weights = np.zeros((len(self.labels), 2))
        counts = np.bincount(targets, minlength=len(self.labels))
        with np.errstate(divide="ignore"):
            bias = np.log(counts / counts.sum())
        num_iterations = 0
        seen = np.flatnonzero(counts)
        if self.name != MAJORITY and len(seen) > 1:
            solver = LogisticRegression(max_iter=_MAX_ITERATIONS)
            solver.fit((lengths - means) / scales, targets)
            rows, shifts = solver.coef_, solver.intercept_
            if len(seen) == 2:  # one row says how far the second label is above the first
                rows = np.concatenate([np.zeros_like(rows), rows])
                shifts = np.concatenate([np.zeros_like(shifts), shifts])
            weights[seen], bias[seen] = rows, shifts
            num_iterations = int(solver.n_iter_[0])
        student = ShortcutStudent(
            self.labels,
            tuple(means.tolist()),
            tuple(scales.tolist()),
            tuple(tuple(row) for row in weights.tolist()),
            tuple(bias.tolist()),
        )
        return student, num_iterations

    def train(
        self,
        seed: int,  # noqa: ARG002 - counted or solved, nothing is drawn
        steps: int,  # noqa: ARG002
        pause: Pause | None = None,  # noqa: ARG002
    ) -> TrainedStudent:
        """Return the fitted student; neither the seed nor the steps change it.

        Args:
            seed: not used: nothing is drawn.
            steps: not used: labels are counted, or the solver runs until it has converged.
            pause: not used: it takes a moment.

        Returns:
            The student in memory, with its predictions.
        """
        start = time.perf_counter()
        student, num_iterations = self._fit()
        seconds = time.perf_counter() - start
        numbers = {label: number for number, label in enumerate(self.labels)}
        targets = [numbers[row.label] for row in self.train_rows]
        seen = student.predict_probabilities([row.text for row in self.train_rows])
        return TrainedStudent(
            probabilities=student.predict_probabilities([row.text for row in self.test_rows]),
            steps=num_iterations,
            final_loss=float(-np.log(seen[np.arange(len(targets)), targets]).mean()),
            num_rows=len(targets) * max(1, num_iterations),
            seconds=seconds,
            num_processes=1,
            is_main=is_main_process(),
            dtype="float64",
            device="cpu",
            versions={"scikit-learn": sklearn.__version__},
            usage=_USAGE,
            save=student.save,
            wait=lambda: None,
        )


def _measure_lengths(texts: Sequence[str]) -> FloatArray:
    """Return (texts, 2) logarithms of one more than characters and words."""
    counts = [(len(text), len(text.split())) for text in texts]
    return np.log1p(np.array(counts, dtype=np.float64).reshape(-1, 2))
