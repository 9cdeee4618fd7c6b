"""A finished run says what it said before: a change that moves code moves no figure and no word.

After a change that is meant to be seen, look at the difference and write the digests anew:

    python -m tests.golden.test_digests
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
import yaml

from tests.golden.contents import digest_files, read_text
from tests.pipeline.conftest import (
    SmallRun,
    add_annotators,
    make_rows,
    make_small_run,
    write_rows,
)

KEPT = Path(__file__).with_name("digests.json")


def make_golden_run(home: Path) -> SmallRun:
    """Run most of what a run file can ask for, and render its jobs."""
    small = make_small_run(home)
    add_annotators(small)
    write_rows(home / "old.jsonl", make_rows(100, 5))
    small.change(
        students=["tfidf-logreg", "text-length", "majority", "generator-itself"],
        sources=["real", "synthetic", "real_all", "pool", "pool_balanced", "pool+synthetic"],
        learning_curve=[10, 20],
        corpus_seeds=[1],
        corpora={"old-chat": "old.jsonl"},
        per_label=20,
        generate={"chain_length": 4, "shots": 2, "dtype": "float32"},
    )
    result = small.run()
    assert result.returncode == 0, result.stdout + result.stderr
    (home / "jobs").mkdir()
    site = {"stages": {"generate": {"gpus": 0, "shards": 2}, "train": {"gpus": 0, "shards": 3}}}
    (home / "site.yaml").write_text(yaml.safe_dump(site))
    named = ["--site", str(home / "site.yaml"), "--out", str(home / "new"), "--dry-run"]
    jobs = small.call("submit", str(small.run_file), *named)
    assert jobs.returncode == 0, jobs.stdout + jobs.stderr
    (home / "jobs" / "dry_run.sh").write_text(jobs.stdout)
    return small


def digest_golden_run(small: SmallRun) -> dict[str, str]:
    jobs = digest_files(small.folder / "jobs", small.folder)
    return digest_files(small.out, small.folder) | jobs


@pytest.mark.slow
def test_a_finished_run_says_what_it_said_before(tmp_path: Path) -> None:
    digests, kept = digest_golden_run(make_golden_run(tmp_path)), json.loads(KEPT.read_text())
    changed = sorted(name for name in digests if digests[name] != kept.get(name))
    assert sorted(digests) == sorted(kept)
    assert changed == [], read_text(tmp_path / "out" / changed[0], tmp_path)[:2000]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        made = digest_golden_run(make_golden_run(Path(folder)))
    KEPT.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")
