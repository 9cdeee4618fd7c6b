from __future__ import annotations

import pytest

from synth_local.analyze.over_tasks import bound_gap, count_signs


@pytest.mark.parametrize(
    ("differences", "counts", "p_value", "can_tell"),
    [
        pytest.param([0.1] * 5, (5, 0, 0), 2 / 2**5, False, id="five alike are not enough"),
        pytest.param([0.1] * 6, (6, 0, 0), 2 / 2**6, True, id="six are"),
        pytest.param([0.1] * 5 + [0.0] * 4, (5, 0, 4), 2 / 2**5, False, id="ties are left out"),
        # 1 of 9 or fewer, on both sides: (1 + 9) / 512 each
        pytest.param([-0.1] * 8 + [0.2], (1, 8, 0), 20 / 512, True, id="size does not count"),
        pytest.param([0.0, 1e-12], (0, 0, 2), 1.0, False, id="ties alone"),
    ],
)
def test_signs_are_tested_exactly(
    differences: list[float], counts: tuple[int, int, int], p_value: float, *, can_tell: bool
) -> None:
    found = count_signs("zero_shot", differences)
    assert (found.num_higher, found.num_lower, found.num_ties) == counts
    assert found.p_value == pytest.approx(p_value)
    assert found.can_tell is can_tell


def test_the_mean_gap_has_students_interval_over_tasks() -> None:
    found = bound_gap([0.1, 0.2, 0.3])
    assert found is not None
    # t = 4.3027 with 2 degrees of freedom, SD 0.1
    assert found.point == pytest.approx(0.2)
    assert found.high - found.point == pytest.approx(4.3027 * 0.1 / 3**0.5, abs=1e-4)


@pytest.mark.parametrize("gaps", [[0.2], [0.2, 0.2]])
def test_one_task_or_the_same_gap_everywhere_has_no_interval(gaps: list[float]) -> None:
    assert bound_gap(gaps) is None
