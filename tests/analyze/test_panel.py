from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from synth_local.analyze.panel import PanelTask, measure_certainty, pool_members, share_labels
from synth_local.analyze.summary import Analysis
from synth_local.errors import UndefinedMetricError
from synth_local.store.records import parse

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


def test_one_member_is_no_panel() -> None:
    with pytest.raises(UndefinedMetricError, match="needs 2 members, there is 1"):
        pool_members({"b · one": SAID["b · one"]}, GENERATORS)


def test_noise_of_the_arithmetic_is_no_difference() -> None:
    noise = np.array([[0.9, 0.1], [0.9 + 1e-12, 0.1 - 1e-12], [0.9 - 2e-7, 0.1 + 2e-7]])
    assert len(set(measure_certainty(noise))) == 1
    assert measure_certainty(np.array([[1.0 + 1e-15, 0.0]])) <= 1.0


def test_items_on_which_people_are_tied_are_left_out_of_the_comparison() -> None:
    assert share_labels(["x", None, "y", "y"], ["x", "x", "x", "y"]) == pytest.approx(2 / 3)
    assert share_labels([None], ["x"]) is None


def test_it_is_read_back_as_it_was_written() -> None:
    analysis = Analysis(
        panel=(
            PanelTask(task="t", members=("a", "b"), num_items=5, mean_share=0.8),
            PanelTask(task="u", members=(), reason="no"),
        )
    )
    assert parse(json.loads(json.dumps(asdict(analysis))), Analysis) == analysis
