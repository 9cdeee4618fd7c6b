"""Run files and site files with anything in them: a message and an exit code, never a bug."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import pytest
import yaml
from hypothesis import example, given

from synth_local.cli.main import main
from synth_local.config import load_site_file
from synth_local.errors import EXIT_CONFIG, EXIT_DATA, EXIT_MACHINE, EXIT_OK
from tests.fuzz.odd_yaml import FUZZ, damaged_files
from tests.pipeline.conftest import SmallRun, make_rows, make_small_run, write_rows

pytestmark = pytest.mark.fuzz

RUN: dict[str, Any] = {
    "tasks": ["weather.yaml"],
    "generators": ["fake-a"],
    "strategies": ["zero_shot", {"name": "few", "base": "few_shot", "shots": 2}],
    "corpora": {"mine": {"weather": "mine.jsonl"}},
    "students": ["tfidf-logreg", "majority"],
    "sources": ["real", "synthetic", "pool", "pool+synthetic"],
    "per_label": {"sunny": 4, "rainy": 4},
    "seeds": [0, 1],
    "corpus_seeds": [5],
    "learning_curve": [2],
    "engine": "auto",
    "models": "models",
    "generate": {"temperature": 1.0, "max_tokens": 16, "chain_length": 2, "budget_tokens": None},
    "curate": {"near_duplicates": 0.7, "max_copy": 0.8, "max_rounds": 1},
    "measure": {"embedder": None, "subsamples": 20},
    "train": {"epochs": 1, "learning_rate": 5e-5, "match": "labels", "method": "full"},
    "analyze": {"judgements": None, "annotations": {}},
}
SITE: dict[str, Any] = {
    "account": "project-1",
    "partition": "gpu",
    "options": ["--constraint=a100"],
    "modules": ["cuda/12"],
    "prologue": "true",
    "environment": {"A": "b"},
    "scratch": "/tmp/$USER",  # noqa: S108 - a value of a file that is only read
    "array": {"size": 1000, "max_index": 1001, "throttle": 4},
    "requeue": {"allowed": True, "limit": 50, "warn_seconds": 120},
    "mail": {"user": "me@example.org", "when": ["FAIL"]},
    "stages": {
        "prepare": {"time": "01:00:00", "cpus": 2},
        "generate": {"shards": 2, "gpus": 1, "gres": "gpu:a100:1", "memory": "64G"},
        "train": {"shards": 2, "nodes": 1, "processes": 1, "time": "1-0"},
        "evaluate": {"time": "90"},
    },
}
SAID = {EXIT_OK, EXIT_CONFIG, EXIT_DATA, EXIT_MACHINE}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    run = make_small_run(tmp_path_factory.mktemp("fuzz"))
    write_rows(run.folder / "train.jsonl", make_rows(60, 1))
    write_rows(run.folder / "test.jsonl", make_rows(20, 2))
    write_rows(run.folder / "mine.jsonl", make_rows(12, 3))
    run.run_file.write_text(yaml.safe_dump(RUN))
    (run.folder / "loop").symlink_to("loop")
    (run.folder / "site.yaml").write_text(yaml.safe_dump(SITE))
    return run


def call(*arguments: str) -> tuple[int, str]:
    """Return a command's exit code and what it said on stderr."""
    said = io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(said):
        code = main(arguments)
    return code, said.getvalue()


def check_ending(content: bytes, code: int, said: str) -> None:
    assert code in SAID, f"{content!r}\n{said[-3000:]}"
    assert (code == EXIT_OK) == (not said.strip()), said
    assert len(said) < 20_000


def test_the_files_that_are_damaged_are_good_before(small: SmallRun) -> None:
    assert call("plan", str(small.run_file), "--out", str(small.out)) == (EXIT_OK, "")
    load_site_file(small.folder / "site.yaml")


@FUZZ
@given(content=damaged_files(RUN))
@example(content=b"")
@example(content=b"null\n")
@example(content=b"tasks: &a [*a]\n")
@example(content=b"\xff\xfe")
@example(content=b"tasks: !!bool x\n")
@example(content=b"tasks: !!timestamp x\n")
@example(content=b"tasks: [~nobody/x.yaml]\n")
@example(content=b"tasks: [loop/x.yaml]\n")
@example(content=b'tasks: ["\\0"]\n')
@example(content=b"tasks: [weather.yaml]\nmodels: " + b"x/" * 3000 + b"\n")
def test_a_damaged_run_file_is_planned_or_refused(small: SmallRun, content: bytes) -> None:
    path = small.folder / "odd.yaml"
    path.write_bytes(content)
    check_ending(content, *call("plan", str(path), "--out", str(small.out)))


@FUZZ
@given(content=damaged_files(SITE))
@example(content=b"")
@example(content=b"stages: {train: {time: 2024-02-31}}\n")
@example(content=b"scratch: ~nobody/x\n")
def test_a_damaged_site_file_makes_scripts_or_is_refused(small: SmallRun, content: bytes) -> None:
    path = small.folder / "odd_site.yaml"
    path.write_bytes(content)
    run = (str(small.run_file), "--out", str(small.out))
    check_ending(content, *call("submit", *run, "--site", str(path), "--dry-run"))
