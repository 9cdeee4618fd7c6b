"""A run as Slurm jobs on two nodes gives what a run on one machine gives."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.conftest import SmallRun
from tests.slurm.conftest import SubmittedRun, read_corpora

pytestmark = [pytest.mark.slow, pytest.mark.slurm]
MakeRun = Callable[..., SubmittedRun]


def read_results(out: Path) -> dict[tuple[str, ...], float]:
    with (out / "results.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    return {
        tuple(text for name, text in row.items() if name != "value"): float(row["value"])
        for row in rows
    }


def check_same(submitted: SubmittedRun, local: SmallRun) -> None:
    assert read_corpora(submitted.out) == read_corpora(local.out)
    ours, theirs = read_results(submitted.out), read_results(local.out)
    assert ours.keys() == theirs.keys()
    assert ours == pytest.approx(theirs, abs=1e-3)
    submitted.verify()


def test_the_jobs_make_what_a_local_run_makes_and_the_first_alone_reads_weights(
    make_run: MakeRun, local_run: SmallRun
) -> None:
    run = make_run()
    run.change_site(stages={"generate": {"shards": 5}})
    jobs = run.submit()
    assert run.call("status", str(run.out)).returncode == 0
    refused = run.call("run", str(run.small.run_file), "--out", str(run.out))
    assert refused.returncode == 2
    assert "live jobs" in refused.stderr
    run.cluster.wait()
    digests = run.out / "work" / "digests.json"
    prepared = run.out / "work" / "slurm" / "tasks" / f"{jobs['prepare']}.ended"
    # the cache is written where a file is read, and nowhere else
    assert digests.stat().st_mtime <= prepared.stat().st_mtime
    check_same(run, local_run)
    code, status = run.status()
    assert code == 0
    assert all(set(job["counts"]) == {"done"} for job in status["jobs"])
    assert all(stage["is_done"] for stage in status["stages"])
    logs = {path.name for path in (run.out / "logs").iterdir()}
    array = jobs["generate-fake-a-r0"]
    assert {f"generate-{array}-{task}.out" for task in range(5)} <= logs
    again = run.call("submit", *run.files)
    assert (again.returncode, "nothing to submit" in again.stdout) == (0, True)


def test_a_node_that_dies_while_texts_are_written_changes_nothing(
    make_run: MakeRun, local_run: SmallRun
) -> None:
    run = make_run(delay_ms=200, per_step=1)
    array = run.submit()["generate-fake-a-r0"]
    ledger = run.out / "work" / "generate"
    run.cluster.until(
        lambda: (
            run.has_begun(f"{array}_1")
            and sum(path.read_bytes().count(b"\n") for path in ledger.rglob("*.jsonl")) > 10
        ),
        90,
        "some texts",
    )
    node = run.cluster.call("squeue", "-h", "-r", "-j", f"{array}_1", "-o", "%N").strip()
    assert node, "the task had ended before its node could die"
    try:
        run.cluster.control("node-kill", node)
    finally:
        run.cluster.control("node-start", node)
    run.cluster.wait()
    assert "started again, restart 1" in run.log(f"generate-{array}-1.out")
    check_same(run, local_run)
