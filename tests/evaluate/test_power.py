"""What a number of test texts can tell, against simulated pairs of students."""

from __future__ import annotations

import numpy as np
import pytest

from synth_local.evaluate.power import foresee


def test_published_planning_numbers_come_out() -> None:
    assert foresee(500, 0.02).num_wanted == pytest.approx(7.849 * 0.10 / 0.0004, rel=0.001)
    assert foresee(500, 0.02, 0.15).num_wanted == pytest.approx(2943, abs=2)
    assert foresee(500, 0.0).num_wanted is None


def test_equal_students_on_as_many_texts_as_wanted_are_called_as_good_four_times_in_five() -> None:
    rng = np.random.default_rng(3)
    wanted = foresee(1, 0.02).num_wanted
    assert wanted is not None
    good = 0
    for _ in range(2000):
        # one of the two is right alone on a tenth of the texts
        apart = rng.choice([-1, 0, 1], wanted, p=[0.05, 0.9, 0.05])
        half = 1.96 * apart.std() / np.sqrt(wanted)
        good += apart.mean() + half <= 0.02
    assert good / 2000 == pytest.approx(0.80, abs=0.04)
