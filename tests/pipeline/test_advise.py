"""``synth-local advise`` on real run directories: what it says, and what it may not say."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml

from synth_local.analyze.panel import PanelTask
from synth_local.analyze.summary import TaskSubjectivity
from synth_local.cli.main import main
from synth_local.pipeline.advise import advise_task
from tests.pipeline.conftest import SmallRun, make_rows, write_rows

pytestmark = pytest.mark.slow


@pytest.fixture
def evidence(finished_run: SmallRun, tmp_path: Path) -> Path:
    """A copy of a finished run that tests may change; neither models nor data are with it."""
    return Path(shutil.copytree(finished_run.out, tmp_path / "evidence"))


@pytest.fixture
def task_file(finished_run: SmallRun) -> Path:
    return finished_run.folder / "weather.yaml"


def change_summary(run: Path, low: float, high: float) -> None:
    """Put every difference of the run between two bounds."""
    path = run / "work" / "evaluate" / "summary.json"
    stored = json.loads(path.read_text())
    for one in stored["summary"]["differences"]:
        one["interval"] |= {"point": (low + high) / 2, "low": low, "high": high}
    path.write_text(json.dumps(stored))


def test_without_evidence_it_says_that_nothing_is_known_and_what_would_help(
    task_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["advise", str(task_file)]) == 0
    page = capsys.readouterr().out
    assert "weather: not known" in page
    assert "expected gap to real: not known" in page
    assert "a run of your own generator" in page
    assert "nobody says" in page


def test_runs_on_the_same_test_texts_decide(
    task_file: Path, evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["advise", str(task_file), "--evidence", str(evidence)]) == 0
    page = capsys.readouterr().out
    assert "rests on this task" in page
    assert "fake-a" in page
    found = advise_task(task_file, [evidence])
    stored = json.loads((evidence / "work" / "evaluate" / "summary.json").read_text())
    wanted = sorted(
        -one["interval"]["point"]
        for one in stored["summary"]["differences"]
        if one["metric"] == "macro_f1" and one["condition"]["source"] == "synthetic"
    )
    assert sorted(one.gap.point for one in found.here) == pytest.approx(wanted)
    assert found.advice.gap is not None
    assert found.advice.gap.point == pytest.approx(wanted[0])


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-0.005, 0.005, "use"), (-0.4, -0.2, "do not use"), (-0.4, 0.3, "not known")],
)
def test_the_verdict_follows_the_intervals(
    task_file: Path, evidence: Path, low: float, high: float, verdict: str
) -> None:
    change_summary(evidence, low, high)
    assert advise_task(task_file, [evidence]).advice.verdict == verdict


def test_a_generator_that_has_seen_the_task_may_not_recommend(
    task_file: Path, evidence: Path
) -> None:
    change_summary(evidence, -0.005, 0.005)
    for path in (evidence / "corpora").rglob("manifest.json"):
        manifest = json.loads(path.read_text())
        manifest["has_seen"] = [{"task": "weather", "split": "train", "rows": 180, "note": ""}]
        path.write_text(json.dumps(manifest))
    found = advise_task(task_file, [evidence])
    assert found.advice.verdict == "not known"
    assert all(one.is_tainted for one in found.here)
    assert any("has not seen" in line for line in found.surer)


def test_a_student_that_learnt_nothing_from_real_texts_says_nothing_of_synthetic_ones(
    task_file: Path, evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change_summary(evidence, -0.005, 0.005)
    path = evidence / "work" / "evaluate" / "summary.json"
    stored = json.loads(path.read_text())
    for one in stored["summary"]["confusions"]:
        if one["condition"]["source"] == "real":
            one["counts"] = [[sum(row), *[0] * (len(row) - 1)] for row in one["counts"]]
    path.write_text(json.dumps(stored))
    assert main(["advise", str(task_file), "--evidence", str(evidence)]) == 0
    page = capsys.readouterr().out
    assert "weather: not known" in page
    assert "calls all test texts" in page


def change_analysis(run: Path, **parts: object) -> None:
    path = run / "work" / "analyze" / "analysis.json"
    stored = json.loads(path.read_text())
    stored["analysis"] |= parts
    path.write_text(json.dumps(stored))


def test_what_a_run_knows_of_people_and_machines_is_told_and_only_people_count(
    task_file: Path, evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rated = TaskSubjectivity(
        "weather", 80, 80, mean_share=0.742, mean_ratings=3.0, alpha=0.3, origin="run file"
    )
    asked = PanelTask("weather", ("a · zero_shot", "b · zero_shot"), 80, 0.913, 80, 0.25)
    change_analysis(
        evidence,
        tasks=[asdict(rated)],
        panel=[asdict(asked)],
    )
    without = advise_task(task_file, []).advice
    assert main(["advise", str(task_file), "--evidence", str(evidence)]) == 0
    page = capsys.readouterr().out
    assert "nobody says" not in page
    assert "0.742" in page
    assert "a machine's judgement" in page
    assert "0.913" in page
    found = advise_task(task_file, [evidence])
    assert {one.agreement for one in found.here} == {0.742}
    assert without.verdict == "not known"


def test_a_run_without_a_gap_is_named(
    task_file: Path, evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = evidence / "work" / "evaluate" / "summary.json"
    stored = json.loads(path.read_text())
    stored["summary"]["differences"] = [
        one for one in stored["summary"]["differences"] if one["family"] != "real"
    ]
    path.write_text(json.dumps(stored))
    assert main(["advise", str(task_file), "--evidence", str(evidence)]) == 0
    assert "weather: no student was trained on real texts and on synth" in capsys.readouterr().out


def test_other_test_texts_count_for_nothing(
    finished_run: SmallRun, evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("train.jsonl", "weather.yaml"):
        shutil.copy(finished_run.folder / name, tmp_path / name)
    write_rows(tmp_path / "test.jsonl", make_rows(60, 77))
    assert main(["advise", str(tmp_path / "weather.yaml"), "--evidence", str(evidence)]) == 0
    page = capsys.readouterr().out
    assert "weather: not known" in page
    assert "not counted" in page


def test_other_tasks_and_agreement_are_read(
    finished_run: SmallRun, evidence: Path, tmp_path: Path
) -> None:
    for name in ("train.jsonl", "test.jsonl"):
        shutil.copy(finished_run.folder / name, tmp_path / name)
    task = yaml.safe_load((finished_run.folder / "weather.yaml").read_text())
    (tmp_path / "climate.yaml").write_text(yaml.safe_dump({**task, "name": "climate"}))
    found = advise_task(tmp_path / "climate.yaml", [evidence])
    assert (found.here, found.advice.verdict, found.advice.num_tasks) == ((), "not known", 1)
    assert {one.task for one in found.elsewhere} == {"weather"}


def test_several_runs_may_follow_one_option_and_wrong_ones_are_named(
    task_file: Path, evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [str(evidence), str(evidence)]
    assert main(["advise", str(task_file), "--evidence", *runs]) == 0
    capsys.readouterr()
    assert main(["advise", str(task_file), str(evidence)]) == 2
    assert "--evidence" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["advise", str(task_file), "--evidence", str(tmp_path / "empty")]) == 3
    assert "run.yaml" in capsys.readouterr().err
    (evidence / "work" / "evaluate" / "summary.json").write_text('{"summary": {"scores": 1}}')
    assert main(["advise", str(task_file), "--evidence", str(evidence)]) == 3
    assert "another form" in capsys.readouterr().err
    (evidence / "work" / "evaluate" / "summary.json").unlink()
    assert main(["advise", str(task_file), "--evidence", str(evidence)]) == 3
    assert "evaluated" in capsys.readouterr().err
