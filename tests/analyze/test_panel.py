from __future__ import annotations

import json

import numpy as np
import pytest

from synth_local.analyze.panel import (
    Panel,
    PanelTask,
    PanelTrend,
    explain_narrowness,
    measure_certainty,
    pool_members,
    share_labels,
)
from synth_local.errors import UndefinedMetricError
from synth_local.records import Interval

SAID = {
    "a · one": np.array([[1.0, 0.0], [0.6, 0.4]]),
    "a · two": np.array([[0.8, 0.2], [0.6, 0.4]]),
    "b · one": np.array([[0.1, 0.9], [0.5, 0.5]]),
}
GENERATORS = {"a · one": "a", "a · two": "a", "b · one": "b"}


def test_each_generator_counts_the_same_however_often_it_was_asked() -> None:
    members, pooled = pool_members(SAID, GENERATORS)
    assert members == tuple(SAID)
    assert pooled == pytest.approx(np.array([[0.5, 0.5], [0.55, 0.45]]))
    assert pooled.sum(axis=1) == pytest.approx(1.0)


def test_a_generator_never_judges_its_own_texts() -> None:
    members, pooled = pool_members(SAID, GENERATORS, without="b")
    assert members == ("a · one", "a · two")
    assert pooled[0] == pytest.approx([0.9, 0.1])
    with pytest.raises(UndefinedMetricError, match="beside a, there is 1"):
        pool_members(SAID, GENERATORS, without="a")


def test_noise_of_the_arithmetic_is_no_difference() -> None:
    noise = np.array([[0.9, 0.1], [0.9 + 1e-12, 0.1 - 1e-12], [0.9 - 2e-7, 0.1 + 2e-7]])
    assert len(set(measure_certainty(noise))) == 1
    assert measure_certainty(np.array([[1.0 + 1e-15, 0.0]])) <= 1.0


def test_figures_that_are_much_alike_carry_no_slope() -> None:
    alike = np.linspace(0.9, 0.99, 50)
    assert "within 0.081" in explain_narrowness(alike)
    assert not explain_narrowness(np.linspace(0.6, 0.99, 50))
    # one outlier is no spread
    assert explain_narrowness(np.append(alike, 0.5))


def test_items_on_which_people_are_tied_are_left_out_of_the_comparison() -> None:
    assert share_labels(["x", None, "y", "y"], ["x", "x", "x", "y"]) == pytest.approx(2 / 3)
    assert share_labels([None], ["x"]) is None


def test_it_is_read_back_as_it_was_written() -> None:
    trend = PanelTrend("c", ("a", "b"), 5, Interval(0.1, 0.0, 0.2), 0.3, 0.04)
    panel = Panel((PanelTask("t", ("a", "b"), 5, 0.8),), (trend, PanelTrend("d", (), reason="no")))
    assert Panel.from_json(json.loads(json.dumps(panel.to_json()))) == panel
