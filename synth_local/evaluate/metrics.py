"""The metrics of one cell: ``evaluate.Metric`` subclasses over scikit-learn.

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


class LabelMetric(evaluate.Metric):  # type: ignore[misc]
    """Base of the metrics on label names: what they take and what they are."""

    description = ""

    def _info(self) -> Any:
        name = datasets.Value("string")
        return evaluate.MetricInfo(
            description=self.description,
            citation="",
            inputs_description="predictions and references: label names; labels: all names.",
            features=datasets.Features({"predictions": name, "references": name}),
        )


class Accuracy(LabelMetric):
    """Share of items whose prediction is gold."""

    description = "Share of items whose prediction is gold, in [0, 1]."

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float]:
        return {"accuracy": float(accuracy_score(references, predictions))}


class LabelScores(LabelMetric):
    """Precision, recall and F1 of each label; NaN where a label has none."""

    description = "Precision, recall and F1 of each label, in [0, 1] or NaN."

    def _compute(
        self, predictions: list[str], references: list[str], labels: Sequence[str]
    ) -> dict[str, list[float]]:
        precision, recall, f1, _ = precision_recall_fscore_support(
            references, predictions, labels=list(labels), zero_division=np.nan
        )
        return {"precision": list(precision), "recall": list(recall), "f1": list(f1)}


class MacroF1(LabelMetric):
    """Mean F1 over the labels that are gold or predicted somewhere."""

    description = "Mean F1 over the labels in use, in [0, 1]."

    def _compute(
        self, predictions: list[str], references: list[str], labels: Sequence[str]
    ) -> dict[str, float]:
        _, _, f1, _ = precision_recall_fscore_support(
            references, predictions, labels=list(labels), average="macro", zero_division=np.nan
        )
        return {"macro_f1": float(f1)}


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
    named = _check(predictions, labels)
    overall = _compute(MacroF1, named, labels=list(labels)) | _compute(Accuracy, named)
    by_label = _compute(LabelScores, named, labels=list(labels))
    overall["brier"] = score_brier(predictions, labels)
    scores = [Score(metric, "", value) for metric, value in overall.items()]
    scores += [
        Score(metric, label, float(values[number]))
        for number, label in enumerate(labels)
        for metric, values in by_label.items()
        if not np.isnan(values[number])
    ]
    return scores


def _check(predictions: Sequence[Prediction], labels: Sequence[str]) -> dict[str, list[str]]:
    if not predictions:
        raise UndefinedMetricError("no score without predictions", fix="check the test split")
    unknown = {row.gold for row in predictions} | {row.predicted for row in predictions}
    unknown -= set(labels)
    if unknown:
        raise DataError(
            f"predictions name labels that the task does not have: {', '.join(sorted(unknown))}",
            fix="the task file changed after training: run the train stage again",
        )
    return {
        "references": [row.gold for row in predictions],
        "predictions": [row.predicted for row in predictions],
    }


def _compute(metric: type[LabelMetric], named: dict[str, list[str]], **settings: Any) -> Any:
    # evaluate makes a folder even when it keeps everything in memory: not in the user's home
    with tempfile.TemporaryDirectory() as folder:
        return metric(cache_dir=folder, keep_in_memory=True).compute(**named, **settings)
