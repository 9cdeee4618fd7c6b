from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import synth_local
from synth_local.config import CurateConfig, GenerateConfig, MeasureConfig, RunConfig, TrainConfig
from synth_local.task import TaskFile

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)#]+?)(#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target, _ in LINK.findall(page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_changelog_knows_the_version() -> None:
    assert f"## [{synth_local.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_every_key_of_the_run_file_is_documented() -> None:
    page = (ROOT / "docs" / "run-file.md").read_text()
    sections = (RunConfig, GenerateConfig, CurateConfig, MeasureConfig, TrainConfig)
    missing = [name for one in sections for name in one.model_fields if f"`{name}`" not in page]
    assert missing == []


def test_every_key_of_the_task_file_is_documented() -> None:
    page = (ROOT / "docs" / "task-file.md").read_text()
    assert [name for name in TaskFile.model_fields if f"`{name}`" not in page] == []


def test_pins_stand_in_the_constraints_file_and_not_in_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not [one for one in project["dependencies"] if "==" in one or "<" in one]
