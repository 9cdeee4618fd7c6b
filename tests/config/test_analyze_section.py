"""The section of the run file that names what people said."""

from __future__ import annotations

from pathlib import Path

import pytest

from synth_local.config import AnalyzeConfig, load_run_file
from synth_local.config.run_file import dump_run_file
from synth_local.errors import ConfigError

BODY = "tasks: [a.yaml]\nsources: [real]\nstudents: [tfidf-logreg]\n"


def test_paths_are_relative_to_the_run_file_and_survive_the_resolved_one(tmp_path: Path) -> None:
    run_file = tmp_path / "run.yaml"
    run_file.write_text(BODY + "analyze: {judgements: said/pairs.csv, annotations: {a: a.csv}}\n")
    config = load_run_file(run_file)
    assert config.analyze.judgements == str(tmp_path.resolve() / "said" / "pairs.csv")
    assert config.analyze.annotations == {"a": str(tmp_path.resolve() / "a.csv")}
    resolved = tmp_path / "elsewhere" / "run.yaml"
    resolved.parent.mkdir()
    resolved.write_text(dump_run_file(config))
    assert load_run_file(resolved) == config


def test_the_section_is_optional_and_its_paths_are_no_identity(tmp_path: Path) -> None:
    run_file = tmp_path / "run.yaml"
    run_file.write_text(BODY)
    assert load_run_file(run_file).analyze == AnalyzeConfig()
    assert AnalyzeConfig(judgements="x.csv").fingerprint_fields() == {}


def test_an_unknown_key_is_an_error(tmp_path: Path) -> None:
    run_file = tmp_path / "run.yaml"
    run_file.write_text(BODY + "analyze: {judgement: pairs.csv}\n")
    with pytest.raises(ConfigError) as caught:
        load_run_file(run_file)
    assert "did you mean 'judgements'?" in caught.value.fix
