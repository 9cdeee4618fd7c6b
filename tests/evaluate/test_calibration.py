from __future__ import annotations

import numpy as np
import pytest

from synth_local.errors import UndefinedMetricError
from synth_local.evaluate.calibration import measure_calibration
from synth_local.records import Prediction


def predict(confidence: float, *, is_right: bool) -> Prediction:
    gold = "a" if is_right else "b"
    return Prediction("x", gold, "a", (confidence, 1 - confidence))


def test_by_hand() -> None:
    # the bin (0.733, 0.8] says 0.8 and is right in half of the cases; (0.933, 1] always is
    rows = [predict(0.8, is_right=True), predict(0.8, is_right=False)]
    rows += [predict(1.0, is_right=True)] * 2
    assert measure_calibration(rows) == pytest.approx(0.5 * 0.3)


def test_a_student_that_is_always_sure_and_always_wrong_is_off_by_one() -> None:
    assert measure_calibration([predict(1.0, is_right=False)]) == pytest.approx(1.0)


def test_a_calibrated_student_has_almost_none() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1.0, 20_000)
    rows = [predict(float(one), is_right=bool(rng.random() < one)) for one in confidence]
    assert measure_calibration(rows) < 0.02
    shifted = [predict(min(1.0, max(one.probabilities) + 0.1), is_right=one.gold == "a")
               for one in rows]  # fmt: skip
    assert measure_calibration(shifted) > 0.05


def test_nothing_is_not_zero() -> None:
    with pytest.raises(UndefinedMetricError):
        measure_calibration([])
