"""The analyze stage: annotators' agreement against the gap to real, from task file to report."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml

from synth_local.analyze.summary import Analysis
from synth_local.store.records import parse
from tests.pipeline.conftest import SmallRun, add_annotators, make_rows, make_small_run, write_rows

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def annotated(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """A finished run whose test items have five annotators; odd items are disputed."""
    small = make_small_run(tmp_path_factory.mktemp("annotated"))
    add_annotators(small)
    result = small.run()
    assert result.returncode == 0, result.stderr
    return small


def read_analysis(small: SmallRun) -> Analysis:
    stored = json.loads((small.out / "work" / "analyze" / "analysis.json").read_text())
    return parse(stored["analysis"], Analysis)


def test_agreement_is_that_of_the_annotators(annotated: SmallRun) -> None:
    (task,) = read_analysis(annotated).tasks
    assert (task.num_items, task.num_rated, task.num_ties) == (80, 80, 0)
    shares = [(5 - number % 3) / 5 for number in range(80)]
    assert task.mean_share == pytest.approx(sum(shares) / 80)
    assert task.alpha is not None
    assert 0 < task.alpha < 1


def test_every_synthetic_condition_has_a_trend(annotated: SmallRun) -> None:
    analysis = read_analysis(annotated)
    names = [trend.condition for trend in analysis.trends]
    assert len(set(names)) == len(names) == 2  # synthetic texts of two strategies
    assert not any(trend.ties for trend in analysis.trends)  # there is no tied item here
    for trend in analysis.trends:
        assert trend.partner.startswith("weather__real__")
        assert trend.slope is not None or trend.reason
    assert all(one.condition in names for one in analysis.levels)
    assert sum(one.num_items for one in analysis.levels if one.condition in names) == 80 * 2


def test_one_annotator_stands_beside_each_level_of_agreement(annotated: SmallRun) -> None:
    analysis = read_analysis(annotated)
    # of five with three alike, each of the three sees a tie: half right; the two see three others
    by_level = {0.6: 0.3, 0.8: 0.8, 1.0: 1.0}
    for one in analysis.levels:
        assert one.ceiling == pytest.approx(by_level[one.lowest])
        # who is right on an item has its share of annotators on his side, who is wrong the others
        for right, soft in ((one.real, one.real_soft), (one.synthetic, one.synthetic_soft)):
            share = one.lowest
            assert soft == pytest.approx(right * share + (1 - right) * (1 - share))
    (task,) = analysis.tasks
    counts = {0.6: 26, 0.8: 27, 1.0: 27}
    mean = sum(by_level[key] * count for key, count in counts.items()) / 80
    assert task.ceiling == pytest.approx(mean)
    assert task.ceiling_macro_f1 == pytest.approx(mean, abs=0.01)
    with (annotated.out / "report" / "tables" / "agreement_levels.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert [float(row["ceiling"]) for row in rows] == [one.ceiling for one in analysis.levels]


def test_gold_made_from_the_same_annotators_is_warned_of(annotated: SmallRun) -> None:
    (note,) = read_analysis(annotated).notes
    assert note.startswith(
        "weather: on 80 of 80 items with a majority (100.0%) the gold label is that"
    )
    assert note in (annotated.out / "report" / "report.html").read_text()


def test_curves_are_traced_for_every_student(annotated: SmallRun) -> None:
    analysis = read_analysis(annotated)
    assert {curve.condition.split("__")[1] for curve in analysis.curves} == {
        "real", "pool", "synthetic", "pool+synthetic",
    }  # fmt: skip
    for curve in analysis.curves:
        assert curve.thresholds == pytest.approx((0.6, 0.8, 1.0))
        assert curve.counts[0] == 80


def test_the_report_shows_it_and_its_tables(annotated: SmallRun) -> None:
    page = (annotated.out / "report" / "report.html").read_text()
    assert "How much people agree about the test items" in page
    assert "The gap to real, item by item" in page
    with (annotated.out / "report" / "tables" / "subjectivity.csv").open() as handle:
        (row,) = csv.DictReader(handle)
    assert row["task"] == "weather"
    tables = {path.name for path in (annotated.out / "report" / "tables").iterdir()}
    assert {"gap_by_agreement.csv", "agreement_levels.csv", "threshold_curves.csv"} <= tables


def test_naming_annotators_later_repeats_nothing_but_the_analysis(tmp_path: Path) -> None:
    small = make_small_run(tmp_path)
    rows = [{**row, "who": [row["label"]] * 3} for row in make_rows(80, 2)]
    write_rows(small.folder / "test.jsonl", rows)
    train = [{**row, "who": [row["label"]] * 3} for row in make_rows(200, 1)]
    write_rows(small.folder / "train.jsonl", train)
    assert small.run().returncode == 0
    (task,) = read_analysis(small).tasks
    assert "single annotators" in task.reason
    path = small.folder / "weather.yaml"
    text = yaml.safe_load(path.read_text())
    text["data"]["annotations"] = "who"
    path.write_text(yaml.safe_dump(text, sort_keys=False))
    again = small.run()
    assert again.returncode == 0
    said = [line for line in again.stdout.splitlines() if line in ("analyze", "report", "evaluate")]
    assert said[-2:] == ["analyze", "report"]
    assert "train:" not in again.stdout
    assert "generate" not in again.stdout
    (task,) = read_analysis(small).tasks
    assert task.mean_share == 1.0
    assert task.alpha is not None or not task.reason


def test_f1_by_label_and_exemplars_stand_in_the_results(finished_run: SmallRun) -> None:
    with (finished_run.out / "report" / "tables" / "label_differences.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert {(row["source"], row["partner"]) for row in rows} == {
        ("synthetic", "real"), ("pool+synthetic", "pool"),
    }  # fmt: skip
    assert [row["label"] for row in rows[:2]] == ["sunny", "rainy"]
    with (finished_run.out / "results.csv").open() as handle:
        results = list(csv.DictReader(handle))
    for row in rows:
        values = [
            float(one["value"])
            for one in results
            if one["metric"] == "f1"
            and all(one[key] == row[key] for key in ("label", "source", "strategy"))
        ]
        assert float(row["f1"]) == pytest.approx(sum(values) / len(values))
        assert float(row["difference_low"]) < float(row["difference_high"])
    with (finished_run.out / "report" / "tables" / "exemplars_against_none.csv").open() as handle:
        pairs = [(row["source"], row["strategy"], row["against"]) for row in csv.DictReader(handle)]
    assert pairs == [
        ("synthetic", "few_shot", "zero_shot"), ("pool+synthetic", "few_shot", "zero_shot"),
    ]  # fmt: skip
    assert not read_analysis(finished_run).over  # one task
    page = (finished_run.out / "report" / "report.html").read_text()
    assert "weather: F1 by label, against real" in page
    assert "Of 2 rows, the strategy with exemplars scores higher in" in page


def test_without_annotators_the_report_says_so(finished_run: SmallRun) -> None:
    page = (finished_run.out / "report" / "report.html").read_text()
    assert "nobody says what single annotators called the texts" in page
    assert not read_analysis(finished_run).trends
