"""The whole job with a real miniature generator: engines, a kill, shards, what opens it."""

from __future__ import annotations

import os
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from synth_local.store.ledger import read_ledger
from tests.pipeline.conftest import SmallRun
from tests.pipeline.real_model import PER_LABEL, RealModel
from tests.pipeline.test_kills import processes_of, read_corpora, start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def corpora_of(small: SmallRun) -> dict[str, list[dict[str, object]]]:
    return read_corpora(small, "tiny-weather")


@pytest.mark.vllm
def test_vllm_killed_once_and_in_five_shards_writes_the_same_corpus(
    real_model: RealModel, tmp_path: Path
) -> None:
    untouched = real_model.make_run(tmp_path / "untouched")
    result = untouched.run("--until", "curate", "--engine", "vllm")
    assert result.returncode == 0, result.stderr
    wanted = corpora_of(untouched)

    killed = real_model.make_run(tmp_path / "killed")
    process = start(killed, "--engine", "vllm")
    ledger = killed.out / "work" / "generate" / "weather" / "tiny-weather" / "zero_shot"
    give_up = time.monotonic() + 120
    while len(read_ledger(ledger)) < PER_LABEL // 2 and time.monotonic() < give_up:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(2)
    assert not processes_of(killed.folder)
    assert not list(killed.out.rglob("manifest.json"))
    assert killed.run("--until", "curate", "--engine", "vllm").returncode == 0
    assert corpora_of(killed) == wanted
    assert killed.call("verify", str(killed.out)).returncode == 0

    # the same run directory with nothing generated
    sharded = replace(killed, out=tmp_path / "sharded")
    shutil.copytree(killed.out, sharded.out)
    for path in [*sharded.out.rglob("*.jsonl"), *sharded.out.rglob("rounds.json")]:
        path.unlink()
    for path in sharded.out.rglob("manifest.json"):
        path.unlink()
    for _ in range(3):
        for shard in range(5):
            step = ("step", "generate", "--run", str(sharded.out), "--shard", f"{shard}/5")
            assert sharded.call(*step).returncode == 0
        assert sharded.call("step", "curate", "--run", str(sharded.out)).returncode == 0
    assert corpora_of(sharded) == wanted


def test_what_comes_out_opens_in_the_libraries_that_people_use(
    real_model: RealModel, tmp_path: Path
) -> None:
    import datasets  # noqa: PLC0415
    from huggingface_hub import DatasetCard, ModelCard  # noqa: PLC0415
    from transformers import pipeline  # noqa: PLC0415

    small = real_model.make_run(tmp_path)
    small.change(students=["scratch-bert"], train={"epochs": 30, "learning_rate": 1e-3})
    result = small.run("--engine", "transformers")
    assert result.returncode == 0, result.stderr
    folder = small.out / "corpora" / "weather" / "tiny-weather" / "few_shot"
    for name in ("train", "drops"):  # two tables of different columns, so two data sets
        opened = datasets.load_dataset(
            "parquet", data_files=str(folder / f"{name}.parquet"), cache_dir=str(tmp_path / "cache")
        )
        assert set(opened["train"]["label"]) <= {"sunny", "rainy"}
    assert DatasetCard.load(folder / "README.md").data.to_dict()["language"]
    student = next((small.out / "students").glob("weather__real__*"))
    answer = pipeline("text-classification", model=str(student))("A warm and golden noon")
    assert answer[0]["label"] in {"sunny", "rainy"}
    assert ModelCard.load(student / "README.md").data.to_dict()
    card = ModelCard.load(real_model.folder / "README.md").data.to_dict()
    assert card["synth_local"]["has_seen"][0]["task"] == "weather"
