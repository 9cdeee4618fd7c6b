from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from synth_local.analyze.ceiling import match_others, measure_ceiling, share_chosen

Labels = tuple[str | None, ...]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param(("a", "a", "a"), 1.0, id="unanimous"),
        pytest.param(("a", "b"), 0.0, id="two that differ"),
        # each a sees (a, b): a half of a majority; b sees (a, a)
        pytest.param(("a", "a", "b"), (0.5 + 0.5 + 0) / 3, id="two of three"),
        pytest.param(("a", "a", "a", "a", "b"), 4 / 5, id="four of five"),
        pytest.param(("a", "a", "a", "b", "b"), 3 / 5 * 0.5, id="three of five"),
        pytest.param(("a", None, "a"), 1.0, id="one missing"),
        pytest.param(("a", "b", "c"), 0.0, id="all apart"),
    ],
)
def test_one_annotator_against_the_others_is_that_by_hand(labels: Labels, expected: float) -> None:
    assert match_others(labels) == pytest.approx(expected)


@pytest.mark.parametrize("labels", [(), ("a",), (None, "a")])
def test_nobody_is_set_against_nobody(labels: Labels) -> None:
    assert match_others(labels) is None
    assert share_chosen(labels, "a") is None
    assert measure_ceiling([labels]) is None


def test_annotators_of_known_accuracy_have_it_as_their_ceiling() -> None:
    """Among 101 annotators the majority of the others is the truth."""
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 400)
    said = np.where(rng.random((400, 101)) < 0.7, truth[:, None], 1 - truth[:, None])
    found = measure_ceiling([tuple("ab"[one] for one in row) for row in said])
    assert found is not None
    assert found.accuracy == pytest.approx(0.7, abs=0.01)
    assert found.macro_f1 == pytest.approx(
        f1_score(np.repeat(truth, 101), said.ravel(), average="macro"), abs=1e-6
    )


def test_an_item_counts_once_however_many_annotators_it_has() -> None:
    found = measure_ceiling([("a",) * 20, ("a", "b"), ("a",)])
    assert found is not None
    assert found.accuracy == 0.5  # of two items: the third has one rating


def test_the_share_of_annotators_who_chose_a_label_is_of_those_who_chose() -> None:
    assert share_chosen(("a", "b", None, "a"), "a") == pytest.approx(2 / 3)
    assert share_chosen(("a", "b"), "c") == 0
