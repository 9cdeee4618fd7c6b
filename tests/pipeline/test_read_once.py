"""What is costly to read is read once: embedders, real texts, files of external corpora."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from synth_local.pipeline.step import run_step
from synth_local.pipeline.steps import measure
from synth_local.run.external import Brought
from tests.pipeline.conftest import SmallRun, make_rows, write_rows

Counted = Callable[[Any, str], None]


@pytest.fixture
def counts() -> Counter[str]:
    return Counter()


@pytest.fixture
def counted(counts: Counter[str], monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Count the calls of a function where a module calls it."""

    def count(module: Any, name: str) -> None:
        function = getattr(module, name)

        def call(*arguments: Any, **options: Any) -> Any:
            counts[name] += 1
            return function(*arguments, **options)

        monkeypatch.setattr(module, name, call)

    return count


@pytest.mark.slow
def test_a_stage_reads_once_what_several_corpora_need(
    small_run: SmallRun,
    counts: Counter[str],
    counted: Counted,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_rows(small_run.folder / "old.jsonl", make_rows(100, 5))
    small_run.change(corpora={"old-chat": "old.jsonl"}, generators=["fake-a", "fake-b"])
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(small_run.folder / "models"))
    assert small_run.run("--until", "curate").returncode == 0
    (small_run.out / "corpora" / "weather" / "old-chat" / "brought" / "manifest.json").unlink()
    counted(Brought, "read")
    for name in ("open_embedder", "keep_distinct", "measure_corpus"):
        counted(measure, name)
    for stage in ("curate", "measure"):
        run_step(stage, small_run.out, 0, 1, None)
    assert counts == {
        "read": 1,
        "measure_corpus": 5,
        "open_embedder": 1,
        "keep_distinct": 1,
    }
