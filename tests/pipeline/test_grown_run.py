"""What a finished run is asked for later: learning curves from its corpora, and corpora repeated.

One run serves both, since a whole run takes long: cells, scores, analysis and report.
"""

from __future__ import annotations

import csv
import json
import shutil

import pytest

from synth_local.analyze.summary import Analysis, LearningCurve
from synth_local.store.records import parse
from tests.pipeline.conftest import SmallRun, make_small_run

pytestmark = pytest.mark.slow

FIRST, REPEATS = ["zero_shot", "few_shot"], [7, 8]
WITH_SYNTHETIC = ["synthetic", "pool+synthetic", "real+synthetic"]


@pytest.fixture(scope="module")
def grown_run(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """A run that was finished, and then asked for learning curves and further corpora."""
    small = make_small_run(tmp_path_factory.mktemp("grown"))
    assert small.run().returncode == 0
    shutil.copytree(small.out / "predictions", small.folder / "before")
    shutil.copy(small.out / "results.csv", small.folder / "before.csv")
    sources = ["real", "synthetic", "pool", "pool+synthetic", "real_all", "real+synthetic"]
    small.change(learning_curve=[5, 10, 1000], corpus_seeds=REPEATS, sources=sources, seeds=[0, 1])
    result = small.run()
    assert result.returncode == 0, result.stderr
    return small


def read_results(small: SmallRun) -> list[dict[str, str]]:
    with (small.out / "results.csv").open() as handle:
        return list(csv.DictReader(handle))


def read_analysis(small: SmallRun) -> Analysis:
    stored = json.loads((small.out / "work" / "analyze" / "analysis.json").read_text())
    return parse(stored["analysis"], Analysis)


def test_asking_later_leaves_every_finished_output_in_its_place(grown_run: SmallRun) -> None:
    stale = grown_run.out / "work" / "stale"
    assert not list(stale.rglob("*.parquet")) if stale.is_dir() else True
    before = sorted((grown_run.folder / "before").iterdir())
    assert len(before) == 6
    for one in before:
        assert (grown_run.out / "predictions" / one.name).read_bytes() == one.read_bytes()
    rows = (grown_run.folder / "before.csv").read_text().splitlines()
    assert set(rows) <= set((grown_run.out / "results.csv").read_text().splitlines())
    sizes = {int(row["num_train"]) for row in read_results(grown_run) if row["source"] == "real"}
    assert {10, 20} < sizes
    metrics = {row["metric"] for row in read_results(grown_run)}
    assert {"macro_f1", "accuracy", "brier"} <= metrics


def test_every_curve_has_its_points_and_its_worth(grown_run: SmallRun) -> None:
    curves = read_analysis(grown_run).learning
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


def test_cuts_stand_in_no_other_analysis_and_in_no_family(grown_run: SmallRun) -> None:
    analysis = read_analysis(grown_run)
    summary = json.loads((grown_run.out / "work" / "evaluate" / "summary.json").read_text())
    judged = [one["condition"] for one in summary["summary"]["differences"]]
    assert {one["num_train"] for one in judged if one["source"] == "synthetic"} == {80}
    assert len(analysis.cuts) >= 4
    with (grown_run.out / "report" / "tables" / "results.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert {row["num_train"] for row in rows if row["source"] == "synthetic"} == {"80"}


def test_the_report_draws_them(grown_run: SmallRun) -> None:
    page = (grown_run.out / "report" / "report.html").read_text()
    assert "Worth in real rows" in page
    assert list((grown_run.out / "report" / "figures").glob("learning__weather__*.svg"))
    with (grown_run.out / "report" / "tables" / "learning_points.csv").open() as handle:
        assert sum(1 for _ in csv.DictReader(handle)) >= 9


def test_without_them_the_report_says_how(finished_run: SmallRun) -> None:
    page = (finished_run.out / "report" / "report.html").read_text()
    assert "learning_curve:" in page
    assert "corpus_seeds:" in page


def test_verify_is_content(grown_run: SmallRun) -> None:
    assert grown_run.call("verify", str(grown_run.out)).returncode == 0


def test_repeats_are_corpora_with_students_of_their_own(grown_run: SmallRun) -> None:
    names = {path.name for path in (grown_run.out / "corpora" / "weather" / "fake-a").iterdir()}
    assert names == {*FIRST, *(f"{name}.c{seed}" for name in FIRST for seed in REPEATS)}
    rows = [row for row in read_results(grown_run) if row["metric"] == "macro_f1"]
    sources = {row["source"] for row in rows if row["strategy"].endswith(".c7")}
    assert sources == set(WITH_SYNTHETIC)
    assert len([row for row in rows if row["source"] == "pool"]) == 1


def test_figures_over_corpora_rest_on_the_stored_scores(grown_run: SmallRun) -> None:
    scores = {
        (row["source"], row["strategy"], row["num_train"]): float(row["value"])
        for row in read_results(grown_run)
        if row["metric"] == "macro_f1"
    }
    repeats = read_analysis(grown_run).repeats
    assert [one.condition.split("__")[1:4] for one in repeats] == [
        [source, "fake-a", name] for name in FIRST for source in WITH_SYNTHETIC
    ]
    for one in repeats:
        source, name = one.condition.split("__")[1], one.condition.split("__")[3]
        assert [corpus.strategy for corpus in one.corpora] == [name, f"{name}.c7", f"{name}.c8"]
        for corpus in one.corpora:
            assert corpus.macro_f1 == scores[source, corpus.strategy, str(corpus.num_rows)]
        if source == "pool+synthetic":  # its partner is the pool
            assert (one.real, one.gap) == (None, None)
        elif source == "real+synthetic":  # as good as its partner, whatever the corpus
            assert (one.real, one.sd, one.macro_f1, one.gap) == (1.0, 0.0, None, None)
            assert "the same score" in one.reason
            continue
        else:
            assert one.real == scores["real", "", "80"]
            assert one.gap is not None
            assert one.macro_f1 is not None
            assert one.gap.point == pytest.approx(one.real - one.mean)
            assert one.gap.high == pytest.approx(one.real - one.macro_f1.low)
        assert one.macro_f1 is not None
        assert (one.sd_seeds, one.reason) == (None, "")


def test_repeats_stand_in_no_comparison_and_in_their_own_part_alone(grown_run: SmallRun) -> None:
    stored = json.loads((grown_run.out / "work" / "evaluate" / "summary.json").read_text())
    judged = {one["condition"]["strategy"] for one in stored["summary"]["differences"]}
    assert judged == set(FIRST)
    analysis = read_analysis(grown_run)
    assert {one.condition.split("__")[3] for one in analysis.learning} == {*FIRST, "-"}
    tables = grown_run.out / "report" / "tables"
    assert ".c7" not in (tables / "results.csv").read_text()
    assert ".c7" in (tables / "repeated_corpora.csv").read_text()
    assert ".c7" in (tables / "curation.csv").read_text()
    assert len((tables / "repeats.csv").read_text().splitlines()) == 1 + len(analysis.repeats)
    assert "interval over corpora" in (grown_run.out / "report" / "report.html").read_text()


def test_compare_and_advise_look_at_first_corpora(grown_run: SmallRun) -> None:
    out = str(grown_run.out)
    compared = json.loads(grown_run.call("compare", out, out, "--json").stdout)
    (pair,) = compared["runs"]
    assert ".c7" not in json.dumps(pair)
    assert ".c7" in json.dumps(compared["costs"])
    advice = grown_run.call("advise", str(grown_run.folder / "weather.yaml"), "--evidence", out)
    assert advice.returncode == 0, advice.stderr
    assert "few_shot" in advice.stdout
    assert ".c7" not in advice.stdout


def test_plan_and_status_count_repeats(grown_run: SmallRun) -> None:
    out = str(grown_run.out)
    planned = grown_run.call("plan", str(grown_run.run_file), "--out", out, "--json")
    plan = json.loads(planned.stdout)
    assert {one["state"] for one in [*plan["corpora"], *plan["cells"], *plan["stages"]]} == {"done"}
    status = json.loads(grown_run.call("status", out, "--json").stdout)
    stages = {one["stage"]: one["total"] for one in status["stages"]}
    assert stages["curate"] == len(plan["corpora"]) == len(FIRST) * (1 + len(REPEATS))
    assert stages["train"] == len(plan["cells"])
