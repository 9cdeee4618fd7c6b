"""A real, throw-away Slurm cluster of two pretend nodes, and small runs submitted to it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from tests.pipeline.conftest import SmallRun, make_small_run

SCRIPT = Path(__file__).with_name("slurm_local.sh")
PROJECT = Path(__file__).resolve().parents[2]
STAGE = {"time": "00:10:00", "cpus": 1, "memory": "200M"}


@dataclass(frozen=True)
class Cluster:
    """A cluster in a folder of its own; its commands find it by SLURM_CONF."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return what a login shell of this cluster has."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "SBATCH_"))}
        return {**kept, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def call(self, *argv: str) -> str:
        """Return what a command of Slurm's prints."""
        done = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
            restore_signals=False,  # as the package itself calls them
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def control(self, *arguments: str) -> None:
        """Call the script that makes clusters."""
        action, *rest = arguments
        done = subprocess.run(
            [str(SCRIPT), action, str(self.folder), *rest],
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
        )
        assert done.returncode == 0, done.stderr

    def queue(self) -> dict[str, str]:
        """Return the state of each job that has not ended, by id."""
        lines = self.call("squeue", "-h", "-r", "-o", "%i|%T %r").splitlines()
        return dict(line.split("|", 1) for line in lines)

    def wait(self, seconds: float = 240) -> None:
        """Return when no job is left; fail where one can only wait for ever."""
        self.until(lambda: not self.queue(), seconds, "the queue to be empty")

    def until(self, is_so: Callable[[], object], seconds: float, what: str) -> None:
        """Return when something has come about."""
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, f"waited {seconds} s for {what}: {self.queue()}"
            time.sleep(0.2)


@dataclass(frozen=True)
class SubmittedRun:
    """A small run with a site file, and the cluster that it is submitted to."""

    small: SmallRun
    cluster: Cluster
    site_file: Path

    @property
    def out(self) -> Path:
        """The run directory."""
        return self.small.out

    @property
    def files(self) -> tuple[str, ...]:
        """The arguments of ``submit``."""
        names = (self.small.run_file, "--site", self.site_file, "--out", self.out)
        return tuple(str(name) for name in names)

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line as on a login node."""
        return subprocess.run(
            [sys.executable, "-m", "synth_local", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.small.folder,
            env={
                **self.cluster.environment,
                "SYNTH_LOCAL_MODELS": str(self.small.folder / "models"),
            },
        )

    def submit(self, *options: str) -> dict[str, str]:
        """Submit the run; return the jobs' ids by name."""
        done = self.call("submit", *self.files, *options)
        assert done.returncode == 0, done.stderr
        found = re.findall(r"^(\d+) (\S+?)(?:,.*)?$", done.stdout, re.MULTILINE)
        return {name: job for job, name in found}

    def change_site(self, **values: Any) -> None:
        """Change keys of the site file; stages are merged."""
        site = yaml.safe_load(self.site_file.read_text())
        for name, stage in values.pop("stages", {}).items():
            site["stages"][name] |= stage
        self.site_file.write_text(yaml.safe_dump(site | values))

    def train_only(self, **settings: Any) -> None:
        """Leave nothing of the run file but one student on real texts."""
        config = yaml.safe_load(self.small.run_file.read_text())
        config |= {
            "students": ["scratch-bert"],
            "sources": ["real"],
            "generators": [],
            "strategies": [],
            "train": {"batch": 16, "learning_rate": 1e-3, **settings},
        }
        self.small.run_file.write_text(yaml.safe_dump(config))

    def has_begun(self, task: str) -> bool:
        """Return whether a task, ``<job>_<number>``, has been started."""
        return (self.out / "work" / "slurm" / "tasks" / f"{task}.started").is_file()

    def log(self, name: str) -> str:
        """Return a log's text."""
        return (self.out / "logs" / name).read_text()

    def verify(self) -> None:
        """Assert that every slot is there exactly once."""
        done = self.call("verify", str(self.out))
        assert done.returncode == 0, done.stdout

    def status(self) -> tuple[int, dict[str, Any]]:
        """Return the exit code and the JSON of ``status``."""
        done = self.call("status", str(self.out), "--json")
        return done.returncode, json.loads(done.stdout)


def read_corpora(out: Path) -> dict[str, list[dict[str, object]]]:
    """Return all rows of all corpora, and of what was dropped."""
    found = {}
    for path in sorted((out / "corpora").rglob("*.parquet")):
        # a fake model that takes its time is another model, and writes the same
        table = pq.read_table(path).drop_columns(["generator_digest"])
        found[str(path.relative_to(out))] = table.to_pylist()
    return found


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    # Unix sockets below it limit the length of its path
    folder = Path(tempfile.mkdtemp(prefix="slurm", dir="/tmp"))
    folder.chmod(0o755)
    made = Cluster(folder / "c")
    made.control("start", "--nodes", "2")
    yield made
    made.control("stop")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_run(tmp_path: Path, cluster: Cluster) -> Iterator[Callable[..., SubmittedRun]]:
    def make(**fake: Any) -> SubmittedRun:
        small = make_small_run(tmp_path / "run", bad_share=0.2, **fake)
        small.change(curate={"max_rounds": 1})
        site = {
            "stages": {
                **{name: dict(STAGE) for name in ("prepare", "curate", "measure", "evaluate")},
                "generate": {**STAGE, "shards": 2, "gpus": 0},
                "train": {**STAGE, "shards": 2, "gpus": 0},
            },
            "requeue": {"warn_seconds": 20},
        }
        site_file = tmp_path / "site.yaml"
        site_file.write_text(yaml.safe_dump(json.loads(json.dumps(site))))
        return SubmittedRun(small, cluster, site_file)

    yield make
    # a test that failed leaves no job to the next one
    subprocess.run(["scancel", "--user", str(os.getuid())], check=False, env=cluster.environment)
    cluster.until(lambda: not cluster.queue(), 60, "the queue to be empty")


@pytest.fixture(scope="session")
def local_run(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """The same run made on this machine without Slurm."""
    small = make_small_run(tmp_path_factory.mktemp("local"), bad_share=0.2)
    small.change(curate={"max_rounds": 1})
    done = small.run()
    assert done.returncode == 0, done.stderr
    return small
