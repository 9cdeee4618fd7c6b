"""What is left to do of a finished run from which something was taken away, and what of it is
submitted.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from synth_local.pipeline import run_lock
from synth_local.pipeline.slurm import submit
from synth_local.pipeline.slurm.remaining_work import find_work
from synth_local.pipeline.slurm.submit import preview_submission
from synth_local.pipeline.steps.generate import shard_todo
from synth_local.run.context import Context
from synth_local.store.ledger import read_ledger
from tests.pipeline.conftest import SmallRun
from tests.pipeline.made_cluster import make_notes, make_request, submit_small

pytestmark = pytest.mark.slow  # makes a whole run once


@pytest.fixture(autouse=True)
def machine_with_slurm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submit, "require_slurm", lambda: None)
    monkeypatch.setattr(run_lock, "has_slurm", lambda: True)


@pytest.fixture
def finished(
    finished_run: SmallRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[SmallRun, Context]:
    """A finished run that a test may change, whose weights are known to its directory."""
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(finished_run.folder / "models"))
    shutil.copytree(finished_run.out, tmp_path / "out")
    # the run file stays where it is: its place is part of what the report shows
    small = SmallRun(tmp_path, finished_run.run_file, tmp_path / "out")
    context = submit._open(make_request(small))
    for generator in context.models.generators.values():
        context.models.digest(generator)
    return small, context


def reopen(small: SmallRun) -> Context:
    return submit._open(make_request(small))


def test_nothing_is_submitted_of_a_finished_run(finished: tuple[SmallRun, Context]) -> None:
    small, _ = finished
    before = {path: path.stat().st_mtime_ns for path in small.out.rglob("*")}
    said: list[str] = []
    slurm = make_notes(small)
    assert submit_small(small, slurm) is None
    assert slurm.calls == []
    preview_submission(make_request(small), said.append)
    assert said == ["# nothing to submit: every stage is done"]
    assert {path: path.stat().st_mtime_ns for path in small.out.rglob("*")} == before


def test_only_the_cell_that_lacks_predictions_is_trained(
    finished: tuple[SmallRun, Context],
) -> None:
    small, context = finished
    cells = context.look().cells
    context.run.predictions(cells[3].cell).unlink()
    slurm = make_notes(small)
    submit_small(small, slurm)
    assert [call[:2] for call in slurm.submitted] == [
        ("prepare", ""),
        ("train", "afterok:101"),
        ("evaluate", "afterany:102"),
    ]
    assert "#SBATCH --array=3\n" in (slurm.run.scripts / "train.sh").read_text()
    site = make_request(small, stages={"train": {"shards": 2}}).site
    work = find_work(reopen(small).look(), site)
    assert work is not None
    assert (work.num_train_shards, work.missing_cells) == (2, (1,))


def test_only_the_shards_that_lack_texts_are_generated(
    finished: tuple[SmallRun, Context],
) -> None:
    small, context = finished
    key = next(key for key in context.corpora.keys if key.strategy == "few_shot")
    shutil.rmtree(context.run.corpus(key))
    segment = max(context.run.ledger(key).glob("*.jsonl"), key=lambda path: path.stat().st_size)
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:-1]))
    context = reopen(small)
    rows = read_ledger(context.run.ledger(key))
    lacking = [
        shard
        for shard in range(4)
        for chain in shard_todo(context.rounds, key, shard, 4).chains
        if any(slot.id not in rows for slot in chain.slots)
    ]
    assert len(lacking) == 1
    slurm = make_notes(small)
    submit_small(small, slurm)
    text = (slurm.run.scripts / "generate-fake-a-r0.sh").read_text()
    assert f"#SBATCH --array={lacking[0]}\n" in text
    assert "measure-fake-a" in [call[0] for call in slurm.submitted]


def test_texts_that_are_all_there_are_only_curated(finished: tuple[SmallRun, Context]) -> None:
    small, context = finished
    for key in context.corpora.keys:
        shutil.rmtree(context.run.corpus(key))
    slurm = make_notes(small)
    submit_small(small, slurm)
    names = [call[0] for call in slurm.submitted]
    assert names[:3] == ["prepare", "curate-fake-a-r0", "generate-fake-a-r1"]
    assert names[-3:] == ["measure-fake-a", "train", "evaluate"]
