"""What clusters do to jobs: time limits, dead nodes, people with scancel, failures for good."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from synth_local.store.ledger import read_ledger
from synth_local.store.run_dir import CorpusKey, RunDir
from tests.pipeline.conftest import SmallRun
from tests.slurm.conftest import SubmittedRun, read_corpora
from tests.slurm.test_submission import check_same

pytestmark = [pytest.mark.slow, pytest.mark.slurm]
MakeRun = Callable[..., SubmittedRun]
SLOW_MS = 200  # 16 s a shard: a shard under way is still under way when a busy machine gets to it


def count_texts(run: SubmittedRun) -> int:
    keys = [CorpusKey("weather", "fake-a", name) for name in ("zero_shot", "few_shot")]
    return sum(len(read_ledger(RunDir(run.out).ledger(key))) for key in keys)


def started(run: SubmittedRun, task: str) -> int:
    """Return how often a task was started again."""
    mark = run.out / "work" / "slurm" / "tasks" / f"{task}.started"
    return int(mark.read_text().split()[0])


def test_a_shard_that_meets_its_time_limit_drains_and_goes_on(
    make_run: MakeRun, local_run: SmallRun
) -> None:
    # 80 texts a shard: longer than the half minute that Slurm may take to look at the time
    run = make_run(delay_ms=800, per_step=1)
    run.change_site(requeue={"warn_seconds": 20})
    array = run.submit()["generate-fake-a-r0"]
    run.cluster.until(lambda: run.has_begun(f"{array}_1") and count_texts(run), 90, "some texts")
    # the last task has the array's own id: a requeue by that would start the other one again too
    # Slurm looks every 30 s, and warns where less than warn_seconds + 30 s are left: with more than
    # 30 s to go it always warns before it ends the job, with less it may do both at once
    soon = (datetime.now() + timedelta(seconds=45)).isoformat(timespec="seconds")  # noqa: DTZ005
    run.cluster.call("scontrol", "update", f"JobId={array}_1", f"EndTime={soon}")
    name = f"generate-{array}-1.out"
    run.cluster.until(lambda: "back in the queue" in run.log(name), 120, "the requeue")
    # the end that was asked for left a limit of under a minute behind
    run.cluster.call("scontrol", "update", f"JobId={array}_1", "TimeLimit=00:10:00")
    run.cluster.wait()
    log = run.log(name)
    assert "all of them are stored" in log
    assert "back in the queue" in log
    assert (started(run, f"{array}_0"), started(run, f"{array}_1")) == (0, 1)
    assert "everything is written" not in log
    run.verify()
    assert read_corpora(run.out) == read_corpora(local_run.out)


def test_scancel_of_one_array_task_is_mended_by_submit(
    make_run: MakeRun, local_run: SmallRun
) -> None:
    run = make_run(delay_ms=SLOW_MS, per_step=1)
    array = run.submit()["generate-fake-a-r0"]
    run.cluster.until(lambda: run.has_begun(f"{array}_1") and count_texts(run), 90, "some texts")
    run.cluster.call("scancel", f"{array}_1")
    run.cluster.wait()
    code, status = run.status()
    assert code == 1
    jobs = {job["name"]: job for job in status["jobs"]}
    assert jobs["generate-fake-a-r0"]["counts"] == {"done": 1, "failed": 1}
    assert jobs["curate-fake-a-r0"]["counts"] == {"not run": 2}
    assert jobs["generate-fake-a-r0"]["failed"][0]["task"] == f"{array}_1"
    assert "submit" in jobs["generate-fake-a-r0"]["failed"][0]["fix"]
    again = run.submit()
    run.cluster.wait()
    # shard 0 was done and was not asked for again
    marks = run.out / "work" / "slurm" / "tasks"
    assert not (marks / f"{again['generate-fake-a-r0']}_0.started").exists()
    run.verify()
    assert read_corpora(run.out) == read_corpora(local_run.out)


def test_a_task_that_fails_for_good_ends_what_waits_for_it_and_is_named(make_run: MakeRun) -> None:
    run = make_run()
    trouble = 'echo "error: no such module: cuda/99" >&2; exit 3'
    run.change_site(prologue=f"case $SLURM_JOB_NAME in *generate*) {trouble};; esac\n")
    jobs = run.submit()
    run.cluster.wait(120)  # nothing waits for ever
    shown = run.call("status", str(run.out))
    assert shown.returncode == 1
    assert "no such module: cuda/99" in shown.stderr
    assert f"generate-{jobs['generate-fake-a-r0']}-0.out" in shown.stderr
    assert "synth-local submit" in shown.stderr
    _, status = run.status()
    counts = {job["name"]: job["counts"] for job in status["jobs"]}
    assert counts["generate-fake-a-r0"] == {"failed": 2}
    assert counts["train"] == {"not run": 2}
    run.change_site(prologue="")
    run.submit()
    run.cluster.wait()
    assert run.status()[0] == 0
    run.verify()


def test_cancel_ends_everything_and_submit_goes_on_also_in_one_shard(
    make_run: MakeRun, local_run: SmallRun
) -> None:
    # 16 s again: one shard writes all
    run = make_run(delay_ms=SLOW_MS // 2, per_step=1)
    run.change_site(stages={"generate": {"shards": 1}})
    run.submit()
    run.cluster.until(lambda: count_texts(run), 90, "some texts")
    done = run.call("cancel", str(run.out))
    assert done.returncode == 0, done.stderr
    run.cluster.wait(60)
    written = count_texts(run)
    time.sleep(1)
    assert count_texts(run) == written
    jobs = run.submit()
    run.cluster.wait()
    check_same(run, local_run)
    code, status = run.status()
    assert code == 0
    assert all(set(job["counts"]) == {"done"} for job in status["jobs"])
    logs = {path.name for path in (run.out / "logs").iterdir()}
    assert f"generate-{jobs['generate-fake-a-r0']}-0.out" in logs


def test_no_requeue_at_a_site_that_forbids_it_ends_with_the_line_that_goes_on(
    make_run: MakeRun,
) -> None:
    run = make_run(delay_ms=SLOW_MS, per_step=1)
    run.change_site(requeue={"allowed": False, "warn_seconds": 20})
    array = run.submit()["generate-fake-a-r0"]
    run.cluster.until(lambda: run.has_begun(f"{array}_0") and count_texts(run), 90, "some texts")
    run.cluster.call("scancel", "--signal=USR1", "--batch", f"{array}_0")
    run.cluster.wait()
    assert "synth-local submit" in run.log(f"generate-{array}-0.out").splitlines()[-1]
    assert run.status()[0] == 1
    run.submit()
    run.cluster.wait()
    run.verify()


def test_a_training_goes_on_after_its_node_died(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    run.train_only(epochs=40, checkpoint_minutes=0.05)
    run.change_site(stages={"train": {"shards": 1, "cpus": 2}})
    array = run.submit()["train"]
    states = run.out / "work" / "train" / "checkpoints"
    run.cluster.until(lambda: list(states.rglob("latest.json")), 120, "a stored state")
    node = run.cluster.call("squeue", "-h", "-r", "-j", f"{array}_0", "-o", "%N").strip()
    try:
        run.cluster.control("node-kill", node)
    finally:
        run.cluster.control("node-start", node)
    run.cluster.wait()
    log = run.log(f"train-{array}-0.out")
    assert "restart 1" in log
    assert "going on after step" in log
    run.verify()
    assert not list(states.rglob("latest.json"))
    unbroken = run.small.call("run", str(run.small.run_file), "--out", str(tmp_path / "unbroken"))
    assert unbroken.returncode == 0, unbroken.stderr
    ours = (run.out / "results.csv").read_text()
    assert ours == (tmp_path / "unbroken" / "results.csv").read_text()


def test_a_training_that_is_warned_goes_on_from_where_it_was(make_run: MakeRun) -> None:
    run = make_run()
    run.train_only(epochs=40)
    run.change_site(stages={"train": {"shards": 1, "cpus": 2}})
    array = run.submit()["train"]
    log = run.out / "logs" / f"train-{array}-0.out"
    run.cluster.until(lambda: log.is_file() and "step " in log.read_text(), 120, "some steps")
    run.cluster.call("scancel", "--signal=USR1", "--batch", f"{array}_0")
    run.cluster.wait()
    assert "no step is lost" in log.read_text()
    assert "going on after step" in log.read_text()
    run.verify()
    assert len(list((run.out / "students").iterdir())) == 1
