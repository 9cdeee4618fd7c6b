from __future__ import annotations

import math
import subprocess
import sys

import pytest
from sklearn.metrics import f1_score

from synth_local.errors import DataError, UndefinedMetricError
from synth_local.records import Prediction

pytestmark = pytest.mark.slow  # the library evaluate takes seconds to import

LABELS = ("a", "b", "c", "d")


def make_predictions(gold: str, predicted: str) -> list[Prediction]:
    pairs = zip(gold, predicted, strict=True)
    return [
        Prediction(f"t{number}", g, p, tuple(float(label == p) for label in LABELS))
        for number, (g, p) in enumerate(pairs)
    ]


def score_any(predictions: list[Prediction]) -> dict[tuple[str, str], float]:
    from synth_local.evaluate.metrics import score_predictions  # noqa: PLC0415

    rows = score_predictions(predictions, LABELS)
    return {(row.metric, row.label): row.value for row in rows}


def score(gold: str, predicted: str) -> dict[tuple[str, str], float]:
    return score_any(make_predictions(gold, predicted))


def test_figures_match_those_worked_out_by_hand() -> None:
    figures = score("aabc", "abba")
    assert figures["accuracy", ""] == 0.5
    assert figures["precision", "a"] == figures["recall", "a"] == figures["f1", "a"] == 0.5
    assert (figures["precision", "b"], figures["recall", "b"]) == (0.5, 1.0)
    assert figures["f1", "b"] == pytest.approx(2 / 3)
    assert figures["macro_f1", ""] == pytest.approx((0.5 + 2 / 3 + 0) / 3)
    assert figures["brier", ""] == 0.5  # always sure, right in half of the cases


def test_a_label_with_gold_items_but_no_prediction_has_f1_zero_and_no_precision() -> None:
    figures = score("aabc", "abba")
    assert figures["f1", "c"] == figures["recall", "c"] == 0.0
    assert ("precision", "c") not in figures


def test_a_label_that_is_neither_gold_nor_predicted_is_left_out() -> None:
    figures = score("aabc", "abba")
    assert not any(label == "d" for _, label in figures)
    assert not any(math.isnan(value) for value in figures.values())


def test_macro_f1_is_scikit_learns_over_the_labels_in_use() -> None:
    gold, predicted = "abcabcaabbcc", "abacbcabbacc"
    expected = f1_score(list(gold), list(predicted), average="macro")
    assert score(gold, predicted)["macro_f1", ""] == pytest.approx(expected)


def test_nothing_to_score_is_undefined_and_an_unknown_label_is_an_error() -> None:
    with pytest.raises(UndefinedMetricError):
        score("", "")
    with pytest.raises(DataError, match="eggs"):
        score_any([Prediction("t0", "a", "eggs", ())])


def test_only_the_door_imports_the_library() -> None:
    code = (
        "import sys, synth_local.evaluate.compare, synth_local.evaluate.summary;"
        "print(sorted({'evaluate', 'torch', 'transformers', 'datasets'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_scoring_does_not_wait_for_torch_and_leaves_transformers_to_who_wants_it() -> None:
    code = (
        "import sys, synth_local.evaluate.metrics, synth_local.pipeline.steps.evaluate.step;"
        "print(sorted({'evaluate', 'torch', 'transformers'} & set(sys.modules)));"
        "import transformers; print(transformers.__name__)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.splitlines() == ["['evaluate']", "transformers"]


def test_a_step_that_scores_nothing_does_not_load_the_library() -> None:
    code = (
        "import sys, synth_local.pipeline.steps.analyze.step, synth_local.pipeline.steps.report;"
        "print(sorted({'evaluate', 'torch', 'transformers', 'datasets'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_scoring_leaves_no_trace_in_the_home_folder() -> None:
    code = (
        "from synth_local.evaluate.metrics import score_predictions;"
        "from synth_local.records import Prediction;"
        "print(score_predictions([Prediction('t', 'a', 'a', (1.0,))], ['a'])[0].value)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"HOME": "/proc/nowhere", "PYTHONPATH": ":".join(filter(None, sys.path))},
    )
    assert answer.stdout.strip() == "1.0"
