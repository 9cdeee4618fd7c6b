from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from synth_local.errors import DataError, UndefinedMetricError
from synth_local.evaluate.compare import Resampling, summarise
from synth_local.evaluate.groups import CellPredictions, group_cells
from synth_local.evaluate.summary import CONDITIONAL_NOTE, Condition, Difference, Summary
from synth_local.records import Cell, Prediction

LABELS = ("ham", "spam")
QUICK = Resampling(num_draws=200, num_swaps=199)


def make_cell(source: str, seed: int = 0, generator: str = "-", num_train: int = 100) -> Cell:
    strategy = "-" if generator == "-" else "zero_shot"
    return Cell("sms", source, generator, strategy, "bert", num_train, seed)


def predict(cell: Cell, skill: float, num_items: int = 200) -> tuple[Prediction, ...]:
    """Make predictions that are right with probability ``skill``; gold depends on the item."""
    rng = np.random.default_rng([cell.seed, len(cell.source), int(100 * skill)])
    rows = []
    for number in range(num_items):
        gold = LABELS[number % 4 == 0]
        right = rng.random() < skill
        predicted = gold if right else LABELS[gold == "ham"]
        rows.append(Prediction(f"t{number}", gold, predicted, ()))
    return tuple(rows)


def make_run(seeds: tuple[int, ...] = (0, 1, 2)) -> list[CellPredictions]:
    cells = []
    for seed in seeds:
        real = make_cell("real", seed)
        for source, generator, skill in (
            ("real", "-", 0.95),
            ("synthetic", "g", 0.75),
            ("pool", "-", 0.8),
            ("pool+synthetic", "g", 0.85),
        ):
            cell = make_cell(source, seed, generator)
            partners = {"real": (), "pool+synthetic": (real, make_cell("pool", seed))}
            against = partners.get(source, (real,))
            cells.append(CellPredictions(cell, LABELS, predict(cell, skill), against))
    return cells


def find(summary: Summary, source: str, family: str, metric: str = "macro_f1") -> Difference:
    [found] = [
        row
        for row in summary.differences
        if (row.condition.source, row.family, row.metric) == (source, family, metric)
    ]
    return found


def test_each_condition_has_a_mean_a_spread_and_an_interval_around_the_mean() -> None:
    summary = summarise(make_run(), QUICK)
    assert len(summary.scores) == 4 * 2
    for score in summary.scores:
        assert score.mean == pytest.approx(np.mean(score.by_seed))
        assert score.sd == pytest.approx(np.std(score.by_seed, ddof=1))
        assert score.interval.low <= score.mean <= score.interval.high
        assert (score.seeds, score.num_items) == ((0, 1, 2), 200)


def test_one_seed_has_no_spread_and_says_so() -> None:
    assert {score.sd for score in summarise(make_run((5,)), QUICK).scores} == {None}


def test_differences_to_real_are_paired_signed_and_corrected() -> None:
    summary = summarise(make_run(), QUICK)
    scores = {(s.condition.source, s.metric): s.mean for s in summary.scores}
    family = [row for row in summary.differences if row.family == "real"]
    assert {row.condition.source for row in family} == {"synthetic", "pool", "pool+synthetic"}
    for row in family:
        gap = scores[row.condition.source, row.metric] - scores["real", row.metric]
        assert row.interval.point == pytest.approx(gap)
        assert row.interval.low <= gap <= row.interval.high < 0


def test_holm_runs_over_one_family_per_metric_and_leaves_other_comparisons_out() -> None:
    summary = summarise(make_run(), QUICK)
    for metric in ("macro_f1", "accuracy"):
        family = [d for d in summary.differences if d.family == "real" and d.metric == metric]
        expected = multipletests([row.p for row in family], method="holm")[1]
        assert [row.p_holm for row in family] == pytest.approx(list(expected))
    outside = find(summary, "pool+synthetic", "pool")
    assert outside.p_holm is None
    assert outside.partner.source == "pool"


def test_a_paired_interval_is_narrower_than_two_single_ones() -> None:
    real, other = make_cell("real"), make_cell("synthetic", generator="g")
    rows = predict(real, 0.8)
    flipped = tuple(
        replace(row, predicted=row.gold) if number % 20 == 0 else row
        for number, row in enumerate(rows)
    )
    summary = summarise(
        [CellPredictions(real, LABELS, rows), CellPredictions(other, LABELS, flipped, (real,))],
        QUICK,
    )
    single = [score.interval for score in summary.scores if score.metric == "accuracy"]
    paired = find(summary, "synthetic", "real", "accuracy").interval
    assert paired.high - paired.low < 0.7 * min(i.high - i.low for i in single)


def test_the_summary_does_not_depend_on_the_order_of_seeds_or_runs() -> None:
    cells = make_run()
    by_condition = sorted(cells, key=lambda cell: (cell.cell.source, cell.cell.seed))
    backwards = sorted(by_condition, key=lambda cell: -cell.cell.seed)
    first, second = summarise(by_condition, QUICK), summarise(backwards, QUICK)
    assert set(first.scores) == set(second.scores)
    assert set(first.differences) == set(second.differences)
    assert first == summarise(by_condition, QUICK)


def test_the_order_of_test_items_in_a_file_does_not_matter() -> None:
    cells = make_run()
    shuffled = [cells[0], *(replace(c, predictions=c.predictions[::-1]) for c in cells[1:])]
    assert summarise(shuffled, QUICK) == summarise(cells, QUICK)


def test_the_figures_survive_a_round_trip_through_json() -> None:
    summary = summarise(make_run(), QUICK)
    assert Summary.from_json(json.loads(json.dumps(summary.to_json()))) == summary
    assert CONDITIONAL_NOTE in summary.notes


def test_confusions_are_summed_over_seeds() -> None:
    summary = summarise(make_run(), QUICK)
    for confusion in summary.confusions:
        assert np.array(confusion.counts).sum(axis=1).tolist() == [3 * 150, 3 * 50]


def test_figures_rest_on_the_seeds_that_both_conditions_have() -> None:
    cells = [c for c in make_run() if c.cell.source != "real" or c.cell.seed != 1]
    row = find(summarise(cells, QUICK), "synthetic", "real")
    assert row.seeds == (0, 2)


def test_a_missing_partner_is_named_and_not_skipped_in_silence() -> None:
    cells = [c for c in make_run() if c.cell.source != "real"]
    summary = summarise(cells, QUICK)
    assert [row.family for row in summary.differences] == ["pool", "pool"]
    assert len(summary.omitted) == 3
    assert all("sms__real__-__-__bert__n100" in sentence for sentence in summary.omitted)


def test_seeds_without_overlap_are_named() -> None:
    cells = [
        replace(c, cell=replace(c.cell, seed=c.cell.seed + 9 * (c.cell.source == "real")))
        for c in make_run()
    ]
    assert any("no seed in common" in sentence for sentence in summarise(cells, QUICK).omitted)


def test_cells_of_one_task_must_share_their_test_items() -> None:
    cells = make_run((0,))
    cells[1] = replace(cells[1], predictions=cells[1].predictions[:-1])
    with pytest.raises(DataError, match="other items or labels"):
        group_cells(cells)


def test_cells_of_one_task_must_share_their_gold_labels() -> None:
    cells = make_run((0,))
    first, *rest = cells[1].predictions
    cells[1] = replace(cells[1], predictions=(replace(first, gold="ham"), *rest))
    with pytest.raises(DataError, match="other items or labels"):
        group_cells(cells)


def test_a_seed_that_stands_twice_is_refused() -> None:
    with pytest.raises(DataError, match="twice"):
        group_cells([*make_run((0,)), make_run((0,))[0]])


def test_an_empty_cell_has_no_score() -> None:
    with pytest.raises(UndefinedMetricError):
        group_cells([CellPredictions(make_cell("real"), LABELS, ())])


def test_an_unknown_label_is_refused() -> None:
    row = Prediction("t0", "ham", "eggs", ())
    with pytest.raises(DataError, match="eggs"):
        group_cells([CellPredictions(make_cell("real"), LABELS, (row,))])


def test_a_condition_is_named_like_its_cell_without_the_seed() -> None:
    cell = make_cell("synthetic", 3, "g")
    assert cell.name == f"{Condition.of(cell).name}__s3"


def test_nothing_in_comes_out_as_an_empty_summary(tmp_path: Path) -> None:
    summary = summarise([], QUICK)
    assert (summary.scores, summary.differences, summary.omitted) == ((), (), ())
    assert not list(tmp_path.iterdir())


def test_what_stands_alone_is_scored_and_compared_with_nothing() -> None:
    cells = make_run()
    alone = {Condition.of(one.cell) for one in cells if one.cell.source == "pool+synthetic"}
    summary = summarise(cells, QUICK, alone)
    assert len(summary.scores) == 4 * 2
    assert {(one.condition.source, one.family) for one in summary.differences} == {
        ("synthetic", "real"), ("pool", "real"),
    }  # fmt: skip
