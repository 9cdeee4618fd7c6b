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
from synth_local.commands.advise.advise import advise_task
from tests.pipeline.conftest import SmallRun, make_rows, write_rows

pytestmark = pytest.mark.slow


@pytest.fixture
def evidence(finished_run: SmallRun, tmp_path: Path) -> Path:
    """A copy of a finished run that tests may change; neither models nor data are with it."""
    return Path(shutil.copytree(finished_run.out, tmp_path / "evidence"))


@pytest.fixture
def task_file(finished_run: SmallRun) -> Path:
    return finished_run.folder / "weather.yaml"


def change_verdicts(run: Path, low: float, high: float, **about: object) -> None:
    """Put every gap of the run between two bounds."""
    path = run / "verdicts.json"
    stored = json.loads(path.read_text())
    for one in stored:
        said = "as_good" if high <= 0.02 else "worse" if low > 0.02 else "open"
        one |= {"gap": (low + high) / 2, "low": low, "high": high, "verdict": said, **about}
    path.write_text(json.dumps(stored))


def test_without_evidence_it_says_that_nothing_is_known_and_what_would_help(
    task_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["advise", str(task_file)]) == 0
    page = capsys.readouterr().out
    assert "No verdict: nobody has tried it" in page
    assert "a run of your own generator" in page
    assert "nobody says" in page


def test_the_answers_are_those_of_the_run_in_the_same_words(
    task_file: Path, evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = json.loads((evidence / "verdicts.json").read_text())
    assert main(["advise", str(task_file), "--evidence", str(evidence), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["question"] for one in told} == {one["question"] for one in stored}
    for one in told:
        assert one["run"] == str(evidence)
        [same] = [
            v for v in stored
            if (v["question"], v["student"]) == (one["question"], one["student"])
        ]  # fmt: skip
        names = ("verdict", "gap", "low", "high", "condition", "partner")
        assert [one[name] for name in names] == [same[name] for name in names]


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-0.005, 0.005, "as_good"), (0.2, 0.4, "worse"), (-0.3, 0.4, "open")],
)
def test_the_verdict_follows_the_intervals_and_the_margin(
    task_file: Path, evidence: Path, low: float, high: float, verdict: str
) -> None:
    change_verdicts(evidence, low, high, error=None, question="instead_of_real")
    [answer] = advise_task(task_file, [evidence]).answers
    assert answer.verdict.verdict == verdict
    [lenient] = advise_task(task_file, [evidence], 0.45).answers
    assert lenient.verdict.verdict == "as_good"


def test_a_run_without_an_answer_is_named_with_its_reason(
    task_file: Path, evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change_verdicts(evidence, -0.005, 0.005, verdict="none", reasons=["a training failed"])
    assert main(["advise", str(task_file), "--evidence", str(evidence)]) == 0
    page = capsys.readouterr().out
    assert "No verdict: a training failed" in page
    assert "not counted: " in page


def change_analysis(run: Path, **parts: object) -> None:
    path = run / "work" / "analyze" / "analysis.json"
    stored = json.loads(path.read_text())
    stored["analysis"] |= parts
    path.write_text(json.dumps(stored))


def test_what_a_run_knows_of_people_and_machines_is_told_and_only_people_count(
    task_file: Path, evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rated = TaskSubjectivity(
        task="weather",
        num_items=80,
        num_rated=80,
        mean_share=0.742,
        mean_ratings=3.0,
        alpha=0.3,
        origin="run file",
        pair_agreement=0.655,
    )
    asked = PanelTask(
        task="weather",
        members=("a · zero_shot", "b · zero_shot"),
        num_items=80,
        mean_share=0.913,
        num_compared=80,
        spearman=0.25,
    )
    change_analysis(evidence, tasks=[asdict(rated)], panel=[asdict(asked)])
    assert main(["advise", str(task_file), "--evidence", str(evidence)]) == 0
    page = capsys.readouterr().out
    assert "nobody says" not in page
    assert "0.742" in page
    assert "a machine's judgement" in page
    assert "0.913" in page
    assert {one.agreement for one in advise_task(task_file, [evidence]).here} == {0.655}


def test_other_test_texts_count_for_nothing(
    finished_run: SmallRun, evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("train.jsonl", "weather.yaml"):
        shutil.copy(finished_run.folder / name, tmp_path / name)
    write_rows(tmp_path / "test.jsonl", make_rows(60, 77))
    assert main(["advise", str(tmp_path / "weather.yaml"), "--evidence", str(evidence)]) == 0
    page = capsys.readouterr().out
    assert "No verdict" in page
    assert "not counted" in page


def test_other_tasks_and_agreement_are_read(
    finished_run: SmallRun, evidence: Path, tmp_path: Path
) -> None:
    for name in ("train.jsonl", "test.jsonl"):
        shutil.copy(finished_run.folder / name, tmp_path / name)
    task = yaml.safe_load((finished_run.folder / "weather.yaml").read_text())
    (tmp_path / "climate.yaml").write_text(yaml.safe_dump({**task, "name": "climate"}))
    found = advise_task(tmp_path / "climate.yaml", [evidence])
    [answer] = found.answers
    assert (found.here, answer.verdict.verdict) == ((), "open")
    assert "only other tasks" in answer.verdict.reasons[0]
    assert {one.verdict.task for one in found.elsewhere} == {"weather"}


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
    (evidence / "verdicts.json").write_text('[{"task": 1}]')
    assert main(["advise", str(task_file), "--evidence", str(evidence)]) == 3
    assert "another form" in capsys.readouterr().err
    (evidence / "verdicts.json").unlink()
    assert main(["advise", str(task_file), "--evidence", str(evidence)]) == 3
    assert "verdicts.json" in capsys.readouterr().err
    (evidence / "work" / "evaluate" / "summary.json").unlink()
    assert main(["advise", str(task_file), "--evidence", str(evidence)]) == 3
    assert "evaluated" in capsys.readouterr().err
