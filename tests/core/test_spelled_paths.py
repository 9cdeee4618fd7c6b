from __future__ import annotations

from pathlib import Path

import pytest

from synth_local.core.spelled_paths import place_path
from synth_local.errors import ConfigError


@pytest.mark.parametrize(
    "spelled",
    ["x" * 5000, "x/" * 3000, "é" * 300, "\x00", "~nobody-of-this-name/x", "loop", "loop/x"],
)
def test_a_path_that_no_file_system_holds_is_refused_in_few_words(
    tmp_path: Path, spelled: str
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ConfigError) as caught:
        place_path(tmp_path, spelled, "run.yaml")
    assert len(str(caught.value)) < 400
    assert caught.value.where == "run.yaml"


@pytest.mark.parametrize("spelled", ["a.csv", "../b", ".", "/x/y", "none/yet"])
def test_other_paths_are_made_absolute_from_the_files_folder(tmp_path: Path, spelled: str) -> None:
    assert place_path(tmp_path, spelled, "run.yaml") == (tmp_path / spelled).resolve()
