"""Learning curves from one corpus: cells, scores, analysis and report, without generating again."""

from __future__ import annotations

import csv
import json

import pytest

from synth_local.analyze.summary import Analysis, LearningCurve
from tests.pipeline.conftest import SmallRun, make_small_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def curved(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """A run that was finished without curves, and then asked for them."""
    small = make_small_run(tmp_path_factory.mktemp("curved"))
    assert small.run().returncode == 0
    small.change(learning_curve=[5, 10, 1000])
    result = small.run()
    assert result.returncode == 0, result.stderr
    return small


def read_results(small: SmallRun) -> list[dict[str, str]]:
    with (small.out / "results.csv").open() as handle:
        return list(csv.DictReader(handle))


def read_analysis(small: SmallRun) -> Analysis:
    stored = json.loads((small.out / "work" / "analyze" / "analysis.json").read_text())
    return Analysis.from_json(stored["analysis"])


def test_asking_for_curves_later_trains_the_cuts_alone(curved: SmallRun) -> None:
    stale = curved.out / "work" / "stale"
    assert not list(stale.rglob("*.parquet")) if stale.is_dir() else True
    sizes = {int(row["num_train"]) for row in read_results(curved) if row["source"] == "real"}
    assert {10, 20} < sizes
    metrics = {row["metric"] for row in read_results(curved)}
    assert {"macro_f1", "accuracy", "calibration_error"} <= metrics


def test_every_curve_has_its_points_and_its_worth(curved: SmallRun) -> None:
    curves = read_analysis(curved).learning
    by_source: dict[str, list[LearningCurve]] = {}
    for one in curves:
        by_source.setdefault(one.condition.split("__")[1], []).append(one)
    assert by_source.keys() == {"real", "synthetic"}
    for one in curves:
        rows = [point.num_rows for point in one.points]
        assert rows == sorted(set(rows))
        assert rows[:2] == [10, 20]
    for one in by_source["synthetic"]:
        assert one.worth is not None
        assert one.real_ends is not None
        assert one.real_ends[0] <= one.worth.low <= one.worth.high <= one.real_ends[1]
    assert all(one.worth is None for one in by_source["real"])


def test_cuts_stand_in_no_other_analysis_and_in_no_family(curved: SmallRun) -> None:
    analysis = read_analysis(curved)
    summary = json.loads((curved.out / "work" / "evaluate" / "summary.json").read_text())
    judged = [one["condition"] for one in summary["summary"]["differences"]]
    assert {one["num_train"] for one in judged if one["source"] == "synthetic"} == {80}
    assert len(analysis.cuts) >= 4
    with (curved.out / "report" / "tables" / "results.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert {row["num_train"] for row in rows if row["source"] == "synthetic"} == {"80"}


def test_the_report_draws_them(curved: SmallRun) -> None:
    page = (curved.out / "report" / "report.html").read_text()
    assert "Worth in real rows" in page
    assert list((curved.out / "report" / "figures").glob("learning__weather__*.svg"))
    with (curved.out / "report" / "tables" / "learning_points.csv").open() as handle:
        assert sum(1 for _ in csv.DictReader(handle)) >= 9


def test_without_them_the_report_says_how(finished_run: SmallRun) -> None:
    page = (finished_run.out / "report" / "report.html").read_text()
    assert "learning_curve:" in page


def test_verify_is_content(curved: SmallRun) -> None:
    assert curved.call("verify", str(curved.out)).returncode == 0
