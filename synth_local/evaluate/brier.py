"""How good a student's probabilities are: the Brier score.

Pure; knows nothing of cells, seeds or files.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synth_local.errors import UndefinedMetricError
from synth_local.records import Prediction


def score_brier(predictions: Sequence[Prediction], labels: Sequence[str]) -> float:
    """Return half of Brier's score: the mean over items of half the squared distance to gold.

    A proper score: in the mean nobody gains by saying other probabilities than those believed.
    It asks for right labels and for honest probabilities at once. Unlike an error over bins it is
    a mean over items, so that its expectation does not depend on how many items there are.

    Args:
        labels: all label names of the task, in the order of the probabilities.

    Returns:
        In [0, 1]; 0 where gold always has probability 1, 1 where another label always has it. With
        two labels that is the mean squared distance of one label's probability, 0.25 for a guess.

    Raises:
        UndefinedMetricError: there are no predictions.

    References:
        G. W. Brier (1950), Verification of Forecasts Expressed in Terms of Probability. Monthly
        Weather Review 78, 1-3. His score is twice this one, so that it reaches 2.
    """
    if not predictions:
        raise UndefinedMetricError("no score without predictions", fix="check the test split")
    said = np.array([prediction.probabilities for prediction in predictions])  # (items, labels)
    gold = np.array([[prediction.gold == label for label in labels] for prediction in predictions])
    return float(((said - gold) ** 2).sum(axis=1).mean() / 2)
