"""One rule from differences, failed trainings and floors to the answers of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from synth_local.evaluate.compare import summarise
from synth_local.evaluate.groups import CellPredictions
from synth_local.evaluate.resampler import Resampling
from synth_local.evaluate.summary import Condition
from synth_local.evaluate.verdicts.against import Origin
from synth_local.evaluate.verdicts.rules import judge_run
from synth_local.evaluate.verdicts.verdict import QUESTIONS, Verdict, answer
from synth_local.models.card import Seen
from synth_local.records import Cell, Prediction
from synth_local.store.records import parse

LABELS = ("ham", "spam")
QUICK = Resampling(num_draws=300, num_swaps=19)
CLEAN = Origin("no")
SEEDS = (0, 1, 2, 3)


def make_cell(source: str, seed: int, generator: str = "-", num_train: int = 100) -> Cell:
    strategy = "-" if generator == "-" else "few_shot"
    return Cell("sms", source, generator, strategy, "bert", num_train, seed)


def say(cell: Cell, skill: float, num_items: int) -> tuple[Prediction, ...]:
    """Predict: items are hard or easy for everybody, and each seed errs a little by itself."""
    ease = np.random.default_rng(5).random(num_items)
    own = np.random.default_rng([cell.seed, len(cell.name), sum(map(ord, cell.name))])
    rows = []
    for number in range(num_items):
        gold = LABELS[number % 2]
        is_right = ease[number] + 0.02 * own.standard_normal() < skill
        rows.append(Prediction(f"t{number}", gold, gold if is_right else LABELS[gold == "ham"], ()))
    return tuple(rows)


def make_run(skills: dict[str, float], num_items: int = 3000) -> list[CellPredictions]:
    """Make a run; ``source`` or ``source:generator`` has a skill; partners as they are planned."""
    partners = {
        "synthetic": ("real",), "synthetic_all": ("real_all",), "real+synthetic": ("real_all",),
        "pool+synthetic": ("pool", "pool_balanced"),
    }  # fmt: skip
    cells = []
    for seed in SEEDS:
        for name, skill in skills.items():
            source, _, generator = name.partition(":")
            cell = make_cell(source, seed, generator or "-")
            against = tuple(
                make_cell(one, seed) for one in partners.get(source, ()) if one in skills
            )
            cells.append(
                CellPredictions(
                    cell=cell,
                    labels=LABELS,
                    predictions=say(cell, skill, num_items),
                    partners=against,
                )
            )
    return cells


def judge(
    cells: list[CellPredictions], origin: Origin = CLEAN, margin: float = 0.02
) -> dict[str, Verdict]:
    summary = summarise(cells, QUICK)
    origins = {Condition.of(one.cell): origin for one in cells if one.cell.generator != "-"}
    return {one.question: one for one in judge_run(summary, origins, margin)}


@pytest.mark.parametrize(
    ("real", "synthetic", "num_items", "expected"),
    [
        (0.90, 0.90, 4000, "as_good"),
        (0.90, 0.94, 4000, "as_good"),
        (0.90, 0.80, 4000, "worse"),
        (0.90, 0.88, 200, "open"),
    ],
)
def test_synthetic_in_place_of_real_is_as_good_worse_or_open_by_its_interval(
    real: float, synthetic: float, num_items: int, expected: str
) -> None:
    found = judge(make_run({"real": real, "synthetic:g": synthetic}, num_items))["instead_of_real"]
    assert found.verdict == expected
    assert found.gap is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.gap <= found.high
    assert answer("instead_of_real", found.low, found.high, 0.02) == expected
    assert (found.condition, found.partner) == (
        "sms__synthetic__g__few_shot__bert__n100", "sms__real__-__-__bert__n100",
    )  # fmt: skip
    assert any("this corpus" in reason for reason in found.reasons)
    assert bool(found.settles) == (expected == "open")


def test_another_margin_may_give_another_answer_from_the_same_interval() -> None:
    cells = make_run({"real": 0.9, "synthetic:g": 0.86}, 4000)
    strict, lenient = (judge(cells, margin=one)["instead_of_real"] for one in (0.01, 0.09))
    assert (strict.verdict, lenient.verdict) == ("worse", "as_good")
    assert (strict.low, strict.high) == (lenient.low, lenient.high)


@pytest.mark.parametrize("broken", [(0,), (0, 1), SEEDS])
@pytest.mark.parametrize("source", ["real", "synthetic"])
def test_a_failed_training_on_either_side_leaves_no_verdict(
    broken: tuple[int, ...], source: str
) -> None:
    cells = [
        replace(one, predictions=tuple(replace(row, predicted="ham") for row in one.predictions))
        if one.cell.source == source and one.cell.seed in broken
        else one
        for one in make_run({"real": 0.95, "synthetic:g": 0.95}, 1000)
    ]
    found = judge(cells)["instead_of_real"]
    assert found.verdict == "none"
    assert any(f"{len(broken)} of 4 trainings failed" in reason for reason in found.reasons)


def test_one_training_of_a_student_that_draws_random_numbers_gives_no_verdict() -> None:
    cells = [c for c in make_run({"real": 0.9, "synthetic:g": 0.9}) if c.cell.seed == 0]
    assert judge(cells)["instead_of_real"].verdict == "none"
    known = [replace(one, is_deterministic=True) for one in cells]
    assert judge(known)["instead_of_real"].verdict == "as_good"


def test_a_student_at_chance_gives_no_verdict_however_small_the_gap() -> None:
    found = judge(make_run({"real": 0.5, "synthetic:g": 0.5}))["instead_of_real"]
    assert found.verdict == "none"
    assert any("learnt nothing" in reason for reason in found.reasons)


def test_a_gap_is_also_a_share_of_what_real_texts_lift_over_the_floor() -> None:
    found = judge(make_run({"real": 0.9, "synthetic:g": 0.7}))["instead_of_real"]
    assert found.floor == pytest.approx(0.5)
    assert found.gap is not None
    assert found.share_of_lift == pytest.approx(found.gap / 0.4, abs=0.02)


def test_the_best_of_several_is_widened_for_having_been_picked() -> None:
    one = judge(make_run({"real": 0.9, "synthetic:g": 0.89}))["instead_of_real"]
    skills = {"real": 0.9, "synthetic:g": 0.89} | {f"synthetic:h{n}": 0.6 for n in range(11)}
    best = judge(make_run(skills))["instead_of_real"]
    assert best.num_tried == 12
    assert best.condition == one.condition
    assert one.low is not None
    assert one.high is not None
    assert best.low is not None
    assert best.high is not None
    assert best.high - best.low > 1.3 * (one.high - one.low)


def test_texts_added_to_all_real_ones_help_harm_or_leave_it_open() -> None:
    base = {"real_all": 0.8, "real+synthetic:g": 0.9}
    assert judge(make_run(base))["with_all_real"].verdict == "helps"
    assert judge(make_run(base | {"real+synthetic:g": 0.7}))["with_all_real"].verdict == "harms"
    assert judge(make_run(base | {"real+synthetic:g": 0.8}))["with_all_real"].verdict == "open"


def test_a_cut_of_the_real_rows_is_no_partner_of_real_and_synthetic_together() -> None:
    found = judge(make_run({"real": 0.7, "real+synthetic:g": 0.9}))["with_all_real"]
    assert found.verdict == "none"
    assert any("real_all" in reason for reason in found.reasons)


def test_real_rows_that_are_all_rows_serve_both_questions_with_one_cell() -> None:
    cells = make_run({"real": 0.8, "real+synthetic:g": 0.9})
    served = [
        replace(one, serves=("real", "real_all")) if one.cell.source == "real" else
        replace(one, partners=(make_cell("real", one.cell.seed),))
        for one in cells
    ]  # fmt: skip
    assert judge(served)["with_all_real"].verdict == "helps"


def test_what_balance_alone_gives_is_not_put_down_to_synthetic_texts() -> None:
    gain = {"pool": 0.7, "pool_balanced": 0.9, "pool+synthetic:g": 0.9}
    found = judge(make_run(gain))["with_pool"]
    assert found.verdict == "open"
    assert "pool_balanced" in found.partner
    assert judge(make_run(gain | {"pool_balanced": 0.75}))["with_pool"].verdict == "helps"
    untried = judge(make_run({"pool": 0.7, "pool+synthetic:g": 0.9}))["with_pool"]
    assert untried.verdict == "open"
    assert "pool_balanced" in untried.reasons[0]


@pytest.mark.parametrize(
    ("seen", "expected"), [("no", "as_good"), ("yes", "none"), ("unknown", "as_good")]
)
def test_a_generator_that_has_seen_the_task_recommends_nothing_and_an_unknown_one_with_a_caution(
    seen: Seen, expected: str
) -> None:
    cells = make_run({"real": 0.9, "synthetic:g": 0.9}, 4000)
    found = judge(cells, Origin(seen, "has seen what it has seen"))["instead_of_real"]
    assert found.verdict == expected
    assert any("has seen" in reason for reason in found.reasons) == (seen != "no")


def test_students_that_read_nothing_and_cuts_for_curves_have_no_verdict() -> None:
    cells = make_run({"real": 0.9, "synthetic:g": 0.9})
    summary = summarise([replace(one, is_floor=True) for one in cells], QUICK)
    assert judge_run(summary, {}) == ()
    summary = summarise(cells, QUICK)
    cut = {Condition.of(one.cell) for one in cells if one.cell.generator != "-"}
    [found] = judge_run(summary, {}, apart=cut)
    assert found.verdict == "none"


def test_verdicts_survive_a_round_trip_through_json() -> None:
    found = tuple(judge(make_run({"real": 0.9, "synthetic:g": 0.8, "pool": 0.7})).values())
    stored = json.loads(json.dumps([one.to_json() for one in found]))
    assert parse(stored, tuple[Verdict, ...]) == found


def test_answers_change_at_the_margin_and_nowhere_else() -> None:
    margins = np.linspace(0, 0.1, 101)
    said = [answer("instead_of_real", 0.03, 0.05, margin) for margin in margins]
    changes = [
        (float(margins[n + 1]), two) for n, (one, two) in enumerate(pairwise(said)) if one != two
    ]
    assert [word for _, word in changes] == ["open", "as_good"]
    assert [at for at, _ in changes] == pytest.approx([0.03, 0.05], abs=0.0011)
    for question, asked in QUESTIONS.items():
        if asked.is_addition:
            assert answer(question, -0.2, -0.1, 0.02) == "helps"
            assert answer(question, 0.001, 0.2, 0.02) == "harms"


def test_what_nobody_asked_for_has_no_verdict() -> None:
    """Synthetic rows that happen to be all there are do not ask about all real rows."""
    cells = [
        replace(one, serves=("synthetic", "synthetic_all")) if one.cell.generator != "-" else one
        for one in make_run({"real": 0.9, "synthetic:g": 0.9}, 400)
    ]
    assert set(judge(cells)) == {"instead_of_real"}
