"""On CPUs cells train beside each other, and neither results nor endings depend on how many do."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from synth_local.backends.local import LocalJob
from synth_local.cli.main import main
from synth_local.config import load_run_file
from synth_local.core.hashing import digest_file
from synth_local.errors import MachineError
from synth_local.pipeline import run_local as run_module
from synth_local.pipeline import side_by_side, step
from synth_local.pipeline.side_by_side import count_trainings, cut_into_shards
from synth_local.pipeline.steps import train
from synth_local.run.cells import CellPlan
from synth_local.run.context import Context
from synth_local.run.models import Models
from synth_local.store.markers import Progress, sum_progress
from synth_local.store.run_dir import RunDir
from tests.pipeline.conftest import SmallRun, make_small_run
from tests.pipeline.test_kills import processes_of

GIB = 2**30


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallRun:
    run = make_small_run(tmp_path)
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    run.change(sources=["real", "pool"], generators=[], students=["scratch-bert", "majority"])
    set_machine(monkeypatch, cores=2)
    return run


def set_machine(
    monkeypatch: pytest.MonkeyPatch, cores: int, free: int | None = None, gpu: bool = False
) -> None:
    monkeypatch.setattr(side_by_side, "count_cores", lambda: cores)
    monkeypatch.setattr(side_by_side, "find_free_memory", lambda: free)
    monkeypatch.setattr(side_by_side, "has_gpu", lambda: gpu)


def open_run(small: SmallRun) -> tuple[Models, list[CellPlan]]:
    context = Context(RunDir(small.out.resolve()), load_run_file(small.run_file))
    return context.models, context.look().cells


def call_in_this_process(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Let ``run`` call its jobs here, one after the other; return what is called."""
    called: list[list[str]] = []

    def call(arguments: Sequence[str], *_: object) -> int:
        called.append(list(arguments))
        try:
            return main(list(arguments))
        except SystemExit as error:
            return int(str(error.code))

    def call_all(jobs: Sequence[LocalJob], *_: object) -> list[int]:
        return [call(job.arguments) for job in jobs]

    monkeypatch.setattr(run_module, "run_job", call)
    monkeypatch.setattr(run_module, "run_jobs", call_all)
    monkeypatch.setattr("synth_local.core.signals.die_with_parent", lambda: None)
    monkeypatch.setattr(step, "install_stop_flag", lambda: lambda: False)
    return called


def test_as_many_train_as_there_are_cores_cells_and_memory(
    small: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.change(seeds=[0, 1, 2])
    models, cells = open_run(small)
    stepped = [plan for plan in cells if plan.cell.student == "scratch-bert"]
    solved = [plan for plan in cells if plan.cell.student == "majority"]
    assert count_trainings(models, cells) == 2
    set_machine(monkeypatch, cores=64)
    assert count_trainings(models, cells) == len(stepped)
    assert count_trainings(models, stepped[:2]) == 2
    assert count_trainings(models, solved) == 1
    assert count_trainings(models, []) == 1
    set_machine(monkeypatch, cores=64, free=3 * GIB + GIB // 2)
    assert count_trainings(models, cells) == 3
    set_machine(monkeypatch, cores=64, free=1000)
    assert count_trainings(models, cells) == 1
    set_machine(monkeypatch, cores=64, gpu=True)
    assert count_trainings(models, cells) == 1


def test_a_large_student_takes_the_memory_of_its_weights_four_times(
    small: SmallRun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    models, cells = open_run(small)
    folder = tmp_path / "large"
    folder.mkdir()
    with (folder / "model.safetensors").open("wb") as handle:
        handle.truncate(GIB // 2)  # takes no space
    monkeypatch.setattr(Models, "find_student", lambda *_: folder)
    large = [replace(plan, cell=replace(plan.cell, student="large")) for plan in cells]
    set_machine(monkeypatch, cores=64, free=7 * GIB)
    assert count_trainings(models, large) == 2


def test_every_cell_that_is_left_is_in_one_shard_and_empty_shards_are_not_called(
    small: SmallRun,
) -> None:
    small.change(seeds=[0, 1, 2, 3])
    _, cells = open_run(small)
    assert sum(cut_into_shards(cells, cells, 2).values()) == len(cells)
    assert cut_into_shards(cells, cells[1:2], 2) == {1: 1}
    assert cut_into_shards(cells, [], 2) == {}


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_shards_and_threads_change_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch  # noqa: PLC0415 - seconds

    called = call_in_this_process(monkeypatch)
    before = torch.get_num_threads()
    digests = []
    for cores, threads in ((2, 2), (1, 1)):
        set_machine(monkeypatch, cores=cores)
        torch.set_num_threads(threads)
        out = f"out{cores}"
        try:
            assert main(["run", "run.yaml", "--out", out, "--until", "train"]) == 0
        finally:
            now = torch.get_num_threads()
            torch.set_num_threads(before)
        assert now == threads  # what was set for the training is set back
        cells = sorted(Path(out, "students").rglob("*.safetensors"))
        digests.append([digest_file(path) for path in cells])
    assert digests[0] == digests[1]
    assert digests[0]
    shards = [one[one.index("--shard") + 1] if "--shard" in one else "" for one in called]
    assert shards == ["0/2", "1/2", ""]


@pytest.mark.usefixtures("small")
def test_failures_of_several_jobs_are_told_as_those_of_one(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    cause = MachineError("the disk is full", where="out", fix="make room")

    def fail(*_: object) -> None:
        raise cause

    called = call_in_this_process(monkeypatch)
    monkeypatch.setattr(train.Trainer, "train", fail)
    assert main(["run", "run.yaml", "--out", "out", "--until", "train"]) == 4
    said = capfd.readouterr().err
    last = said[said.rindex("error: ") :]
    [(failed, total)] = re.findall(r"(\d+) of (\d+) cells failed; the first, weather__real", last)
    assert failed == total  # of both jobs together
    assert len(called) == 2
    assert len(list(Path("out/work/failed").glob("train-weather__*"))) == int(total)
    assert cause.what in last
    assert cause.fix in last


def test_jobs_beside_each_other_show_one_progress() -> None:
    jobs = ["train-0", "train-1"]
    reports = [
        Progress("train-0", 2, 5, "a", 11.0),
        Progress("train-1", 1, 4, "b", 12.0),
        Progress("train-1-of-9", 9, 9, "of another cut", 13.0),
        Progress("train-0", 7, 7, "of an earlier call", 9.0),
    ]
    assert sum_progress(reports, "train", jobs, 9, 10.0) == [Progress("train", 3, 9, "b", 12.0)]
    assert sum_progress(reports, "train", jobs, 9, 14.0) == []


@pytest.mark.slow
@pytest.mark.cores
def test_an_interrupt_drains_all_trainings_and_the_same_command_goes_on(small: SmallRun) -> None:
    small.change(sources=["real"], students=["scratch-bert"], seeds=[0, 1])
    small.change(train={"epochs": 60, "batch": 8, "learning_rate": 1e-3, "max_length": 32})
    command = [sys.executable, "-m", "synth_local", "run", str(small.run_file), "--out", "out"]
    command += ["--until", "train"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    logs = [small.out / "logs" / f"train-0000{number}-of-00002.log" for number in (0, 1)]
    until = time.monotonic() + 120
    while not all(path.exists() and "step " in path.read_text() for path in logs):
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert not processes_of(small.folder)
    assert all("no step is lost" in path.read_text() for path in logs)
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert all("going on after step" in path.read_text() for path in logs)
    markers = list((small.out / "work" / "train" / "cells").glob("*.json"))
    assert len(markers) == 2
    for marker in markers:
        assert json.loads(marker.read_text())["report"]["num_processes"] == 1
