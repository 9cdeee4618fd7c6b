"""Kill the whole process group, or the parent alone, at random moments; nothing may be lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.pipeline.conftest import SmallRun, make_small_run

pytestmark = pytest.mark.slow
DELAY_MS = 8


def start(small: SmallRun, *options: str) -> subprocess.Popen[bytes]:
    arguments = ["run", str(small.run_file), "--out", str(small.out), "--until", "curate", *options]
    return subprocess.Popen(
        [sys.executable, "-m", "synth_local", *arguments],
        cwd=small.folder,
        env={**os.environ, "SYNTH_LOCAL_MODELS": str(small.folder / "models")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of live processes that work on the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found


def read_corpora(small: SmallRun, generator: str = "fake-a") -> dict[str, list[dict[str, object]]]:
    found = {}
    for strategy in ("zero_shot", "few_shot"):
        folder = small.out / "corpora" / "weather" / generator / strategy
        for name in ("train.parquet", "drops.parquet"):
            table = pq.read_table(folder / name).drop_columns(["generator_digest"])
            found[f"{strategy}/{name}"] = table.to_pylist()
    return found


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, object]]]:
    small = make_small_run(tmp_path_factory.mktemp("untouched"), bad_share=0.2)
    assert small.run("--until", "curate").returncode == 0
    return read_corpora(small)


@pytest.mark.parametrize("whole_group", [True, False], ids=["group", "parent alone"])
def test_kills_at_random_moments_change_nothing(
    tmp_path: Path, untouched: dict[str, list[dict[str, object]]], whole_group: bool
) -> None:
    small = make_small_run(tmp_path, bad_share=0.2, delay_ms=DELAY_MS, per_step=1)
    source = random.Random(7)
    for _ in range(8):
        process = start(small)
        time.sleep(source.uniform(0.3, 1.6))
        if process.poll() is not None:
            break
        if whole_group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        gone_by = time.monotonic() + 2
        while processes_of(tmp_path) and time.monotonic() < gone_by:
            time.sleep(0.02)
        assert not processes_of(tmp_path)
    result = small.run("--until", "curate")
    assert result.returncode == 0, result.stderr
    assert read_corpora(small) == untouched
    verified = small.call("verify", str(small.out))
    assert verified.returncode == 0, verified.stdout


@pytest.mark.parametrize("num_shards", [1, 5])
def test_shards_change_nothing(
    tmp_path: Path, untouched: dict[str, list[dict[str, object]]], num_shards: int
) -> None:
    small = make_small_run(tmp_path, bad_share=0.2)
    assert small.run("--until", "generate").returncode in (0,)
    for path in (small.out / "work" / "generate").rglob("*.jsonl"):
        path.unlink()
    for _ in range(6):
        for shard in reversed(range(num_shards)):
            step = ("step", "generate", "--run", str(small.out), "--shard", f"{shard}/{num_shards}")
            assert small.call(*step).returncode == 0
        assert small.call("step", "curate", "--run", str(small.out)).returncode == 0
    assert read_corpora(small) == untouched


def test_an_interrupt_drains_and_says_how_to_go_on(
    tmp_path: Path, untouched: dict[str, list[dict[str, object]]]
) -> None:
    small = make_small_run(tmp_path, bad_share=0.2, delay_ms=DELAY_MS, per_step=1)
    process = start(small)
    time.sleep(1.2)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(timeout=10) == 130
    assert not processes_of(tmp_path)
    assert small.run("--until", "curate").returncode == 0
    assert read_corpora(small) == untouched
