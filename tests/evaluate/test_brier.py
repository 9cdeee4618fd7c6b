from __future__ import annotations

import numpy as np
import pytest

from synth_local.errors import UndefinedMetricError
from synth_local.evaluate.brier import score_brier
from synth_local.records import Prediction

LABELS = ("a", "b", "c")


def predict(gold: str, *probabilities: float) -> Prediction:
    return Prediction("x", gold, LABELS[int(np.argmax(probabilities))], probabilities)


def draw_calibrated(surest: float, num_items: int, rng: np.random.Generator) -> list[Prediction]:
    """Draw items of a student whose probabilities, up to ``surest``, are all true."""
    said = rng.uniform(0.5, surest, num_items)
    return [predict("a" if rng.random() < one else "b", one, 1 - one) for one in said]


def test_by_hand() -> None:
    rows = [predict("a", 0.7, 0.2, 0.1), predict("c", 0.5, 0.3, 0.2)]
    # (0.09 + 0.04 + 0.01) / 2 = 0.07 and (0.25 + 0.09 + 0.64) / 2 = 0.49
    assert score_brier(rows, LABELS) == pytest.approx((0.07 + 0.49) / 2)


def test_with_two_labels_it_is_the_squared_distance_of_one_probability() -> None:
    rows = [predict("a", 0.8, 0.2), predict("b", 0.6, 0.4)]
    assert score_brier(rows, LABELS[:2]) == pytest.approx((0.2**2 + 0.6**2) / 2)


def test_it_reaches_from_always_sure_and_right_to_always_sure_and_wrong() -> None:
    assert score_brier([predict("a", 1.0, 0.0, 0.0)], LABELS) == 0
    assert score_brier([predict("b", 1.0, 0.0, 0.0)], LABELS) == 1


def test_a_calibrated_student_looks_no_worse_on_fewer_items() -> None:
    rng = np.random.default_rng(0)
    for surest in (0.6, 1.0):
        few, many = (
            np.mean([
                score_brier(draw_calibrated(surest, num_items, rng), LABELS[:2])
                for _ in range(10_000 // num_items)
            ])
            for num_items in (50, 1_000)
        )  # fmt: skip
        assert few == pytest.approx(many, abs=0.01)


def test_saying_more_than_one_knows_costs_something() -> None:
    rng = np.random.default_rng(1)
    honest = draw_calibrated(1.0, 5_000, rng)
    boasting = [
        predict(
            one.gold, min(1.0, one.probabilities[0] + 0.2), max(0.0, one.probabilities[1] - 0.2)
        )
        for one in honest
    ]
    labels = LABELS[:2]
    assert score_brier(boasting, labels) > score_brier(honest, labels) + 0.01


def test_nothing_is_not_zero() -> None:
    with pytest.raises(UndefinedMetricError):
        score_brier([], LABELS)
