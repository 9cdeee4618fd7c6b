"""Batch scripts at work: run by bash, with stand-ins for the step and for ``scontrol``."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.backends.made_scripts import Bench, make_part

TRAIN = make_part(("train",))
SHARDS = make_part(("generate", "--generator", "a"), num_shards=7, array_size=3)
END = make_part(("evaluate",), ("report",))
WAIT = "wait_for(signal.SIGUSR1, signal.SIGTERM)"
ARRAY = {"SLURM_JOB_ID": "7", "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "2"}
RUNNING = "JobId=7 JobState=RUNNING Reason=None"


def list_shards(bench: Bench) -> list[str]:
    return [step[-1] for step in bench.steps if isinstance(step, list)]


def list_requeues(bench: Bench) -> list[str]:
    return [call for call in bench.calls if call.startswith("requeue")]


def test_a_step_that_succeeds_is_noted_with_its_start_and_end(tmp_path: Path) -> None:
    bench = Bench(tmp_path, variables={"SLURM_RESTART_COUNT": "2"})
    code, said = bench.finish(TRAIN)
    assert (code, said) == (0, "7: started again, restart 2\n")
    words = ["-m", "synth_local", "step", "train", "--run", str(bench.run)]
    assert bench.steps == [words]
    assert bench.mark("7.started").split()[0] == "2"
    assert len(bench.mark("7.started").split()) == 2  # and the host
    assert bench.mark("7.ended") == "0"
    assert bench.calls == []


def test_a_failing_step_gives_its_exit_code_to_the_job(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "sys.exit(5)")
    code, _ = bench.finish(TRAIN)
    assert code == 5
    assert bench.mark("7.ended") == "5"
    assert bench.calls == []


def test_the_step_knows_its_job_and_its_log(tmp_path: Path) -> None:
    bench = Bench(tmp_path, variables=ARRAY)
    bench.body = 'print(os.environ["SYNTH_LOCAL_JOB"], os.environ["SYNTH_LOCAL_LOG"])'
    _, said = bench.finish(SHARDS)
    assert set(said.splitlines()) == {f"7_2 {bench.run}/logs/generate-7-2.out"}


def test_an_array_task_does_every_shard_of_its_stride(tmp_path: Path) -> None:
    for task, shards in {"0": ["0/7", "3/7", "6/7"], "2": ["2/7", "5/7"]}.items():
        folder = tmp_path / task
        folder.mkdir()
        bench = Bench(folder, variables={**ARRAY, "SLURM_ARRAY_TASK_ID": task})
        assert bench.finish(SHARDS)[0] == 0
        assert list_shards(bench) == shards
        assert bench.mark(f"7_{task}.ended") == "0"


def test_a_failing_shard_does_not_stop_the_others_and_the_first_failure_counts(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path, "shard = sys.argv[-1]\n", variables={**ARRAY})
    bench.variables["SLURM_ARRAY_TASK_ID"] = "0"
    bench.body += "sys.exit({'0/7': 0, '3/7': 5, '6/7': 4}[shard])"
    code, _ = bench.finish(SHARDS)
    assert list_shards(bench) == ["0/7", "3/7", "6/7"]
    assert code == 5
    assert bench.mark("7_0.ended") == "5"


def test_the_report_is_written_although_the_scores_failed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "sys.exit(3 if sys.argv[4] == 'evaluate' else 0)")
    code, _ = bench.finish(END)
    assert [step[3] for step in bench.steps] == ["evaluate", "report"]
    assert (code, bench.mark("7.ended")) == (3, "3")


def test_a_warned_step_drains_and_the_task_alone_goes_back_into_the_queue(tmp_path: Path) -> None:
    bench = Bench(tmp_path, WAIT, variables=ARRAY)
    code, said = bench.interrupt(SHARDS, signal.SIGUSR1)
    assert code == 130
    assert bench.steps[1:] == ["SIGUSR1"]  # and the next shard was not begun
    # the last task of an array has the array's own id as SLURM_JOB_ID
    assert list_requeues(bench) == ["requeue 7_2"]
    assert bench.mark("7_2.ended") == "130 requeued"
    assert "7_2: stopped at a safe place and back in the queue" in said


def test_a_warned_step_that_still_finishes_is_done_and_not_requeued(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "wait_for(signal.SIGUSR1, code=0)")
    code, _ = bench.interrupt(TRAIN, signal.SIGUSR1)
    assert (code, bench.mark("7.ended"), bench.calls) == (0, "0", [])


def test_a_warned_step_that_fails_is_a_failure_and_not_requeued(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "wait_for(signal.SIGUSR1, code=5)")
    code, _ = bench.interrupt(TRAIN, signal.SIGUSR1)
    assert (code, bench.mark("7.ended"), bench.calls) == (5, "5", [])


def test_a_shard_that_ended_well_after_the_warning_is_the_last_of_its_task(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "wait_for(signal.SIGUSR1, code=0)", variables=ARRAY)
    code, _ = bench.interrupt(SHARDS, signal.SIGUSR1)
    assert (code, list_shards(bench), list_requeues(bench)) == (130, ["2/7"], ["requeue 7_2"])


def test_a_step_that_the_warning_met_before_it_could_listen_goes_on_later(tmp_path: Path) -> None:
    bench = Bench(tmp_path, 'Path(os.environ["STUB_READY"]).write_text("x")\nsignal.pause()')
    code, _ = bench.interrupt(TRAIN, signal.SIGUSR1)
    assert (code, list_requeues(bench), bench.mark("7.ended")) == (
        130,
        ["requeue 7"],
        "130 requeued",
    )


def test_a_site_without_requeueing_is_told_how_to_go_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path, WAIT, site={"requeue": {"allowed": False}})
    code, said = bench.interrupt(TRAIN, signal.SIGUSR1)
    assert code == 130
    assert bench.calls == []
    assert said.splitlines()[-1] == f"synth-local submit --out '{bench.run}'"
    assert said.splitlines()[-2].startswith("error: the job had to stop")
    assert bench.mark("7.ended") == "130"


def test_a_requeue_that_slurm_refuses_is_a_failure_that_says_how_to_go_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path, WAIT, variables={"STUB_CODE": "1"})
    code, said = bench.interrupt(TRAIN, signal.SIGUSR1)
    assert (code, bench.mark("7.ended")) == (130, "130")
    assert said.splitlines()[-1] == f"synth-local submit --out '{bench.run}'"


@pytest.mark.parametrize(
    ("state", "comes_back"),
    [
        ("JobId=7 JobState=CANCELLED Reason=None", False),
        ("JobId=7 JobState=COMPLETING Reason=None", False),
        ("JobId=7 JobState=PREEMPTED Reason=None", False),
        ("", False),  # nobody answers: Slurm's own requeue is left to do it
        ("JobId=7 JobState=COMPLETING Reason=TimeLimit", True),
        (RUNNING, True),
    ],
)
def test_a_termination_is_only_answered_by_a_requeue_where_nobody_asked_for_the_end(
    tmp_path: Path, state: str, comes_back: bool
) -> None:
    bench = Bench(tmp_path, WAIT, variables={"STUB_SAYS": state, **ARRAY})
    code, said = bench.interrupt(SHARDS, signal.SIGTERM)
    assert code == 130
    # the step drains on USR1, however the job was told
    assert bench.steps[1:] == ["SIGUSR1"]
    assert bench.calls[0] == "show job -o 7_2"
    assert list_requeues(bench) == (["requeue 7_2"] if comes_back else [])
    assert bench.mark("7_2.ended") == ("130 requeued" if comes_back else "130")
    assert ("synth-local submit" in said) != comes_back


@pytest.mark.parametrize(("restarts", "goes_on"), [("2", True), ("3", False)])
def test_a_job_that_comes_back_too_often_ends_with_a_reason(
    tmp_path: Path, restarts: str, goes_on: bool
) -> None:
    bench = Bench(tmp_path, site={"requeue": {"limit": 2}})
    bench.variables = {"SLURM_RESTART_COUNT": restarts}
    code, said = bench.finish(TRAIN)
    assert code == (0 if goes_on else 75)
    assert bool(bench.steps) == goes_on
    assert bench.mark("7.ended") == str(code)
    if not goes_on:
        last = said.splitlines()[-1]
        assert last.startswith("error: requeued 3 times")
        assert "requeue.limit is 2" in last


def test_a_second_start_forgets_how_the_first_ended(tmp_path: Path) -> None:
    bench = Bench(tmp_path, WAIT)
    bench.interrupt(TRAIN, signal.SIGUSR1)
    assert bench.mark("7.ended") == "130 requeued"
    ended = bench.run / "work" / "slurm" / "tasks" / "7.ended"
    bench.body = f"print(os.path.exists({str(ended)!r}))"
    bench.variables = {"SLURM_RESTART_COUNT": "1"}
    code, said = bench.finish(TRAIN)
    assert (code, said.splitlines()[-1]) == (0, "False")
    assert bench.mark("7.ended") == "0"
    assert sorted(path.name for path in ended.parent.iterdir()) == ["7.ended", "7.started"]


def test_the_sites_lines_run_first_and_see_its_variables(tmp_path: Path) -> None:
    site = {"environment": {"WHO": "a b"}, "prologue": 'echo "hello $WHO $UNSET"\nexport MORE=1\n'}
    bench = Bench(tmp_path, 'print(os.environ["MORE"])', site=site)
    _, said = bench.finish(TRAIN)
    assert said.splitlines() == ["hello a b ", "1"]


def test_a_failing_line_of_the_site_ends_the_job_before_its_step(tmp_path: Path) -> None:
    bench = Bench(tmp_path, site={"prologue": "false\n"})
    code, _ = bench.finish(TRAIN)
    assert code == 1
    assert bench.steps == []


def test_a_prologue_that_fails_removes_nothing_that_is_not_the_jobs_own(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    prologue = f"sl=1 scratch={precious} job=x task=y run=z\nfalse\n"
    bench = Bench(tmp_path, site={"scratch": str(tmp_path / "scratch"), "prologue": prologue})
    code, _ = bench.finish(make_part(("report",)))
    assert code == 1
    assert precious.is_dir()
    assert next((bench.run / "work" / "slurm" / "tasks").glob("*.ended")).read_text() == "1 \n"
