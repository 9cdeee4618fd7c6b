from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from synth_local.errors import DataError, UndefinedMetricError
from synth_local.evaluate.compare import summarise
from synth_local.evaluate.groups import CellPredictions, group_cells
from synth_local.evaluate.resampler import Resampling
from synth_local.evaluate.summary import COVERS_NOTE, Condition, Difference, Summary
from synth_local.records import Cell, Prediction
from synth_local.store.records import parse

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


def make_run(
    seeds: tuple[int, ...] = (0, 1, 2), generators: tuple[str, ...] = ("g",)
) -> list[CellPredictions]:
    cells = []
    for seed in seeds:
        real, pool = make_cell("real", seed), make_cell("pool", seed)
        found: list[tuple[Cell, float, tuple[Cell, ...]]] = [(real, 0.95, ()), (pool, 0.8, ())]
        for generator in generators:
            found.append((make_cell("synthetic", seed, generator), 0.75, (real,)))
            found.append((make_cell("pool+synthetic", seed, generator), 0.85, (pool,)))
        cells += [
            CellPredictions(
                cell=cell, labels=LABELS, predictions=predict(cell, skill), partners=partners
            )
            for cell, skill, partners in found
        ]
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


def test_differences_are_paired_signed_and_each_of_its_family() -> None:
    summary = summarise(make_run(), QUICK)
    scores = {(s.condition.source, s.metric): s.mean for s in summary.scores}
    for row in summary.differences:
        gap = scores[row.condition.source, row.metric] - scores[row.partner.source, row.metric]
        assert row.interval.point == row.items_only.point == pytest.approx(gap)
        assert row.interval.low <= row.items_only.low <= gap <= row.items_only.high
    families = {
        (row.condition.source, row.partner.source): row.family for row in summary.differences
    }
    assert families["synthetic", "real"] == "real"
    assert families["pool+synthetic", "pool"] == "pool"


def test_holm_runs_over_one_family_per_task_student_and_metric() -> None:
    cells = make_run(generators=("g", "h", "i"))
    others = [replace(c, cell=replace(c.cell, student="other")) for c in make_run()]
    moved = [
        replace(c, partners=tuple(replace(p, student="other") for p in c.partners)) for c in others
    ]
    summary = summarise([*cells, *moved], QUICK)
    for metric in ("macro_f1", "accuracy"):
        for student in ("bert", "other"):
            family = [
                d
                for d in summary.differences
                if (d.family, d.metric, d.condition.student) == ("real", metric, student)
            ]
            expected = multipletests([row.p for row in family], method="holm")[1]
            assert [row.p_holm for row in family] == pytest.approx(list(expected))
    assert {row.p_holm for row in summary.differences if row.family == "pool"} == {None}


def test_floors_are_in_no_family() -> None:
    cells = [replace(c, is_floor=True) for c in make_run()]
    assert {row.p_holm for row in summarise(cells, QUICK).differences} == {None}


def test_the_largest_study_can_still_find_a_difference() -> None:
    settings = Resampling()
    for num_tests in (1, 12, 26, 200):
        swaps = settings.count_swaps(num_tests)
        assert num_tests / (1 + swaps) < 0.001


@pytest.mark.slow
def test_twelve_corpora_of_each_task_and_student_leave_room_for_a_small_p() -> None:
    """A difference that is plain has a p below 0.001 after the correction, in every family."""
    cells = []
    for task in range(2):
        for student in range(2):
            real = replace(make_cell("real"), task=f"t{task}", student=f"s{student}")
            rows = predict(real, 0.9, 60)
            cells.append(CellPredictions(cell=real, labels=LABELS, predictions=rows))
            for number in range(12):
                cell = replace(real, source="synthetic", generator=f"g{number}")
                wrong = tuple(replace(r, predicted=LABELS[r.gold == "ham"]) for r in rows)
                cells.append(
                    CellPredictions(cell=cell, labels=LABELS, predictions=wrong, partners=(real,))
                )
    summary = summarise(cells, Resampling(num_draws=10))
    assert summary.smallest_p < 0.001
    assert all(row.p_holm is not None and row.p_holm < 0.001 for row in summary.differences)


def test_a_paired_interval_is_narrower_than_two_single_ones() -> None:
    real, other = make_cell("real"), make_cell("synthetic", generator="g")
    rows = predict(real, 0.8)
    flipped = tuple(
        replace(row, predicted=row.gold) if number % 20 == 0 else row
        for number, row in enumerate(rows)
    )
    summary = summarise(
        [
            CellPredictions(cell=real, labels=LABELS, predictions=rows),
            CellPredictions(cell=other, labels=LABELS, predictions=flipped, partners=(real,)),
        ],
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
    assert parse(json.loads(json.dumps(asdict(summary))), Summary) == summary
    assert COVERS_NOTE in summary.notes


def test_confusion_has_gold_in_rows_and_predictions_in_columns() -> None:
    labels = ("a", "b", "c", "d")
    rows = [
        Prediction(f"t{number}", gold, predicted, ())
        for number, (gold, predicted) in enumerate(zip("aabc", "abba", strict=True))
    ]
    cells = [
        CellPredictions(cell=make_cell("real", seed), labels=labels, predictions=rows)
        for seed in (0, 1)
    ]
    [one] = group_cells(cells[:1])
    counts = ((1, 1, 0, 0), (0, 1, 0, 0), (1, 0, 0, 0), (0, 0, 0, 0))
    assert one.sum_confusion().counts == counts
    [both] = group_cells(cells)
    assert both.sum_confusion().counts == tuple(tuple(2 * n for n in row) for row in counts)


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
    assert len(summary.omitted) == 1
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
        group_cells([CellPredictions(cell=make_cell("real"), labels=LABELS, predictions=())])


def test_an_unknown_label_is_refused() -> None:
    row = Prediction("t0", "ham", "eggs", ())
    with pytest.raises(DataError, match="eggs"):
        group_cells([CellPredictions(cell=make_cell("real"), labels=LABELS, predictions=(row,))])


def test_a_condition_is_named_like_its_cell_without_the_seed() -> None:
    cell = make_cell("synthetic", 3, "g")
    assert cell.name == f"{Condition.of(cell).name}__s3"


def test_nothing_in_comes_out_as_an_empty_summary(tmp_path: Path) -> None:
    summary = summarise([], QUICK)
    assert (summary.scores, summary.differences, summary.omitted) == ((), (), ())
    assert not list(tmp_path.iterdir())


def test_a_repeated_corpus_is_compared_with_nothing_and_widens_what_is_said_of_the_first() -> None:
    cells = make_run(generators=("g", "h"))
    of_g, of_h = (
        next(Condition.of(c.cell) for c in cells if (c.cell.generator, c.cell.source) == wanted)
        for wanted in (("g", "synthetic"), ("h", "synthetic"))
    )
    shifted = [
        replace(c, predictions=predict(replace(c.cell, seed=c.cell.seed + 70), 0.6))
        if Condition.of(c.cell) == of_h
        else c
        for c in cells
    ]
    alone = summarise([c for c in shifted if Condition.of(c.cell) != of_h], QUICK)
    both = summarise(shifted, QUICK, {of_h: of_g})
    one, two = (find(each, "synthetic", "real") for each in (alone, both))
    assert (one.num_corpora, two.num_corpora) == (1, 2)
    assert two.condition == of_g
    assert two.interval.point < one.interval.point  # the mean of both corpora
    assert two.interval.high - two.interval.low > 2 * (one.interval.high - one.interval.low)
    assert len(both.scores) == len(alone.scores) + 2


def test_one_training_of_a_deterministic_student_stands_for_every_seed() -> None:
    cells = [c for c in make_run() if c.cell.source == "real" or c.cell.seed == 0]
    known = [replace(c, is_deterministic=True) for c in cells]
    row = find(summarise(known, QUICK), "synthetic", "real")
    assert row.seeds == (0, 1, 2)


def test_an_interval_covers_seeds_that_differ_more_than_items_do() -> None:
    """Seeds of 0.9, 0.8 and 0.7 say little of a fourth one, whatever the number of items."""
    cells = []
    for seed, skill in enumerate((0.9, 0.8, 0.7)):
        real, made = make_cell("real", seed), make_cell("synthetic", seed, "g")
        cells.append(
            CellPredictions(cell=real, labels=LABELS, predictions=predict(real, 0.8, 5000))
        )
        cells.append(
            CellPredictions(
                cell=made, labels=LABELS, predictions=predict(made, skill, 5000), partners=(real,)
            )
        )
    row = find(summarise(cells, QUICK), "synthetic", "real")
    assert row.interval.high - row.interval.low > 5 * (row.items_only.high - row.items_only.low)
    assert row.error > row.error_items > 0


def test_two_students_that_never_disagree_on_few_items_are_not_proven_equal() -> None:
    real, made = make_cell("real"), make_cell("synthetic", generator="g")
    rows = predict(real, 1.0, 40)
    cells = [
        CellPredictions(cell=real, labels=LABELS, predictions=rows, is_deterministic=True),
        CellPredictions(
            cell=made, labels=LABELS, predictions=rows, partners=(real,), is_deterministic=True
        ),
    ]
    row = find(summarise(cells, QUICK), "synthetic", "real")
    assert row.interval.low < -0.02 < 0.02 < row.interval.high


def test_a_table_where_the_partner_has_the_same_number_of_rows_names_the_right_one() -> None:
    """Two real sets of one size: the difference keeps its own partner."""
    cells = []
    for seed in (0, 1):
        first, second = make_cell("real", seed, "g"), make_cell("real", seed, "h")
        made = make_cell("synthetic", seed, "h")
        cells += [
            CellPredictions(cell=first, labels=LABELS, predictions=predict(first, 0.9)),
            CellPredictions(cell=second, labels=LABELS, predictions=predict(second, 0.7)),
            CellPredictions(
                cell=made, labels=LABELS, predictions=predict(made, 0.8), partners=(second,)
            ),
        ]
    summary = summarise(cells, QUICK)
    row = find(summary, "synthetic", "real")
    scores = {s.condition: s.mean for s in summary.scores if s.metric == "macro_f1"}
    assert row.partner.generator == "h"
    assert row.interval.point == pytest.approx(scores[row.condition] - scores[row.partner])


def test_every_task_has_a_floor_from_its_gold_labels_alone() -> None:
    [floor] = summarise(make_run(), QUICK).floors
    assert (floor.label, floor.num_items, floor.rarest_label) == ("ham", 200, "spam")
    assert floor.accuracy == pytest.approx(0.75)
    assert floor.macro_f1 == pytest.approx((2 * 0.75 / 1.75) / 2)
    assert floor.value == floor.guessing == pytest.approx(0.5)
