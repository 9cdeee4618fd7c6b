from __future__ import annotations

from pathlib import Path

import pytest

from synth_local.cli.main import main
from synth_local.config import load_run_file
from synth_local.core.section import parse_section, read_yaml
from synth_local.models import load_card
from synth_local.task import TaskFile
from synth_local.task.downloads import READERS, convert_download
from tests.task.downloads_made import DOWNLOADS

ROOT = Path(__file__).parents[2]
STUDY = ROOT / "examples" / "study.yaml"


def test_the_study_is_ten_tasks_that_each_have_a_converter() -> None:
    config = load_run_file(STUDY)
    names = []
    for path in map(Path, config.tasks):
        value, lines = read_yaml(path)
        names.append(parse_section(TaskFile, value, path, lines).name)
    assert sorted(names) == sorted(READERS)
    assert [spec.name for spec in config.strategies] == ["zero_shot", "few_shot"]
    assert config.sources == ("real", "synthetic", "pool", "pool+synthetic")
    assert (config.per_label, len(config.seeds)) == (3000, 3)


def test_the_models_of_the_study_have_cards_for_what_they_do() -> None:
    config = load_run_file(STUDY)
    assert config.measure.embedder is not None
    roles = {name: "generator" for name in config.generators}
    roles |= {name: "student" for name in config.students} | {config.measure.embedder: "embedder"}
    for name, role in roles.items():
        assert (ROOT / "model_cards" / f"{name}.md").is_file()
        assert load_card(name, None).role == role


@pytest.mark.slow
def test_the_plan_of_the_study_needs_data_and_names_the_weights_that_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("SYNTH_LOCAL_DATA", str(tmp_path / "data"))
    assert main(["plan", str(STUDY), "--out", str(tmp_path / "run")]) == 3
    assert "the data file ag_news/train.jsonl.gz is missing" in capsys.readouterr().err
    for name, make in DOWNLOADS.items():
        make(tmp_path / name)
        convert_download(name, tmp_path / name, tmp_path / "data")
    assert main(["plan", str(STUDY), "--out", str(tmp_path / "run")]) == 0
    lines = capsys.readouterr().out.splitlines()
    missing = [line for line in lines if line.startswith("missing: there is no folder")]
    assert any("'llama-3.1-8b-instruct'" in line for line in missing)
    assert any("'bert-base-uncased'" in line for line in missing)
    # tasks x (real and pool, then two sources for each generator and strategy) x students x seeds,
    # and each generator itself with each strategy
    # three students draw random numbers; the two others are trained once on the 12 sets of a task
    # that are not cut, and once per seed on the two that are
    num_sets = 2 + 2 * 3 * 2
    assert sum(line.startswith("  to do  ") and "__s" in line for line in lines) == (
        10 * (num_sets * 3 * 3 + (num_sets - 2 + 2 * 3) * 2) + 10 * 3 * 2 * 3
    )
