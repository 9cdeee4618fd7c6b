"""Submitting and calling off, with a Slurm that only takes notes."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from synth_local.backends.slurm.client import QueuedTask, SlurmError
from synth_local.config import load_run_file
from synth_local.errors import EXIT_CONFIG, ConfigError
from synth_local.pipeline import run_local, run_lock
from synth_local.pipeline.run_local import prepare_run
from synth_local.pipeline.slurm import submit
from synth_local.pipeline.slurm.submit import cancel_run, preview_submission, submit_run
from synth_local.store import markers
from synth_local.store.run_dir import RunDir
from synth_local.store.submission import Submission, SubmittedJob, read_submission, write_submission
from tests.pipeline.conftest import SmallRun
from tests.pipeline.made_cluster import Notes, make_notes, make_request, submit_small


@pytest.fixture(autouse=True)
def machine_with_slurm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submit, "require_slurm", lambda: None)
    monkeypatch.setattr(run_lock, "has_slurm", lambda: True)


@pytest.fixture
def small(small_run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> SmallRun:
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(small_run.folder / "models"))
    return small_run


def test_all_jobs_hang_on_the_first_which_is_held_and_released_last(small: SmallRun) -> None:
    slurm = make_notes(small)
    said: list[str] = []
    submission = submit_run(make_request(small), slurm, said.append)
    assert submission is not None
    assert [call[3] for call in slurm.submitted] == [True] + [False] * (len(submission.jobs) - 1)
    assert all(call[1] for call in slurm.submitted[1:]), "a job that waits for nothing"
    assert slurm.calls[-1] == ("release", submission.jobs[0].id)
    assert submission.state == "released"
    assert submission == read_submission(slurm.run)
    assert said[1] == "102 generate-fake-a-r0, 4 array tasks"
    tokens = [call[2] for call in slurm.submitted]
    assert len(set(tokens)) == len(tokens)
    assert (small.out / "run.yaml").is_file()


def test_dependencies_are_the_ids_that_slurm_gave(small: SmallRun) -> None:
    small.change(curate={"max_rounds": 0})
    slurm = make_notes(small)
    submit_small(small, slurm, array={"max_index": 2})
    assert [(name, dependency) for name, dependency, *_ in slurm.submitted] == [
        ("prepare", ""),
        ("generate-fake-a-r0-p0", "afterok:101"),
        ("generate-fake-a-r0-p1", "afterok:101"),
        ("curate-fake-a-r0", "afterok:102:103"),
        ("measure-fake-a", "afterok:104"),
        ("train-p0", "afterok:104"),
        ("train-p1", "afterok:104"),
        ("train-p2", "afterok:104"),
        ("evaluate", "afterany:104,afterany:105,afterany:106:107:108"),
    ]


@pytest.mark.parametrize(
    "error", [SlurmError("Invalid account", is_away=False, fix=""), KeyboardInterrupt()]
)
def test_a_submission_that_breaks_off_leaves_nothing_that_runs(
    small: SmallRun, error: BaseException
) -> None:
    slurm = make_notes(small, refused=3, error=error)
    with pytest.raises(type(error)):
        submit_small(small, slurm)
    assert slurm.calls[-1] == ("cancel", "101", "102")
    assert not [call for call in slurm.calls if call[0] == "release"]
    stored = read_submission(slurm.run)
    assert stored is not None
    assert (stored.state, [job.id for job in stored.jobs]) == ("cancelled", ["101", "102"])
    # and the way is free for the next
    again = submit_small(small, make_notes(small))
    assert again is not None
    assert (again.number, again.state) == (2, "released")


def test_a_cancel_that_slurm_did_not_hear_can_be_said_again(small: SmallRun) -> None:
    slurm = make_notes(small)
    submit_small(small, slurm)
    slurm.trouble.append("nobody answers")
    with pytest.raises(SlurmError):
        cancel_run(slurm.run, slurm, lambda _: None)
    with pytest.raises(ConfigError, match="live jobs"):
        submit_small(small, slurm)
    slurm.trouble.clear()
    assert cancel_run(slurm.run, slurm, lambda _: None) > 0
    stored = read_submission(slurm.run)
    assert stored is not None
    assert stored.state == "cancelled"


def test_a_submission_that_can_not_be_taken_back_says_so_and_what_broke_it(small: SmallRun) -> None:
    slurm = make_notes(small, refused=3)
    slurm.trouble.append("nobody answers")
    with pytest.raises(SlurmError, match="no"):
        submit_small(small, slurm)
    stored = read_submission(slurm.run)
    assert stored is not None
    assert stored.state == "held"


def test_a_generator_that_needs_more_gpus_than_a_job_gets_is_refused(small: SmallRun) -> None:
    small.change(generate={"tensor_parallel": 4, "dtype": "float32"})
    stages = {"generate": {"gpus": 2}}
    with pytest.raises(ConfigError, match="tensor_parallel is 4, and a job gets 2"):
        preview_submission(make_request(small, stages=stages), lambda _: None)
    preview_submission(make_request(small, stages={"generate": {"gpus": 4}}), lambda _: None)


def test_a_dry_run_prints_what_would_be_submitted_and_writes_nothing(small: SmallRun) -> None:
    before = sorted(small.folder.rglob("*"))
    said: list[str] = []
    preview_submission(make_request(small), said.append)
    assert sorted(small.folder.rglob("*")) == before
    slurm = make_notes(small)
    submit_small(small, slurm)
    texts = {path.stem: path.read_text() for path in slurm.run.scripts.iterdir()}
    heads = [line for line in said if line.startswith("# ==> ")]
    names = [line.removeprefix("# ==> ").partition(".sh:")[0] for line in heads]
    assert names == [call[0] for call in slurm.submitted]
    assert [text for text in said if text not in heads] == [texts[name] for name in names]
    assert heads[1] == "# ==> generate-fake-a-r0.sh: sbatch --dependency=afterok:<prepare>"


def test_a_dry_run_of_ten_thousand_shards_is_a_matter_of_seconds(small: SmallRun) -> None:
    said: list[str] = []
    stages = {"generate": {"gpus": 0, "shards": 10_000}, "train": {"shards": 10_000}}
    started = time.monotonic()
    preview_submission(make_request(small, stages=stages, array={"size": 10_000}), said.append)
    assert time.monotonic() - started < 10
    assert sum("# ==> generate-fake-a-r0-p" in text for text in said) == 10


def test_the_machine_that_submits_reads_no_weights(
    small: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> str:
        raise AssertionError(path)

    monkeypatch.setattr("synth_local.models.digest.digest_file", refuse)
    preview_submission(make_request(small), lambda _: None)
    assert submit_small(small, make_notes(small)) is not None


def test_a_second_submission_waits_until_slurm_no_longer_has_the_first(small: SmallRun) -> None:
    slurm = make_notes(small)
    submit_small(small, slurm)
    num_calls = len(slurm.submitted)
    with pytest.raises(ConfigError, match="live jobs: prepare, generate-fake-a-r0") as caught:
        submit_small(small, slurm)
    assert caught.value.exit_code == EXIT_CONFIG == 2
    assert len(slurm.submitted) == num_calls
    slurm.tasks.clear()
    again = submit_small(small, slurm)
    assert again is not None
    assert again.number == 2


def test_a_local_run_refuses_a_directory_with_queued_jobs(
    small: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    slurm = make_notes(small)
    submit_small(small, slurm)
    monkeypatch.setattr(run_local, "Slurm", lambda: slurm)
    with pytest.raises(ConfigError, match="live jobs: prepare"):
        prepare_run(load_run_file(small.run_file), small.out)
    slurm.tasks.clear()
    prepare_run(load_run_file(small.run_file), small.out)


def test_only_jobs_that_slurm_still_has_are_cancelled_and_once(small: SmallRun) -> None:
    slurm = make_notes(small)
    submit_small(small, slurm)
    for one in ("101", "102", "103"):
        del slurm.tasks[one]
    slurm.tasks["102_3"] = QueuedTask("RUNNING", "None")
    slurm.tasks["101"] = QueuedTask("COMPLETED", "None")
    slurm.tasks["999"] = QueuedTask("RUNNING", "None")  # somebody else's
    said: list[str] = []
    wanted = ["102", *(job for job in slurm.tasks if "104" <= job < "900" and "_" not in job)]
    assert cancel_run(slurm.run, slurm, said.append) == len(wanted)
    assert slurm.calls[-1] == ("cancel", *wanted)
    assert said[0] == "cancelled 102 generate-fake-a-r0"


def test_processes_of_this_machine_are_asked_to_stop(tmp_path: Path) -> None:
    here = RunDir(tmp_path)
    here.live.mkdir(parents=True)
    code = "import signal; signal.pause()"
    with subprocess.Popen([sys.executable, "-S", "-c", code]) as child:
        started = markers._start_time(child.pid)
        value = {"job": "run", "pid": child.pid, "host": socket.gethostname(), "started": started}
        (here.live / "one.json").write_text(json.dumps({**value, "slurm": ""}))
        (here.live / "two.json").write_text(json.dumps({**value, "slurm": "7_0"}))
        assert cancel_run(here, Notes(run=here), lambda _: None) == 1
        assert child.wait(timeout=30) == -signal.SIGTERM


def test_two_sites_make_the_same_run(small: SmallRun) -> None:
    small.change(engine="transformers", generate={"dtype": "float32", "chain_length": 4})
    other = {
        "account": "a",
        "array": {"size": 1},
        "environment": {"A": "1"},
        "stages": {"generate": {"gpus": 8, "shards": 77}, "train": {"shards": 3, "processes": 4}},
    }
    found = []
    for site in ({}, other):
        context = submit._open(make_request(small, **site))
        state = context.look()
        corpora = [(str(key), state.open_corpora.index(key)) for key in state.corpora]
        identity = context.identities.run_file
        found.append((context.config, identity, corpora, state.report_fingerprint))
    assert found[0] == found[1]


def test_a_directory_keeps_what_was_decided_for_it_when_the_site_changes(small: SmallRun) -> None:
    submit_small(small, make_notes(small))
    gpu = submit._open(make_request(small, stages={"generate": {"gpus": 1}}))
    assert gpu.config.generate.dtype == "float32"


def test_a_submission_of_a_run_directory_is_found_whatever_else_lies_there(tmp_path: Path) -> None:
    here = RunDir(tmp_path)
    assert cancel_run(here, Notes(run=here), lambda _: None) == 0
    job = SubmittedJob("train", "train", "5", ())
    write_submission(here, Submission(1, "now", "go on", (job,), "cancelled"))
    slurm = Notes(run=here)
    assert cancel_run(here, slurm, lambda _: None) == 0


def test_a_generator_that_classifies_needs_jobs_that_can_run_it(small: SmallRun) -> None:
    small.change(students=["generator-itself"], sources=["real"])
    for train, match in (({"processes": 2}, "one process"), ({"gpus": 0}, "needs 1 GPU")):
        with pytest.raises(ConfigError, match=match) as caught:
            preview_submission(
                make_request(small, stages={"train": train, "generate": {"gpus": 1}}),
                lambda _: None,
            )
        assert "stages.train" in caught.value.fix
    preview_submission(make_request(small, stages={"train": {"gpus": 1}}), lambda _: None)


@pytest.mark.parametrize(
    ("stage", "is_good"),
    [
        ({"gres": "gpu:a100:4"}, True),
        ({"gres": "gpu:4", "gpus": 1}, True),
        ({"gres": "gpu:a100:4,shard:1"}, True),
        ({"gres": "gpu:a100:1", "gpus": 4}, False),
        ({"gres": "gpu:h100", "gpus": 4}, False),
        ({"gpus": 4}, True),
        ({"gpus": 3}, False),
    ],
)
def test_tensor_parallel_is_held_against_the_gpus_that_slurm_will_give(
    small: SmallRun, stage: dict[str, Any], is_good: bool
) -> None:
    small.change(generate={"tensor_parallel": 4})
    shown: list[str] = []
    if is_good:
        preview_submission(make_request(small, stages={"generate": stage}), shown.append)
        script = "\n".join(shown)
        assert f"--gres={stage.get('gres', 'gpu:4')}\n" in script
        assert "--gpus" not in script
        return
    with pytest.raises(ConfigError) as caught:
        preview_submission(make_request(small, stages={"generate": stage}), shown.append)
    setting = "gres" if "gres" in stage else "gpus"
    assert f"by {setting}: {stage[setting]}" in caught.value.what
    assert f"stages.generate.{setting}" in caught.value.fix
