"""How far a student's probabilities are from what they say: the expected calibration error.

Pure; knows nothing of cells, seeds or files.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synth_local.errors import UndefinedMetricError
from synth_local.records import Prediction

NUM_BINS = 15


def measure_calibration(predictions: Sequence[Prediction]) -> float:
    """Return the expected calibration error of the predicted labels.

    Items are put into 15 bins of equal width by the probability of their predicted label; the
    distance between a bin's mean probability and its share of right predictions is averaged, bins
    weighted by their items.

    Args:
        predictions: of the whole test set.

    Returns:
        In [0, 1]; 0 where every bin is right as often as it says.

    Raises:
        UndefinedMetricError: there are no predictions.

    References:
        C. Guo et al. (2017), On Calibration of Modern Neural Networks.
        https://arxiv.org/abs/1706.04599
    """
    if not predictions:
        raise UndefinedMetricError("no score without predictions", fix="check the test split")
    confidence = np.array([max(one.probabilities) for one in predictions])
    is_right = np.array([one.predicted == one.gold for one in predictions], dtype=np.float64)
    # the upper edge belongs to a bin: a probability of 1 falls into the last one
    bins = np.clip(np.ceil(confidence * NUM_BINS).astype(np.int64) - 1, 0, NUM_BINS - 1)
    apart = np.bincount(bins, confidence - is_right, NUM_BINS)
    return float(np.abs(apart).sum() / len(predictions))
