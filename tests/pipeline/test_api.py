"""The Python API, as the README shows it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import synth_local
from synth_local import advise, compare, load_corpus, load_run, read_results
from synth_local.errors import ConfigError, DataError
from tests.pipeline.conftest import SmallRun

README = Path(__file__).parents[2] / "README.md"


def read_example() -> str:
    blocks: list[str] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    (example,) = (block for block in blocks if "synth_local" in block)
    return example


@pytest.mark.slow
def test_the_example_of_the_readme_runs(
    finished_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    example = read_example().replace("runs/mine", str(finished_run.out))
    example = example.replace("my-run/task.yaml", str(finished_run.folder / "weather.yaml"))
    example = example.replace('"sms_spam", "tiny-sms"', '"weather", "fake-a"')
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102 - our own page
    printed = capsys.readouterr().out
    assert "weather instead_of_real" in printed
    assert "'sunny': 40" in printed


@pytest.mark.slow
def test_what_is_read_is_what_lies_there(finished_run: SmallRun) -> None:
    run = load_run(str(finished_run.out))
    assert run.config.per_label == 40
    assert {key[1:] for key in run.corpora} == {("fake-a", "zero_shot"), ("fake-a", "few_shot")}
    corpus = load_corpus(run.corpora["weather", "fake-a", "zero_shot"])
    assert len(corpus.rows) == sum(corpus.manifest.accepted.values()) == 80
    lines = (finished_run.out / "results.csv").read_text().splitlines()
    assert len(run.results) == len(read_results(finished_run.out)) == len(lines) - 1
    assert {verdict.task for verdict in run.verdicts} == {"weather"}
    chosen = [f"{finished_run.out}::strategy={name}" for name in ("zero_shot", "few_shot")]
    assert len(compare(*chosen).runs) == 1
    page = advise(finished_run.folder / "weather.yaml", [finished_run.out])
    assert [answer.verdict for answer in page.answers] == list(run.verdicts)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a run directory"):
        load_run(tmp_path)
    with pytest.raises(DataError, match="no finished corpus"):
        load_corpus(tmp_path)
    assert read_results(tmp_path) == []
    with pytest.raises(AttributeError, match="nothing_of_it"):
        _ = synth_local.nothing_of_it


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import synth_local, sys; print(sorted(m for m in sys.modules if 'synth_local.' in m))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "['synth_local.version']"
