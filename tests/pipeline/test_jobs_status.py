"""What became of submitted jobs: their own files first, the queue second, no guess third."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from synth_local.backends.slurm.client import QueuedTask, Slurm, SlurmError
from synth_local.errors import ConfigError
from synth_local.pipeline import run_lock
from synth_local.pipeline.run_lock import list_unended, refuse_busy
from synth_local.pipeline.slurm import job_status
from synth_local.pipeline.slurm.job_status import SHOWN, read_jobs_status
from synth_local.store.markers import JOB_VARIABLE, find_live, list_live_jobs, mark_live
from synth_local.store.run_dir import RunDir
from synth_local.store.submission import (
    Submission,
    SubmittedJob,
    TaskMark,
    read_marks,
    read_submission,
    write_submission,
)

GO_ON = "synth-local submit run.yaml --site site.yaml"
Marks = dict[str, tuple[str, str | None]]


@dataclass(frozen=True)
class Queue(Slurm):
    """A queue that is told what it lists, and counts how often it is asked."""

    tasks: dict[str, QueuedTask] = field(default_factory=dict)
    is_away: bool = False
    asked: list[bool] = field(default_factory=list)

    def list_tasks(self, *, patient: bool = False) -> dict[str, QueuedTask]:
        self.asked.append(patient)
        if self.is_away:
            raise SlurmError("squeue failed: nobody answers", is_away=True, fix="wait")
        return self.tasks


def make_queue(**tasks: str) -> Queue:
    """Return a queue: ``t7_1="PENDING:Resources"`` is the task 7_1."""
    states = {name[1:]: text.partition(":") for name, text in tasks.items()}
    return Queue(tasks={name: QueuedTask(one[0], one[2]) for name, one in states.items()})


def write_marks(run: RunDir, marks: Marks) -> None:
    run.task_marks.mkdir(parents=True, exist_ok=True)
    for task, (started, ended) in marks.items():
        (run.task_marks / f"{task}.started").write_text(started + "\n")
        if ended is not None:
            (run.task_marks / f"{task}.ended").write_text(ended + "\n")


def submit(run: RunDir, *jobs: SubmittedJob, state: str = "released") -> Submission:
    submission = Submission(1, "2030-01-02T03:04:05+00:00", GO_ON, jobs, state)
    write_submission(run, submission)
    return submission


def make_job(number: str = "7", tasks: tuple[int, ...] = (0,), name: str = "train") -> SubmittedJob:
    return SubmittedJob(name, name, number, tasks)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDir:
    """A run directory on a machine that has Slurm."""
    for module in (run_lock, job_status):
        monkeypatch.setattr(module, "has_slurm", lambda: True)
    return RunDir(tmp_path)


MARKS: dict[str, tuple[str, str | None] | None] = {
    "none": None,
    "started": ("0 n1", None),
    "done": ("0 n1", "0"),
    "failed": ("0 n1", "5"),
    "requeued": ("0 n1", "130 requeued"),
}
# by what the task wrote, and by Slurm: waiting, running, ended, forgotten, cannot be asked
STATES = {
    "none": ("waiting", "running", "not run", "not run", "waiting"),
    "started": ("waiting", "running", "failed", "failed", "running"),
    "done": ("done", "done", "done", "done", "done"),
    "failed": ("failed", "failed", "failed", "failed", "failed"),
    "requeued": ("waiting", "running", "failed", "failed", "waiting"),
}


@pytest.mark.parametrize("mark", STATES)
@pytest.mark.parametrize("asked", ["PENDING", "RUNNING", "FAILED", "forgotten", "away"])
def test_a_tasks_state_comes_from_its_files_and_the_queue(
    run: RunDir, mark: str, asked: str
) -> None:
    submit(run, make_job())
    written = MARKS[mark]
    write_marks(run, {"7_0": written} if written else {})
    queue = make_queue(t7_0=asked) if asked.isupper() else Queue(is_away=asked == "away")
    job = read_jobs_status(run, queue).jobs[0]
    column = ["PENDING", "RUNNING", "FAILED", "forgotten", "away"].index(asked)
    assert job.counts == {STATES[mark][column]: 1}


def test_a_task_that_slurm_forgot_and_that_never_ended_is_failed_not_done(run: RunDir) -> None:
    submit(run, make_job())
    write_marks(run, {"7_0": ("0 n1", None)})
    job = read_jobs_status(run, Queue()).jobs[0]
    assert job.counts == {"failed": 1}
    assert job.failed[0].exit_code is None
    assert "killed before it could say why" in job.failed[0].fix
    assert job.failed[0].fix.endswith(GO_ON)


def test_without_slurm_the_files_are_shown_with_a_note(
    run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_status, "has_slurm", lambda: False)
    submit(run, make_job(tasks=(0, 1, 2)))
    write_marks(run, {"7_0": ("0 n1", "0"), "7_1": ("0 n1", None)})
    queue = Queue()
    status = read_jobs_status(run, queue)
    assert status.jobs[0].counts == {"done": 1, "running": 1, "waiting": 1}
    assert "Slurm is not on this machine" in status.note
    assert queue.asked == []


def test_a_slurm_that_does_not_answer_is_a_note_and_no_crash(run: RunDir) -> None:
    submit(run, make_job())
    status = read_jobs_status(run, Queue(is_away=True))
    assert "nobody answers" in status.note
    assert status.jobs[0].counts == {"waiting": 1}


def test_slurm_is_asked_once_for_all_jobs_and_not_where_all_have_ended(run: RunDir) -> None:
    jobs = [make_job(str(number), tasks=tuple(range(5))) for number in range(7, 12)]
    submit(run, *jobs)
    queue = Queue()
    read_jobs_status(run, queue)
    assert queue.asked == [False]  # and without waiting for it
    write_marks(run, {task: ("0 n1", "0") for job in jobs for task, _ in job.list_tasks()})
    assert read_jobs_status(run, queue).note == ""
    assert queue.asked == [False]


def test_nothing_is_asked_where_nothing_was_submitted(run: RunDir) -> None:
    queue = Queue()
    assert read_jobs_status(run, queue).jobs == ()
    assert queue.asked == []


def test_a_failed_task_shows_the_last_line_of_its_log_and_what_to_do(run: RunDir) -> None:
    submit(run, make_job(tasks=(0, 1)), make_job("8", (), "evaluate"))
    write_marks(run, {"7_1": ("0 n1", "5"), "8": ("51 n1", "75"), "7_0": ("0 n1", "0")})
    run.logs.mkdir()
    (run.logs / "train-7-1.out").write_text("step 1\nerror: the loss is no longer a number\n")
    (run.logs / "evaluate-8-0.out").write_text("error: requeued 51 times and still not done\n")
    train, evaluate = read_jobs_status(run, Queue()).jobs
    assert train.counts == {"done": 1, "failed": 1}
    one = train.failed[0]
    assert (one.task, one.exit_code) == ("7_1", 5)
    assert one.line == "error: the loss is no longer a number"
    assert one.log == str(run.logs / "train-7-1.out")
    assert one.fix == f"read the log, mend what it says, then: {GO_ON}"
    cap = evaluate.failed[0]
    assert (cap.exit_code, cap.line) == (75, "error: requeued 51 times and still not done")
    assert "requeue.limit" in cap.fix


def test_of_many_failed_tasks_the_first_few_are_described_and_all_counted(run: RunDir) -> None:
    submit(run, make_job(tasks=tuple(range(9))))
    write_marks(run, {f"7_{task}": ("0 n1", "5") for task in range(9)})
    job = read_jobs_status(run, Queue()).jobs[0]
    assert job.counts == {"failed": 9}
    assert [one.task for one in job.failed] == [f"7_{task}" for task in range(SHOWN)]
    assert json.dumps(job.to_json())


def test_the_most_common_reason_to_wait_is_shown(run: RunDir) -> None:
    submit(run, make_job(tasks=(0, 1, 2)))
    queue = make_queue(t7_0="PENDING:Resources", t7_1="PENDING:Priority", t7_2="PENDING:Priority")
    assert read_jobs_status(run, queue).jobs[0].reason == "Priority"


def test_marks_that_were_cut_short_do_no_harm(run: RunDir) -> None:
    write_marks(run, {"7_0": ("", None), "7_1": ("1 n1", ""), "8": ("2 a host", "x y")})
    assert read_marks(run) == {
        "7_0": TaskMark(0, "", None, is_requeued=False),
        "7_1": TaskMark(1, "n1", None, is_requeued=False),
        "8": TaskMark(2, "a host", None, is_requeued=False),
    }


def test_the_last_submission_is_read_back_as_it_was_written(run: RunDir) -> None:
    assert read_submission(run) is None
    for number in (9, 10, 2):
        jobs = (SubmittedJob("train-p1", "train", str(number), (0, 4)),)
        write_submission(run, Submission(number, "now", GO_ON, jobs, "held"))
    found = read_submission(run)
    assert found == Submission(
        10, "now", GO_ON, (SubmittedJob("train-p1", "train", "10", (0, 4)),), "held"
    )


def test_a_submission_that_says_more_of_its_jobs_is_read_all_the_same(run: RunDir) -> None:
    submission = submit(run, make_job())
    (path,) = run.slurm.glob("submission-*.json")
    value = json.loads(path.read_text())
    value["jobs"][0]["after"] = ["prepare"]  # as an earlier version wrote it
    path.write_text(json.dumps(value))
    assert read_submission(run) == submission


def test_a_task_that_goes_on_later_has_not_ended(run: RunDir) -> None:
    submission = submit(run, make_job(tasks=(0, 1, 2, 3)))
    write_marks(
        run, {"7_0": ("0 n1", "0"), "7_1": ("0 n1", "130 requeued"), "7_2": ("0 n1", "130")}
    )
    assert list_unended(run, submission) == ["7_1", "7_3"]
    assert list_unended(run, submit(run, make_job(), state="cancelled")) == []


def write_live(run: RunDir, job: str, host: str = "gone") -> Path:
    run.live.mkdir(parents=True, exist_ok=True)
    path = run.live / f"slurm-{job}-0.json"
    value = {"job": "step train", "pid": 1, "host": host, "started": "0", "slurm": job}
    path.write_text(json.dumps(value))
    return path


def test_a_marker_of_a_job_that_slurm_has_ended_is_removed(run: RunDir) -> None:
    ended, gone = write_live(run, "7_0"), write_live(run, "9")
    queue = make_queue(t7_0="COMPLETED", t7_1="RUNNING")
    refuse_busy(run, queue)
    assert not ended.exists()
    assert not gone.exists()
    assert queue.asked == [False]


def test_a_marker_is_removed_where_the_queue_is_empty(run: RunDir) -> None:
    path = write_live(run, "7_0")
    refuse_busy(run, Queue())
    assert not path.exists()


def test_a_marker_of_a_job_that_slurm_still_has_is_kept(run: RunDir) -> None:
    path = write_live(run, "7_0")
    with pytest.raises(ConfigError, match="live jobs: step train"):
        refuse_busy(run, make_queue(t7_0="RUNNING"))
    assert path.exists()


@pytest.mark.parametrize("has_slurm", [False, True])
def test_a_marker_is_kept_where_slurm_cannot_be_asked(
    run: RunDir, monkeypatch: pytest.MonkeyPatch, has_slurm: bool
) -> None:
    monkeypatch.setattr(run_lock, "has_slurm", lambda: has_slurm)
    path = write_live(run, "7_0")
    with pytest.raises(ConfigError, match="live jobs"):
        refuse_busy(run, Queue(is_away=True))
    assert path.exists()


def test_jobs_that_have_not_ended_are_refused_where_slurm_cannot_be_asked(run: RunDir) -> None:
    submit(run, make_job())
    with pytest.raises(ConfigError, match="Slurm does not answer here"):
        refuse_busy(run, Queue(is_away=True))
    write_marks(run, {"7_0": ("0 n1", "5")})
    queue = Queue(is_away=True)
    refuse_busy(run, queue)  # all have said that they ended
    assert queue.asked == []


def test_a_process_under_slurm_is_marked_by_its_job_and_replaces_what_it_left(
    run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_live(run, "7_0")
    monkeypatch.setenv(JOB_VARIABLE, "7_0")
    with mark_live(run, "step train"):
        (path,) = run.live.iterdir()
        assert list_live_jobs(run) == [(path, "7_0")]
        value = json.loads(path.read_text())
        assert (value["pid"], value["host"]) == (os.getpid(), socket.gethostname())
        assert find_live(run) == []  # one's own is not in the way
    assert list(run.live.iterdir()) == []
