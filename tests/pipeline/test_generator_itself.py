"""The generator itself as a classifier, from the run file to the report."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from synth_local.engines.fake import write_fake_model
from tests.pipeline.conftest import WORDS, SmallRun, make_small_run
from tests.pipeline.real_model import RealModel
from tests.pipeline.test_kills import processes_of

CLUES = {word: label for label, words in WORDS.items() for word in words}
RIGHT = 0.9


def make_run(folder: Path, **values: Any) -> SmallRun:
    small = make_small_run(folder, clues=CLUES, right_share=RIGHT)
    keys = {"students": ["tfidf-logreg", "generator-itself"], "sources": ["real"], "seeds": [0, 1]}
    small.change(**keys | values)
    return small


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    small = make_run(tmp_path_factory.mktemp("itself"))
    result = small.run()
    assert result.returncode == 0, result.stdout + result.stderr
    return small


def read_results(small: SmallRun) -> list[dict[str, str]]:
    with (small.out / "results.csv").open() as handle:
        return [row for row in csv.DictReader(handle) if row["student"] == "generator-itself"]


def cell_name(strategy: str, seed: int) -> str:
    return f"weather__-__fake-a__{strategy}__generator-itself__n0__s{seed}"


def read_predictions(small: SmallRun, strategy: str, seed: int) -> list[dict[str, Any]]:
    path = small.out / "predictions" / f"{cell_name(strategy, seed)}.parquet"
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def list_asked(small: SmallRun) -> list[str]:
    """Return the strategy and seed of every question that was put, in order."""
    log = small.out / "logs" / "train-fake-a.log"
    lines = log.read_text().splitlines() if log.is_file() else []
    names = [line.split()[3].rstrip(":") for line in lines if " tokens" in line and "INFO" in line]
    return [f"{name.split('__')[3]} {name.rpartition('__')[2]}" for name in names]


def test_its_rows_stand_in_results_without_a_source(finished: SmallRun) -> None:
    rows = [row for row in read_results(finished) if row["metric"] == "accuracy"]
    assert [(row["strategy"], row["seed"]) for row in rows] == [
        ("zero_shot", "0"), ("zero_shot", "1"), ("few_shot", "0"), ("few_shot", "1"),
    ]  # fmt: skip
    assert {(row["source"], row["generator"], row["num_train"]) for row in rows} == {
        ("", "fake-a", "0")
    }
    assert all(abs(float(row["value"]) - RIGHT) < 0.12 for row in rows)


def test_probabilities_sum_to_one_and_seeds_draw_exemplars_alone(finished: SmallRun) -> None:
    rows = read_predictions(finished, "few_shot", 0)
    assert len(rows) == 80
    assert all(row["p:sunny"] + row["p:rainy"] == pytest.approx(1.0) for row in rows)
    assert rows != read_predictions(finished, "few_shot", 1)
    assert read_predictions(finished, "zero_shot", 0) == read_predictions(finished, "zero_shot", 1)
    assert list_asked(finished) == ["zero_shot s0", "few_shot s0", "few_shot s1"]
    assert not list((finished.out / "students").glob("*generator-itself*"))


def test_a_finished_run_is_proven_and_repeated_without_work(finished: SmallRun) -> None:
    assert "nothing to do" in finished.run().stdout
    assert finished.call("verify", str(finished.out)).returncode == 0
    status = json.loads(finished.call("status", str(finished.out), "--json").stdout)
    train = next(one for one in status["stages"] if one["stage"] == "train")
    assert (train["done"], train["total"]) == (2 + 4, 2 + 4)
    plan = json.loads(finished.call("plan", str(finished.run_file), "--json").stdout)
    assert plan["num_cells"] == 6
    assert plan["estimate"]["classify_tokens"] > 1000


def test_it_is_compared_with_nothing_and_named_in_the_report(finished: SmallRun) -> None:
    summary = json.loads((finished.out / "work" / "evaluate" / "summary.json").read_text())
    students = {one["condition"]["student"] for one in summary["summary"]["differences"]}
    assert "generator-itself" not in students
    assert summary["summary"]["omitted"] == []
    page = (finished.out / "report" / "report.html").read_text()
    assert "weather, the generator itself" in page
    assert "undefined (not compared with real)" not in page
    with (finished.out / "report" / "tables" / "results.csv").open() as handle:
        rows = [one for one in csv.DictReader(handle) if one["student"] == "generator-itself"]
    assert [(one["source"], one["strategy"], one["difference"]) for one in rows] == [
        ("", "zero_shot", ""), ("", "few_shot", ""),
    ]  # fmt: skip


def test_its_exemplars_are_set_against_none(finished: SmallRun) -> None:
    stored = json.loads((finished.out / "work" / "evaluate" / "summary.json").read_text())
    [row] = stored["summary"]["paired"]  # no student was trained on its texts
    assert (row["kind"], row["condition"]["strategy"], row["partner"]["strategy"]) == (
        "exemplars", "few_shot", "zero_shot",
    )  # fmt: skip
    assert row["difference"] == pytest.approx(row["score"] - row["partner_score"])
    assert row["interval"]["low"] < row["difference"] < row["interval"]["high"]
    page = (finished.out / "report" / "report.html").read_text()
    assert "Of 1 rows" in page
    assert "that takes generator-itself under students" in page


def test_two_runs_are_compared_by_it(finished: SmallRun, tmp_path: Path) -> None:
    again = make_run(tmp_path, students=["generator-itself"])
    assert again.run("--until", "evaluate").returncode == 0
    result = finished.call("compare", str(finished.out), str(again.out))
    assert result.returncode == 0, result.stderr
    assert "generator-itself" in result.stdout


def test_only_what_decides_its_answers_asks_again(tmp_path: Path) -> None:
    small = make_run(tmp_path, students=["generator-itself"])
    assert small.run("--until", "train").returncode == 0
    first = list_asked(small)
    few_shot = read_predictions(small, "few_shot", 0)
    small.change(train={"epochs": 5}, per_label=10)
    assert small.run("--until", "train").returncode == 0
    assert list_asked(small) == first
    small.change(generate={"chain_length": 4, "shots": 3})
    result = small.run("--until", "train")
    assert result.returncode == 0, result.stderr
    assert list_asked(small) == [*first, "few_shot s0", "few_shot s1"]
    assert read_predictions(small, "few_shot", 0) != few_shot
    small.change(generate={"chain_length": 4, "shots": 2}, seeds=[0, 1, 2])
    assert small.run("--until", "train").returncode == 0
    # what was set aside came back; the third seed's zero-shot answers are those of the others
    assert list_asked(small) == [*first, "few_shot s0", "few_shot s1", "few_shot s2"]
    assert read_predictions(small, "few_shot", 0) == few_shot
    assert read_predictions(small, "zero_shot", 2) == read_predictions(small, "zero_shot", 0)
    write_fake_model(small.folder / "models" / "fake-a", clues=CLUES, right_share=0.5)
    assert small.run("--until", "train").returncode == 0
    assert len(list_asked(small)) == len(first) + 3 + 4
    assert small.call("verify", str(small.out)).returncode == 0


def test_several_processes_are_refused_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = make_run(tmp_path, students=["generator-itself"])
    assert small.run("--until", "measure").returncode == 0
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    result = small.call("step", "train", "--run", str(small.out))
    assert result.returncode == 5, result.stderr
    assert "classifies in one process" in result.stderr
    monkeypatch.delenv("WORLD_SIZE")
    monkeypatch.delenv("RANK")
    by_hand = ("step", "train", "--run", str(small.out), "--generator", "fake-a")
    assert small.call(*by_hand).returncode == 0
    assert "nothing to do" in small.run("--until", "train").stdout


def test_a_stop_reaches_the_generator_and_a_kill_leaves_no_process(tmp_path: Path) -> None:
    small = make_run(tmp_path, students=["generator-itself"], seeds=[0, 1, 2, 3])
    write_fake_model(small.folder / "models" / "fake-a", clues=CLUES, delay_ms=3000)
    assert small.run("--until", "measure").returncode == 0
    log = small.out / "logs" / "train-fake-a.log"
    progress = small.out / "work" / "progress" / "train-fake-a.json"
    for number, code in ((signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)):
        progress.unlink(missing_ok=True)
        process = start_step(small)
        give_up = time.monotonic() + 120
        # one question is answered, the next one is under way
        while not progress.is_file() and time.monotonic() < give_up:
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(timeout=60) == code
        time.sleep(1)
        assert not processes_of(small.folder)
    assert "stopped after" in log.read_text()
    assert small.run("--until", "train").returncode == 0


def start_step(small: SmallRun) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "synth_local", "step", "train", "--run", str(small.out)],
        env={**os.environ, "SYNTH_LOCAL_MODELS": str(small.folder / "models")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_generator_that_cannot_be_asked_leaves_the_other_cells(tmp_path: Path) -> None:
    small = make_run(tmp_path)
    write_fake_model(small.folder / "models" / "fake-a", context_length=20)
    result = small.run()
    assert result.returncode == 5, result.stdout + result.stderr
    assert "4 of 6 cells failed" in result.stderr + result.stdout
    status = json.loads(small.call("status", str(small.out), "--json").stdout)
    assert any("leaves no room" in one["what"] for one in status["failures"])
    assert "tfidf-logreg" in (small.out / "results.csv").read_text()


def test_it_needs_a_generator(tmp_path: Path) -> None:
    small = make_run(tmp_path, generators=[])
    result = small.call("plan", str(small.run_file))
    assert result.returncode == 2
    assert "generator-itself needs generators" in result.stderr


def ask_model(real_model: RealModel, folder: Path, engine: str) -> dict[str, list[dict[str, Any]]]:
    """Return the predictions of a real model's cells, by strategy."""
    small = real_model.make_run(folder)
    small.change(students=["generator-itself"], sources=["real"], seeds=[0])
    result = small.run("--engine", engine, "--until", "train")
    assert result.returncode == 0, result.stdout + result.stderr
    found = {}
    for strategy in ("zero_shot", "few_shot"):
        [path] = (small.out / "predictions").glob(f"*__{strategy}__generator-itself__*")
        found[strategy] = pq.read_table(path).to_pylist()
        assert all(0 < row["p:sunny"] < 1 for row in found[strategy])
        assert len({row["p:sunny"] for row in found[strategy]}) > 40
    return found


@pytest.mark.slow
def test_a_real_model_is_asked_through_transformers(real_model: RealModel, tmp_path: Path) -> None:
    first = ask_model(real_model, tmp_path / "first", "transformers")
    assert first["zero_shot"] != first["few_shot"]


@pytest.mark.slow
@pytest.mark.vllm
def test_vllm_and_transformers_say_the_same(real_model: RealModel, tmp_path: Path) -> None:
    theirs = ask_model(real_model, tmp_path / "vllm", "vllm")
    ours = ask_model(real_model, tmp_path / "transformers", "transformers")
    for strategy, rows in ours.items():
        assert [row["p:sunny"] for row in theirs[strategy]] == pytest.approx(
            [row["p:sunny"] for row in rows], abs=1e-3
        )
