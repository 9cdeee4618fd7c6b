"""The metrics of one cell: an ``evaluate.Metric`` over scikit-learn.

The door to the library ``evaluate``, which takes seconds to import and would ask the network for
its catalogue: import this module only when there is something to score. A label that is neither
gold nor predicted has no precision, recall or F1: it is left out, never 0.

Knows nothing of cells, seeds or intervals.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from synth_local.errors import DataError, UndefinedMetricError
from synth_local.evaluate.brier import score_brier
from synth_local.records import Prediction

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when the next two are imported

import datasets

# evaluate loads transformers, and that torch, for its evaluators, which nothing here uses; told
# that there is none (as None says to Python) it does without, and is there 5 to 10 s sooner
_HIDDEN = "transformers" not in sys.modules
if _HIDDEN:
    sys.modules["transformers"] = None  # type: ignore[assignment]
try:
    import evaluate
finally:
    if _HIDDEN:
        del sys.modules["transformers"]


class Score(NamedTuple):
    """One figure: ``label`` is empty where it is over all labels; ``value`` lies in [0, 1]."""

    metric: str
    label: str
    value: float


class ClassificationScores(evaluate.Metric):  # type: ignore[misc]
    """Accuracy, macro-F1, and precision, recall and F1 of each label, from one pass."""

    def _info(self) -> Any:
        label = datasets.Value("int64")
        return evaluate.MetricInfo(
            description="Accuracy, macro-F1 over the labels in use, and figures of each label.",
            citation="",
            inputs_description="predictions and references: label numbers; num_labels.",
            features=datasets.Features({"predictions": label, "references": label}),
        )

    def _compute(
        self, predictions: list[int], references: list[int], num_labels: int
    ) -> dict[str, float | list[float]]:
        precision, recall, f1, _ = precision_recall_fscore_support(
            references, predictions, labels=range(num_labels), zero_division=np.nan
        )
        return {
            "macro_f1": float(np.nanmean(f1)),
            "accuracy": float(accuracy_score(references, predictions)),
            "precision": list(precision),
            "recall": list(recall),
            "f1": list(f1),
        }


def score_predictions(predictions: Sequence[Prediction], labels: Sequence[str]) -> list[Score]:
    """Return every figure of one cell that has a value.

    Args:
        labels: all label names of the task, in its order.

    Returns:
        ``macro_f1``, ``accuracy`` and ``brier``, then ``precision``, ``recall`` and
        ``f1`` of each label.
        Precision is left out for a label that was never predicted, recall for one without gold
        items, F1 for one that is neither.

    Raises:
        UndefinedMetricError: there are no predictions.
        DataError: a prediction names a label that is not in ``labels``.
    """
    figures = _compute(_number_labels(predictions, labels), len(labels))
    overall = {"macro_f1": figures["macro_f1"], "accuracy": figures["accuracy"]}
    overall["brier"] = score_brier(predictions, labels)
    scores = [Score(metric, "", value) for metric, value in overall.items()]
    scores += [
        Score(metric, label, float(figures[metric][number]))
        for number, label in enumerate(labels)
        for metric in ("precision", "recall", "f1")
        if not np.isnan(figures[metric][number])
    ]
    return scores


def _number_labels(
    predictions: Sequence[Prediction], labels: Sequence[str]
) -> dict[str, list[int]]:
    if not predictions:
        raise UndefinedMetricError("no score without predictions", fix="check the test split")
    unknown = {row.gold for row in predictions} | {row.predicted for row in predictions}
    unknown -= set(labels)
    if unknown:
        raise DataError(
            f"predictions name labels that the task does not have: {', '.join(sorted(unknown))}",
            fix="the task file changed after training: run the train stage again",
        )
    numbers = {label: number for number, label in enumerate(labels)}
    return {
        "references": [numbers[row.gold] for row in predictions],
        "predictions": [numbers[row.predicted] for row in predictions],
    }


def _compute(numbered: dict[str, list[int]], num_labels: int) -> Any:
    # evaluate makes a folder even when it keeps everything in memory: not in the user's home
    with tempfile.TemporaryDirectory() as folder:
        metric = ClassificationScores(cache_dir=folder, keep_in_memory=True)
        return metric.compute(**numbered, num_labels=num_labels)
