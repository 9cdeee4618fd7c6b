"""The honest cheap baseline: TF-IDF of word and character n-grams, logistic regression.

Needs no torch. Deterministic: every training seed gives the same student. Saved as JSON and
safetensors, never as a pickle, and opened again by ``load_tfidf``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse
import sklearn
from safetensors.numpy import load_file, save_file
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from synth_local.core.files import read_json, write_json
from synth_local.errors import MachineError
from synth_local.records import Example
from synth_local.train.launch import is_main_process
from synth_local.train.pause import Pause
from synth_local.train.trained import TrainedStudent

FloatArray = npt.NDArray[np.float64]

_VIEWS: tuple[tuple[str, tuple[int, int]], ...] = (("word", (1, 2)), ("char_wb", (2, 5)))
_MAX_FEATURES = 100_000  # per view
_INVERSE_PENALTY = 10.0
_MAX_ITERATIONS = 1000
_FORMAT = 1
_USAGE = """\
```python
from synth_local.train.tfidf import load_tfidf

student = load_tfidf("THIS FOLDER")
student.predict_probabilities(["a text"])  # columns are student.labels
```
"""


@dataclass(frozen=True, slots=True)
class TfidfStudent:
    """A fitted baseline.

    Attributes:
        labels: names in the task's order.
        vectorizers: one per view of a text, fitted.
        weights: (labels, features).
        bias: (labels,); minus infinity for a label that training never saw.
    """

    labels: tuple[str, ...]
    vectorizers: tuple[Any, ...]
    weights: FloatArray
    bias: FloatArray

    def predict_probabilities(self, texts: Sequence[str]) -> FloatArray:
        """Return (texts, labels) probabilities; rows sum to 1."""
        return self.predict_features(_transform(self.vectorizers, texts))

    def predict_features(self, features: Any) -> FloatArray:
        """Return (texts, labels) probabilities for (texts, features) sparse features."""
        logits = np.asarray(features @ self.weights.T) + self.bias
        logits -= logits.max(axis=1, keepdims=True)
        shares = np.exp(logits)
        probabilities: FloatArray = shares / shares.sum(axis=1, keepdims=True)
        return probabilities

    def save(self, folder: Path) -> None:
        """Write ``tfidf.json`` and ``model.safetensors`` into ``folder``."""
        views = [
            {
                "analyzer": one.analyzer,
                "ngram_range": list(one.ngram_range),
                "terms": one.get_feature_names_out().tolist(),
            }
            for one in self.vectorizers
        ]
        value = {"format": _FORMAT, "labels": list(self.labels), "views": views}
        write_json(folder / "tfidf.json", value)
        arrays = {"weights": self.weights, "bias": self.bias}
        arrays |= {f"idf.{place}": one.idf_ for place, one in enumerate(self.vectorizers)}
        save_file(arrays, folder / "model.safetensors")


def load_tfidf(folder: Path | str) -> TfidfStudent:
    """Return the student that was saved into ``folder``.

    Args:
        folder: that ``TfidfStudent.save`` wrote.

    Returns:
        A student that predicts as the saved one did.

    Raises:
        MachineError: the folder holds no ``tfidf-logreg`` student of a known format.
    """
    value = read_json(Path(folder) / "tfidf.json")
    if value is None or value["format"] != _FORMAT:
        raise MachineError(
            "not the folder of a tfidf-logreg student",
            where=folder,
            fix="other students open with transformers.pipeline",
        )
    arrays = load_file(Path(folder) / "model.safetensors")
    vectorizers = []
    for place, view in enumerate(value["views"]):
        terms = {term: number for number, term in enumerate(view["terms"])}
        one = _make_vectorizer(view["analyzer"], tuple(view["ngram_range"]), vocabulary=terms)
        one.idf_ = arrays[f"idf.{place}"]
        vectorizers.append(one)
    return TfidfStudent(
        tuple(value["labels"]), tuple(vectorizers), arrays["weights"], arrays["bias"]
    )


@dataclass(frozen=True, slots=True)
class PreparedTfidf:
    """The features of all texts, made once for all seeds.

    Attributes:
        labels: names in the task's order.
        vectorizers: fitted on the training texts.
        train_features: (training texts, features) sparse.
        targets: (training texts,) label numbers.
        test_features: (test texts, features) sparse.
    """

    labels: tuple[str, ...]
    vectorizers: tuple[Any, ...]
    train_features: Any
    targets: npt.NDArray[np.int64]
    test_features: Any

    def train(
        self,
        seed: int,  # noqa: ARG002 - solved, not stepped
        steps: int,  # noqa: ARG002
        pause: Pause | None = None,  # noqa: ARG002
    ) -> TrainedStudent:
        """Return the fitted student; neither the seed nor the steps change it.

        Args:
            seed: not used: the solver has nothing random.
            steps: not used: the solver runs until it has converged.
            pause: not used: it takes seconds.

        Returns:
            The student in memory, with its predictions.
        """
        start = time.perf_counter()
        weights, bias, num_iterations = self._fit()
        student = TfidfStudent(self.labels, self.vectorizers, weights, bias)
        seconds = time.perf_counter() - start
        seen = student.predict_features(self.train_features)[
            np.arange(len(self.targets)), self.targets
        ]
        return TrainedStudent(
            probabilities=student.predict_features(self.test_features),
            steps=num_iterations,
            final_loss=float(-np.log(seen).mean()),
            num_rows=len(self.targets) * max(1, num_iterations),
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

    def _fit(self) -> tuple[FloatArray, FloatArray, int]:
        """Return weights and bias for all labels of the task, and the solver's iterations."""
        weights = np.zeros((len(self.labels), self.train_features.shape[1]))
        bias = np.full(len(self.labels), -np.inf)
        seen = np.unique(self.targets)
        if len(seen) == 1:  # nothing to tell apart: always that label
            bias[seen] = 0.0
            return weights, bias, 0
        solver = LogisticRegression(C=_INVERSE_PENALTY, max_iter=_MAX_ITERATIONS)
        solver.fit(self.train_features, self.targets)
        rows, shifts = solver.coef_, solver.intercept_
        if len(seen) == 2:  # one row says how far the second label is above the first
            rows = np.concatenate([np.zeros_like(rows), rows])
            shifts = np.concatenate([np.zeros_like(shifts), shifts])
        weights[seen], bias[seen] = rows, shifts
        return weights, bias, int(solver.n_iter_[0])


def prepare_tfidf(
    train: Sequence[Example], test: Sequence[Example], labels: tuple[str, ...]
) -> PreparedTfidf:
    """Return the baseline with its vocabulary taken from the training texts alone.

    Args:
        train: the training rows.
        test: whose texts are predicted.
        labels: names in the task's order.

    Returns:
        What is trained once per seed.
    """
    texts = [row.text for row in train]
    vectorizers = tuple(
        _make_vectorizer(analyzer, ngrams, max_features=_MAX_FEATURES).fit(texts)
        for analyzer, ngrams in _VIEWS
    )
    numbers = {label: number for number, label in enumerate(labels)}
    return PreparedTfidf(
        labels=labels,
        vectorizers=vectorizers,
        train_features=_transform(vectorizers, texts),
        targets=np.array([numbers[row.label] for row in train], dtype=np.int64),
        test_features=_transform(vectorizers, [row.text for row in test]),
    )


def _make_vectorizer(analyzer: str, ngrams: tuple[int, int], **settings: Any) -> Any:
    # marks are words too: they tell spam from ham and irony from earnest
    pattern = r"\w+|[^\w\s]" if analyzer == "word" else None
    return TfidfVectorizer(
        analyzer=analyzer,
        ngram_range=ngrams,
        sublinear_tf=True,
        token_pattern=pattern,
        **settings,
    )


def _transform(vectorizers: Sequence[Any], texts: Sequence[str]) -> Any:
    return scipy.sparse.hstack([one.transform(texts) for one in vectorizers], format="csr")
