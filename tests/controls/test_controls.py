"""The quick controls as tests: 1,000 draws each, three standard errors around the stated level.

All of them, with their figures: docs/analysis-controls.md.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.controls import items, students, tasks, verdicts
from tests.controls.record import Control
from tests.controls.students import World
from tests.controls.tasks import Jury
from tests.controls.verdicts import Process

NUM = 1000
pytestmark = pytest.mark.slow


SEEDS_VARY = Process(500, 3, 0.02)
CORPORA_VARY = Process(500, 3, 0.01, 0.02, 3)


def claim(rows: list[Control]) -> list[Control]:
    """Return the figures that the tool claims to hold."""
    claimed = [row for row in rows if row.kind != "not claimed"]
    assert claimed
    return claimed


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(lambda: students.check_differences(NUM, World()), id="differences"),
        pytest.param(lambda: [items.check_slope(NUM, "falling", 20)], id="slope, few items"),
        pytest.param(lambda: [items.check_levels(NUM, 60)], id="levels, few items"),
        pytest.param(
            lambda: [items.check_slope_alarms(NUM, "hard items vary more", 200)],
            id="slope p, disputed items scatter",
        ),
        pytest.param(lambda: items.check_crowd(NUM, 3), id="three annotators"),
        pytest.param(lambda: items.check_crowd_alarms(NUM, 3), id="three annotators, p"),
        pytest.param(lambda: [tasks.check_task_slope(NUM, 10)], id="ten tasks"),
        pytest.param(
            lambda: [tasks.check_task_slope(NUM, 10, is_even=False)], id="ten uneven tasks"
        ),
    ],
)
def test_intervals_and_tests_are_as_often_right_as_they_say(
    check: Callable[[], list[Control]],
) -> None:
    for row in claim(check()):
        assert row.is_exact, row


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(lambda: [items.check_slope_alarms(NUM, "flat", 20)], id="slope p, few items"),
        pytest.param(lambda: [students.check_other_errors(NUM)], id="students that err otherwise"),
        pytest.param(lambda: [tasks.check_task_slope(NUM, 4)], id="four tasks"),
        pytest.param(lambda: [verdicts.check_best_of(40, SEEDS_VARY, 6)], id="best of six"),
        pytest.param(lambda: verdicts.check_equal(300, SEEDS_VARY), id="equal, seeds vary"),
        pytest.param(lambda: verdicts.check_equal(100, CORPORA_VARY), id="equal, corpora vary"),
        pytest.param(lambda: [verdicts.check_as_good(300, SEEDS_VARY)], id="true loss"),
        pytest.param(lambda: [verdicts.check_label(300, SEEDS_VARY)], id="F1 by label"),
        pytest.param(lambda: [verdicts.check_rare(300, 200, 4)], id="a rare label"),
        pytest.param(lambda: [tasks.check_strengths(NUM, Jury(3, 3))], id="strengths"),
    ],
)
def test_what_is_not_exact_errs_on_the_careful_side(check: Callable[[], list[Control]]) -> None:
    for row in claim(check()):
        assert row.is_safe, row


def test_equal_students_raise_alarms_as_often_as_stated_and_pooled_seeds_would_more_often() -> None:
    rows = students.check_alarms(NUM, World())
    for row in claim(rows):
        assert row.is_safe, row
    [pooled] = [row for row in rows if "accuracy, items x seeds pooled" in row.quantity]
    assert pooled.found > pooled.stated + pooled.bound


@pytest.mark.parametrize("num_annotators", [5, 11])
def test_a_test_of_the_points_of_a_threshold_curve_would_raise_false_alarms(
    num_annotators: int,
) -> None:
    by_rank = items.check_thresholds(NUM, num_annotators)[1]
    assert by_rank.found > 0.25


def test_few_annotators_draw_the_slope_towards_zero() -> None:
    shares = [items.Crowd(num).attenuate() for num in (3, 5, 11, 101)]
    assert shares == sorted(shares)
    assert shares[0] < 0.5
    assert shares[-1] > 0.9
