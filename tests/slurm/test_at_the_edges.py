"""Hostile names, large arrays, several processes: against the real thing."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.slurm.conftest import SubmittedRun
from tests.train.made_students import make_encoder

pytestmark = [pytest.mark.slow, pytest.mark.slurm]
MakeRun = Callable[..., SubmittedRun]


def read_macro_f1(out: Path) -> list[float]:
    with (out / "results.csv").open() as handle:
        return [
            float(row["value"]) for row in csv.DictReader(handle) if row["metric"] == "macro_f1"
        ]


def test_two_processes_under_srun_train_what_one_trains(make_run: MakeRun) -> None:
    run = make_run()
    run.train_only(epochs=6, min_steps=30)
    run.change_site(stages={"train": {"shards": 1, "processes": 2, "cpus": 1}})
    array = run.submit()["train"]
    run.cluster.wait()
    run.verify()
    marker = next((run.out / "work" / "train" / "cells").glob("*.json"))
    assert json.loads(marker.read_text())["report"]["num_processes"] == 2
    script = (run.out / "work" / "slurm" / "scripts" / "train.sh").read_text()
    assert "srun --kill-on-bad-exit=1" in script
    alone = run.small.folder / "alone"
    done = run.small.call("run", str(run.small.run_file), "--out", str(alone))
    assert done.returncode == 0, done.stderr
    marker = next((alone / "work" / "train" / "cells").glob("*.json"))
    assert json.loads(marker.read_text())["report"]["num_processes"] == 1
    assert read_macro_f1(run.out) == pytest.approx(read_macro_f1(alone), abs=1e-6)
    ours, theirs = (read_probabilities(out) for out in (run.out, alone))
    assert ours == pytest.approx(theirs, abs=2e-3)
    assert "step" in run.log(f"train-{array}-0.out")


def read_probabilities(out: Path) -> list[float]:
    import pyarrow.parquet as pq  # noqa: PLC0415

    table = pq.read_table(next((out / "predictions").glob("*.parquet")))
    return [float(value) for value in table.column("p:sunny").to_pylist()]


def test_a_failing_process_under_srun_fails_the_job(make_run: MakeRun) -> None:
    run = make_run()
    folder = make_encoder(run.small.folder / "models" / "little-bert", dropout=0.0)
    run.small.change(students=["little-bert"], sources=["real"], generators=[], strategies=[])
    run.change_site(stages={"train": {"shards": 1, "processes": 2, "cpus": 1}})
    # whole when it is hashed, broken when it is opened
    broken = folder / "model.safetensors"
    run.change_site(prologue=f"case $SLURM_JOB_NAME in *train*) truncate -s 100 {broken};; esac\n")
    run.submit()
    run.cluster.wait()
    code, status = run.status()
    counts = {job["name"]: job["counts"] for job in status["jobs"]}
    assert (code, counts["train"]) == (1, {"failed": 1})


def test_hostile_names_run_nothing(make_run: MakeRun) -> None:
    run = make_run()
    # the path as a whole is hostile to a shell, its last part to Slurm's reading of options
    out = run.small.folder / "a b'$(touch pwned)\"; touch pwned; #" / "--wrap=touch pwned"
    run = replace(run, small=replace(run.small, out=out))
    run.small.change(generators=[], strategies=[], sources=["pool"])
    run.change_site(job_name="$(touch pwned) `touch pwned` '\"")
    refused = yaml.safe_load(run.site_file.read_text()) | {"account": "x'\n#SBATCH --wrap=x"}
    hostile = run.small.folder / "hostile.yaml"
    hostile.write_text(yaml.safe_dump(refused))
    answer = run.call("submit", str(run.small.run_file), "--site", str(hostile))
    assert (answer.returncode, "account" in answer.stderr) == (2, True)
    jobs = run.submit()
    run.cluster.wait()
    assert run.status()[0] == 0
    run.verify()
    assert (run.out / "logs" / f"evaluate-{jobs['evaluate']}-0.out").is_file()
    assert not list(run.small.folder.parent.rglob("pwned*"))


def test_two_thousand_array_tasks_are_submitted_in_arrays_that_the_cluster_takes(
    make_run: MakeRun,
) -> None:
    run = make_run()
    run.change_site(array={"size": 2000}, stages={"generate": {"shards": 2000}})
    # nothing of it has to run: the first job waits for a node that it cannot have yet
    run.change_site(prologue="sleep 600\n")
    jobs = run.submit()
    parts = [name for name in jobs if name.startswith("generate-fake-a-r0")]
    assert parts == ["generate-fake-a-r0-p0", "generate-fake-a-r0-p1"]
    waiting = [one for one in run.cluster.queue() if one.partition("_")[0] in map(jobs.get, parts)]
    assert len(waiting) == 2000
    done = run.call("cancel", str(run.out))
    assert done.returncode == 0, done.stderr
    run.cluster.wait(60)
