"""Rows outside of the families: planted differences come out, and nothing else moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import pytest

from synth_local.evaluate.compare import summarise
from synth_local.evaluate.groups import CellPredictions
from synth_local.evaluate.paired import AskedPair
from synth_local.evaluate.resampler import Resampling
from synth_local.evaluate.summary import Condition, PairedRow, Summary
from synth_local.evaluate.verdicts.rules import judge_run
from synth_local.records import Cell, Prediction
from synth_local.store.records import parse

LABELS = ("a", "b", "c", "never")
QUICK = Resampling(num_draws=300, num_swaps=99)
REAL = Cell("t", "real", "-", "-", "s", 10, 0)
ZERO = Cell("t", "synthetic", "g", "zero_shot", "s", 10, 0)
FEW = replace(ZERO, strategy="few_shot")


def answer(cell: Cell, wrong: dict[str, int], num_each: int = 40, seed: int = 0) -> CellPredictions:
    """Make a cell that calls so many items of a label ``never``: no other label's F1 moves."""
    rows = [
        Prediction(f"{gold}{number}", gold, "never" if number < wrong.get(gold, 0) else gold, ())
        for gold in LABELS[:3]
        for number in range(num_each)
    ]
    partners = () if cell.source == "real" else (replace(REAL, seed=seed),)
    return CellPredictions(
        cell=replace(cell, seed=seed), labels=LABELS, predictions=rows, partners=partners
    )


def make_run(wrong: dict[str, int], seeds: Sequence[int] = (0, 1)) -> list[CellPredictions]:
    return [
        answer(cell, mine, seed=seed)
        for seed in seeds
        for cell, mine in ((REAL, {}), (ZERO, wrong), (FEW, {"a": 4}))
    ]


def ask(*cells: Cell) -> list[AskedPair]:
    left, right = (Condition.of(one) for one in cells)
    return [AskedPair("exemplars", left, right)]


def test_a_difference_planted_on_one_label_is_found_there_and_nowhere_else() -> None:
    summary = summarise(make_run({"b": 20}), QUICK)
    rows = {one.label: one for one in summary.by_label if one.condition == Condition.of(ZERO)}
    assert list(rows) == ["a", "b", "c"]
    f1 = 2 * 20 / (20 + 40)  # half of 40 found, nothing wrongly called b
    assert rows["b"].difference == pytest.approx(f1 - 1)
    assert rows["b"].f1 == pytest.approx(f1)
    assert rows["b"].partner_f1 == 1
    interval = rows["b"].interval
    assert interval is not None
    assert interval.low < f1 - 1 < interval.high < 0
    for label in ("a", "c"):
        nothing = rows[label].interval
        assert rows[label].difference == 0
        assert nothing is not None
        assert nothing.low < 0 < nothing.high  # students that never disagree are not proven equal
    assert {one.num_items for one in summary.by_label} == {40}
    assert summary.absent == ("t: no F1 of never, which no test item has",)


def test_a_rare_label_has_a_wider_interval() -> None:
    widths = []
    for num_each in (10, 40):
        cells = [answer(one, {"b": num_each // 2}, num_each) for one in (REAL, ZERO)]
        cells = [replace(one, is_deterministic=True) for one in cells]
        [row] = [one for one in summarise(cells, QUICK).by_label if one.label == "b"]
        assert row.interval is not None
        widths.append(row.interval.high - row.interval.low)
    assert widths[0] > 1.8 * widths[1]


def test_exemplars_that_are_better_by_a_planted_amount_are() -> None:
    summary = summarise(make_run({"a": 20}), QUICK, asked=ask(FEW, ZERO))
    [row] = summary.paired
    few, zero = ((2 * found / (found + 40) + 2) / 3 for found in (36, 20))
    assert row.difference == pytest.approx(few - zero)
    assert [row.score, row.partner_score] == pytest.approx([few, zero])
    assert row.interval is not None
    assert 0 < row.interval.low < few - zero < row.interval.high
    assert (row.kind, row.seeds, row.num_corpora) == ("exemplars", (0, 1), 1)


def test_they_move_no_difference_no_p_value_and_no_verdict() -> None:
    cells = make_run({"a": 20})
    alone, beside = summarise(cells, QUICK), summarise(cells, QUICK, asked=ask(FEW, ZERO))
    assert beside.paired
    assert beside.differences == alone.differences
    assert (beside.smallest_p, beside.num_swaps) == (alone.smallest_p, alone.num_swaps)
    assert judge_run(beside, {}) == judge_run(alone, {})


def test_a_condition_with_a_failed_training_has_no_row_and_is_named() -> None:
    cells = make_run({"a": 20})
    blind = [replace(row, predicted="a") for row in cells[1].predictions]
    cells[1] = replace(cells[1], predictions=blind)
    summary = summarise(cells, QUICK, asked=ask(FEW, ZERO))
    assert [one.seed for one in summary.failed] == [0]
    assert not summary.paired
    assert {one.condition.strategy for one in summary.by_label} == {"few_shot"}
    [line] = [one for one in summary.absent if "trainings failed" in one]
    assert line.startswith("t__synthetic__g__zero_shot__s__n10 has no paired row")
    assert "1 of 2 trainings failed (seed 0: it calls all test items a)" in line


def find_row(cells: list[CellPredictions], asked: list[AskedPair]) -> PairedRow:
    [row] = summarise(cells, QUICK, asked=asked).paired
    return row


def test_one_training_has_an_interval_only_where_no_seed_would_change_it() -> None:
    cells, asked = make_run({"a": 20}, seeds=(0,)), ask(FEW, ZERO)
    assert find_row(cells, asked).interval is None
    assert {one.interval for one in summarise(cells, QUICK).by_label} == {None}
    fixed = [replace(one, is_deterministic=True) for one in cells]
    assert find_row(fixed, asked).interval is not None
    assert all(one.interval for one in summarise(fixed, QUICK).by_label)
    both = (Condition.of(FEW), Condition.of(ZERO))
    assert find_row(cells, [replace(asked[0], same_each_seed=both)]).interval is not None
    assert find_row(cells, [replace(asked[0], same_each_seed=both[:1])]).interval is None


def test_students_that_read_nothing_have_no_labels_to_look_at() -> None:
    cells = [replace(one, is_floor=True) for one in make_run({"a": 20})]
    assert not summarise(cells, QUICK).by_label


def test_a_summary_with_these_rows_comes_back_from_json() -> None:
    summary = summarise(make_run({"a": 20}), QUICK, asked=ask(FEW, ZERO))
    back = parse(asdict(summary), Summary)
    assert (back.paired, back.by_label) == (summary.paired, summary.by_label)
    assert back.absent == summary.absent
