"""Tables and figures of scores: partners, failed trainings, both pools, one axis for all."""

from __future__ import annotations

from dataclasses import replace

from synth_local.evaluate.summary import FailedTraining
from synth_local.report.conditions import read_conditions
from synth_local.report.data import ReportData
from synth_local.report.panels import Dot, DotPanel, share_range
from synth_local.report.sections.results.scores import make_pool_table, make_results_table
from synth_local.report.write import draw_figures, list_panels
from tests.report.made_report import judge, make_data, make_interval, make_task


def make_small() -> ReportData:
    return make_data((make_task(),), ("qwen2.5-7b-instruct",), ("few_shot",), ("tfidf-logreg",))


def test_figures_of_one_kind_have_one_axis_and_rows_without_a_value_take_no_room() -> None:
    panels = list_panels(make_data())
    shared = {panel.x_range for panel in panels["scores"] if isinstance(panel, DotPanel)}
    assert len(shared) == 1
    dots = (Dot("a", "real", None), Dot("b", "real", make_interval(0.5)))
    assert share_range([DotPanel("n", "t", "x", dots)]) == ()
    [kept] = share_range([DotPanel("n", "t", "x", (*dots, dots[1]))])
    assert [dot.label for dot in kept.dots] == ["b", "b"]


def test_a_failed_training_is_a_cross_with_its_name_in_the_figure_and_in_the_table() -> None:
    data = make_data((make_task(),), ("g",), ("few_shot",), ("s",))
    assert data.summary
    real = next(one.condition for one in data.summary.scores if one.condition.source == "real")
    data = judge(data, failed=(FailedTraining(real, 1, "why"),))
    [figure] = [one for one in draw_figures(data)["scores"] if "s" in one.name]
    assert "seed 1 failed" in figure.fragment
    assert "training of seed 1 failed at 0.970" in figure.alt
    assert "floor 0.500" in figure.alt
    table = make_results_table(read_conditions(data), data.summary)
    row = dict(zip((one.key for one in table.columns), table.rows[0], strict=True))
    assert (row["source"], row["failed"]) == ("real", "1 of 3 (seed 1)")


def test_a_deterministic_student_is_one_training_without_a_spread() -> None:
    data = make_small()
    table = make_results_table(read_conditions(data), data.summary)
    for row in table.rows:
        cells = dict(zip((one.key for one in table.columns), row, strict=True))
        assert (cells["macro_f1_sd"], cells["num_seeds"]) == ("none (deterministic)", 1)
    [figure] = list_panels(data)["scores"]
    assert isinstance(figure, DotPanel)
    assert all(dot.seeds == () for dot in figure.dots)


def test_a_row_of_results_names_its_partner_and_has_test_items_only_second() -> None:
    data = make_data((make_task(),), ("g",), ("few_shot",), ("s",))
    table = make_results_table(read_conditions(data), data.summary)
    rows = [dict(zip((one.key for one in table.columns), row, strict=True)) for row in table.rows]
    partners = {row["source"]: (row["partner"], row["partner_num_train"]) for row in rows}
    assert partners["synthetic"] == ("real", 600)
    assert partners["pool+synthetic"] == ("pool", 297)
    assert partners["real"] == (None, None)
    keys = [one.key for one in table.columns]
    assert keys.index("difference_items_only") == keys.index("difference") + 1
    assert "smallest p (Holm) that could come out is 0.0004" in table.caption


def test_a_label_with_few_test_items_is_named_in_the_caption() -> None:
    data = make_small()
    assert data.summary
    assert "test items are" not in make_results_table([], data.summary).caption
    rare = tuple(replace(one, num_rarest=7) for one in data.summary.floors)
    caption = make_results_table([], replace(data.summary, floors=rare)).caption
    assert "sms_spam: only 7 test items are spam" in caption


def test_pool_and_synthetic_stands_beside_both_pools() -> None:
    data = make_small()
    assert data.summary
    pool = next(one for one in data.summary.differences if one.family == "pool")
    balanced = replace(
        pool,
        partner=replace(pool.partner, source="pool_balanced"),
        interval=make_interval(0.01, 0.022),
    )
    scores = tuple(
        replace(one, condition=balanced.partner, serves=("pool_balanced",))
        for one in data.summary.scores
        if one.condition == pool.partner
    )
    data = judge(
        data,
        differences=(*data.summary.differences, balanced),
        scores=(*data.summary.scores, *scores),
    )
    table = make_pool_table(data, read_conditions(data))
    [row] = [dict(zip((one.key for one in table.columns), one, strict=True)) for one in table.rows]
    assert row["pool"] == pool.interval
    assert row["pool_balanced"] == balanced.interval
    # one rule: the harder partner decides, whatever the uncorrected interval to the pool says
    assert row["verdict"] == "Open"


def test_a_training_set_that_is_two_sources_says_so_in_the_table() -> None:
    data = make_small()
    assert data.summary
    both = tuple(
        replace(one, serves=("real", "real_all")) if one.condition.source == "real" else one
        for one in data.summary.scores
    )
    table = make_results_table(read_conditions(judge(data, scores=both)))
    column = [one.key for one in table.columns].index("serves")
    assert table.rows[0][column] == "real_all"
