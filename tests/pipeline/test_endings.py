"""Where trainings fail, the run ends with the first cause: its words, its place, its exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synth_local.backends.local import last_log_line, last_log_lines
from synth_local.cli.main import main
from synth_local.config import load_run_file
from synth_local.core.signals import StopFlag
from synth_local.engines.fake import write_fake_model
from synth_local.errors import DataError, EngineError, MachineError
from synth_local.pipeline import run_local as run_module
from synth_local.pipeline import step
from synth_local.pipeline.endings import JobFailedError, describe_end, explain_job
from synth_local.pipeline.steps import train
from synth_local.pipeline.steps.evaluate.step import run_evaluate
from synth_local.pipeline.steps.train import Trainer
from synth_local.run.cells import CellPlan
from synth_local.run.context import Context, store_config
from synth_local.store.markers import read_failures, record_failure
from synth_local.store.run_dir import RunDir
from tests.pipeline.conftest import SmallRun, make_small_run

CAUSE = "the folder has no padding token"
FIX = "set pad_token in its tokenizer_config.json"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallRun:
    run = make_small_run(tmp_path)
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    run.change(sources=["real", "pool"], generators=[], students=["tfidf-logreg", "majority"])

    def call_step(arguments: list[str], log: Path, *_: object) -> int:
        """Run a step in this process; a child would not know what was put in its place here."""
        log.parent.mkdir(parents=True, exist_ok=True)
        try:
            return main(arguments)
        except SystemExit as error:
            return int(str(error.code))

    monkeypatch.setattr(run_module, "run_job", call_step)
    monkeypatch.setattr("synth_local.core.signals.die_with_parent", lambda: None)
    monkeypatch.setattr(step, "install_stop_flag", lambda: lambda: False)
    return run


def break_student(monkeypatch: pytest.MonkeyPatch, *names: str, error: Exception) -> None:
    prepare = Trainer.prepare

    def refuse(trainer: Trainer, plan: CellPlan, kept: Any = None) -> object:
        if plan.cell.student in names:
            raise error
        return prepare(trainer, plan, kept)

    monkeypatch.setattr(Trainer, "prepare", refuse)


@pytest.mark.parametrize(
    "error",
    [
        MachineError(CAUSE, where="models/x", fix=FIX),
        EngineError(CAUSE, where="models/x", fix=FIX),
        DataError(CAUSE, where="models/x", fix=FIX),
    ],
)
def test_a_run_whose_cells_all_fail_ends_with_the_first_cause_and_its_exit_code(
    small: SmallRun,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: MachineError,
) -> None:
    break_student(monkeypatch, "tfidf-logreg", "majority", error=error)
    assert main(["run", "run.yaml", "--out", "out"]) == error.exit_code
    said = capfd.readouterr()
    last = said.err[said.err.rindex("error: ") :]
    assert "4 of 4 cells failed" in last
    assert CAUSE in last
    assert "models/x" in last
    assert FIX in last
    assert "run the train stage first" not in said.out + said.err
    assert (small.out / "report" / "report.html").is_file()


def test_a_run_of_which_some_cells_fail_reports_the_others_and_ends_with_the_cause(
    small: SmallRun, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    break_student(monkeypatch, "majority", error=MachineError(CAUSE, fix=FIX))
    assert main(["run", "run.yaml", "--out", "out"]) == 4
    assert "2 of 4 cells failed" in capfd.readouterr().err
    assert "tfidf-logreg" in (small.out / "results.csv").read_text()


def test_scoring_by_itself_says_which_cells_failed_and_why(
    small: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_student(monkeypatch, "tfidf-logreg", "majority", error=MachineError(CAUSE, fix=FIX))
    assert main(["run", "run.yaml", "--out", "out", "--until", "train"]) == 4
    context = Context(RunDir(small.out.resolve()), load_run_file(small.out / "run.yaml"))
    with pytest.raises(JobFailedError) as caught:
        run_evaluate(context)
    assert caught.value.exit_code == 4
    assert CAUSE in caught.value.what
    assert "weather__real__-__-__tfidf-logreg" in caught.value.what
    assert caught.value.fix == FIX
    assert "train.log" in caught.value.where


@pytest.mark.usefixtures("small")
def test_a_bug_in_a_step_leaves_its_words_in_few_where_status_finds_them(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    break_student(monkeypatch, "majority", error=IndexError("index out of range " * 1000))
    assert main(["run", "run.yaml", "--out", "out"]) == 70
    said = capfd.readouterr()
    assert "IndexError: index out of range" in said.err
    assert len(said.out + said.err) < 5000
    capfd.readouterr()
    assert main(["status", "out", "--json"]) == 1
    failures = json.loads(capfd.readouterr().out)["failures"]
    assert any("IndexError" in one["what"] and len(one["what"]) < 500 for one in failures)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (137, "SIGKILL, which is what a machine does"),
        (139, "SIGSEGV"),
        (134, "SIGABRT"),
        (250, "signal 122"),
    ],
)
def test_a_job_that_a_signal_ended_is_told_with_the_end_of_its_log(
    tmp_path: Path, code: int, said: str
) -> None:
    log = tmp_path / "train.log"
    log.write_text("first\n" * 50 + "\n\nloading\n" + "y" * 5000 + "\nthe last words\n")
    told = describe_end("train", code, log)
    assert said in told
    assert "the last words" in told
    assert "first" not in told
    assert len(told) < 700
    error = explain_job(RunDir(tmp_path), "train", code, log)
    assert error.exit_code == 5


def test_lines_of_logs_are_cut(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("error: " + "somebody's words " * 400)
    assert len(last_log_line(log)) <= 300
    assert all(len(line) <= 300 for line in last_log_lines(log))
    assert last_log_line(tmp_path / "none") == ""


def test_a_failure_is_kept_in_few_words_with_its_place(tmp_path: Path) -> None:
    run = RunDir(tmp_path)
    error = DataError("a text: " + "word " * 9000, where="t.csv:11", fix="x" * 90_000)
    record_failure(run, "train", "train-a", error, "log")
    [kept] = read_failures(run)
    assert kept.where == "t.csv:11"
    assert len(kept.what) <= 1000
    assert len(kept.fix) <= 1000


def test_a_failure_that_an_earlier_version_noted_is_read(tmp_path: Path) -> None:
    run = RunDir(tmp_path)
    run.failed.mkdir(parents=True)
    old = {"job": "a", "stage": "train", "what": "w", "fix": "", "exit_code": 5, "log": "l"}
    (run.failed / "a.json").write_text(json.dumps(old))
    assert read_failures(run)[0].where == ""


def test_a_generator_that_was_killed_while_it_classified_is_noted(
    small: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_fake_model(small.folder / "models" / "fake-a")
    small.change(generators=["fake-a"], students=["generator-itself"], sources=["real"])
    context = Context(RunDir(small.out.resolve()), load_run_file(small.run_file))
    store_config(context.config, context.run)
    monkeypatch.setattr(train, "run_job", lambda *_: 137)
    with pytest.raises(JobFailedError, match=r"2 of 2 cells failed; the first, fake-a: .*SIGKILL"):
        train.run_train(context, 0, 1, StopFlag())
    assert "SIGKILL" in read_failures(context.run)[0].what
