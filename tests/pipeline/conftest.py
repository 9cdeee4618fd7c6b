"""A small run on made data with the deterministic engine, for tests of the pipeline."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from synth_local.engines.fake import write_fake_model

WORDS = {
    "sunny": [
        "warm",
        "bright",
        "clear",
        "golden",
        "blue",
        "mild",
        "gentle",
        "dry",
        "calm",
        "lovely",
    ],
    "rainy": ["wet", "grey", "cold", "windy", "stormy", "dark", "soaked", "muddy", "damp", "bleak"],
}
PLACES = [
    "garden",
    "harbour",
    "village",
    "market",
    "valley",
    "station",
    "forest",
    "river",
    "bridge",
    "meadow",
]
TIMES = [
    "morning",
    "evening",
    "noon",
    "weekend",
    "autumn",
    "April",
    "night",
    "Tuesday",
    "holiday",
    "spring",
]


@dataclass(frozen=True)
class SmallRun:
    """A folder with a run file, its task, its data and a fake model."""

    folder: Path
    run_file: Path
    out: Path

    def change(self, **values: Any) -> None:
        """Change keys of the run file."""
        config = yaml.safe_load(self.run_file.read_text()) | values
        self.run_file.write_text(yaml.safe_dump(config))

    def call(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run the command line in a child process."""
        return subprocess.run(
            [sys.executable, "-m", "synth_local", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env={**os.environ, "SYNTH_LOCAL_MODELS": str(self.folder / "models")},
            **options,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call ``run`` on the run file."""
        return self.call("run", str(self.run_file), "--out", str(self.out), *arguments)


def make_rows(num_rows: int, seed: int) -> list[dict[str, str]]:
    source = random.Random(seed)
    rows = []
    for number in range(num_rows):
        label = ("sunny", "rainy")[number % 2]
        one, two = source.sample(WORDS[label], 2)
        text = f"A {one} and {two} {source.choice(TIMES)} at the {source.choice(PLACES)}"
        rows.append({"text": f"{text}, seen by walker {source.randint(0, 10**6)}", "label": label})
    return rows


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def add_annotators(small: SmallRun) -> None:
    """Let five people rate the test items: agreement goes 5, 4, 3 of 5, over and over."""
    rows: list[dict[str, Any]] = []
    for number, row in enumerate(make_rows(80, 2)):
        other = "rainy" if row["label"] == "sunny" else "sunny"
        rows.append({**row, "who": [other] * (number % 3) + [row["label"]] * (5 - number % 3)})
    write_rows(small.folder / "test.jsonl", rows)
    train = [{**row, "who": [row["label"]] * 5} for row in make_rows(200, 1)]
    write_rows(small.folder / "train.jsonl", train)
    task = yaml.safe_load((small.folder / "weather.yaml").read_text())
    task["data"]["annotations"] = "who"
    (small.folder / "weather.yaml").write_text(yaml.safe_dump(task, sort_keys=False))


def make_small_run(folder: Path, **fake: Any) -> SmallRun:
    (folder / "models").mkdir(parents=True)
    write_fake_model(folder / "models" / "fake-a", **fake)
    write_fake_model(folder / "models" / "fake-b", context_length=1024, **fake)
    write_rows(folder / "train.jsonl", make_rows(200, 1))
    write_rows(folder / "test.jsonl", make_rows(80, 2))
    task = {
        "name": "weather",
        "labels": {
            "sunny": {"description": "The weather was good."},
            "rainy": {"description": "The weather was bad."},
        },
        "context": "You keep a diary of the weather.",
        "kind": "weather note",
        "length": {"min_words": 1, "max_words": 60},
        "data": {"train": "train.jsonl", "test": "test.jsonl"},
    }
    (folder / "weather.yaml").write_text(yaml.safe_dump(task, sort_keys=False))
    run = {
        "tasks": ["weather.yaml"],
        "generators": ["fake-a"],
        "strategies": ["zero_shot", "few_shot"],
        "students": ["tfidf-logreg"],
        "sources": ["real", "synthetic", "pool", "pool+synthetic"],
        "per_label": 40,
        "seeds": [0],
        "generate": {"chain_length": 4, "shots": 2},
        "measure": {"subsamples": 20},
    }
    run_file = folder / "run.yaml"
    run_file.write_text(yaml.safe_dump(run, sort_keys=False))
    return SmallRun(folder, run_file, folder / "out")


@pytest.fixture
def small_run(tmp_path: Path) -> SmallRun:
    return make_small_run(tmp_path)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """A finished run that tests only read."""
    small = make_small_run(tmp_path_factory.mktemp("finished"))
    result = small.run()
    assert result.returncode == 0, result.stdout + result.stderr
    return small
