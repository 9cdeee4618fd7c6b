"""The honest cheap baseline: TF-IDF of word and character n-grams, logistic regression.

Needs no torch. Deterministic: every training seed gives the same student. Saved as JSON and
safetensors, never as a pickle, and opened again by ``load_tfidf``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from safetensors.numpy import load_file, save_file
from sklearn.feature_extraction.text import TfidfVectorizer

from synth_local.core.files import read_json, write_json
from synth_local.errors import MachineError
from synth_local.records import Example
from synth_local.train.linear.logistic import (
    FloatArray,
    IntArray,
    PreparedSolved,
    Solved,
    fit_logistic,
    number_labels,
    softmax,
)

_VIEWS: tuple[tuple[str, tuple[int, int]], ...] = (("word", (1, 2)), ("char_wb", (2, 5)))
_MAX_FEATURES = 100_000  # per view
_INVERSE_PENALTY = 10.0
_FORMAT = 1
_USAGE = """\
```python
from synth_local.train.linear.tfidf import load_tfidf

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
        return softmax(np.asarray(features @ self.weights.T) + self.bias)

    def save(self, folder: Path) -> None:
        """Write ``tfidf.json`` and ``model.safetensors`` into ``folder``."""
        views = [
            {
                "analyzer": vectorizer.analyzer,
                "ngram_range": list(vectorizer.ngram_range),
                "terms": vectorizer.get_feature_names_out().tolist(),
            }
            for vectorizer in self.vectorizers
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


def prepare_tfidf(
    train: Sequence[Example], test: Sequence[Example], labels: tuple[str, ...]
) -> PreparedSolved:
    """Return the baseline with its vocabulary taken from the training texts alone.

    Args:
        labels: names in the task's order.
    """
    texts = [row.text for row in train]
    vectorizers = tuple(
        _make_vectorizer(analyzer, ngrams, max_features=_MAX_FEATURES).fit(texts)
        for analyzer, ngrams in _VIEWS
    )

    def solve(features: Any, targets: IntArray) -> Solved:
        fit = fit_logistic(features, targets, len(labels), _INVERSE_PENALTY)
        return Solved(TfidfStudent(labels, vectorizers, fit.weights, fit.bias), fit.num_iterations)

    return PreparedSolved(
        solve=solve,
        train_features=_transform(vectorizers, texts),
        targets=number_labels(train, labels),
        test_features=_transform(vectorizers, [row.text for row in test]),
        usage=_USAGE,
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
    return scipy.sparse.hstack(
        [vectorizer.transform(texts) for vectorizer in vectorizers], format="csr"
    )
