"""Two students that read nothing: ``majority`` and ``text-length``.

They show what a score is worth. Where a student that only counts characters and words does well,
the labels of the task can be told from form alone, and so can those of synthetic texts. Neither
needs torch; both give the same student for every training seed and are saved as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from synth_local.core.files import read_json, write_json
from synth_local.errors import MachineError
from synth_local.records import Example
from synth_local.train.linear.logistic import (
    FloatArray,
    IntArray,
    LogisticFit,
    PreparedSolved,
    Solved,
    fit_logistic,
    number_labels,
    softmax,
)
from synth_local.train.students import MAJORITY

FILE = "shortcut.json"
_FORMAT = 1
_INVERSE_PENALTY = 1.0
_USAGE = """\
```python
from synth_local.train.linear.shortcuts import load_shortcut

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
        return self.predict_features(_measure_lengths(texts))

    def predict_features(self, features: FloatArray) -> FloatArray:
        """Return (texts, labels) probabilities for (texts, 2) lengths."""
        lengths = (features - np.array(self.means)) / np.array(self.scales)
        return softmax(lengths @ np.array(self.weights).T + np.array(self.bias))

    def save(self, folder: Path) -> None:
        """Write ``shortcut.json`` into ``folder``; JSON has no infinity, so it is ``null``."""
        bias = [value if np.isfinite(value) else None for value in self.bias]
        write_json(folder / FILE, {"format": _FORMAT, **asdict(self), "bias": bias})


def load_shortcut(folder: Path | str) -> ShortcutStudent:
    """Return the student that was saved into ``folder``.

    Args:
        folder: that ``ShortcutStudent.save`` wrote.

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


def prepare_shortcut(
    name: str, train: Sequence[Example], test: Sequence[Example], labels: tuple[str, ...]
) -> PreparedSolved:
    """Return ``majority`` or ``text-length`` with all lengths measured.

    Args:
        labels: names in the task's order.
    """
    return PreparedSolved(
        solve=partial(_solve, name, labels),
        train_features=_measure_lengths([row.text for row in train]),
        targets=number_labels(train, labels),
        test_features=_measure_lengths([row.text for row in test]),
        usage=_USAGE,
    )


def _solve(name: str, labels: tuple[str, ...], lengths: FloatArray, targets: IntArray) -> Solved:
    means, scales = lengths.mean(axis=0), lengths.std(axis=0)
    scales[scales == 0] = 1.0
    if name == MAJORITY:
        fit = _count_labels(targets, len(labels))
    else:
        fit = fit_logistic((lengths - means) / scales, targets, len(labels), _INVERSE_PENALTY)
    student = ShortcutStudent(
        labels,
        tuple(means.tolist()),
        tuple(scales.tolist()),
        tuple(tuple(row) for row in fit.weights.tolist()),
        tuple(fit.bias.tolist()),
    )
    return Solved(student, fit.num_iterations)


def _count_labels(targets: IntArray, num_labels: int) -> LogisticFit:
    """Return a fit that gives each label its share of the training rows, whatever the text."""
    counts = np.bincount(targets, minlength=num_labels)
    with np.errstate(divide="ignore"):
        bias = np.log(counts / counts.sum())
    return LogisticFit(np.zeros((num_labels, 2)), bias, 0)


def _measure_lengths(texts: Sequence[str]) -> FloatArray:
    """Return (texts, 2) logarithms of one more than characters and words."""
    counts = [(len(text), len(text.split())) for text in texts]
    return np.log1p(np.array(counts, dtype=np.float64).reshape(-1, 2))
