"""``replay``: stored slots generated again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.pipeline.conftest import SmallRun

pytestmark = pytest.mark.slow  # looks at a whole run


@pytest.fixture
def copied(finished_run: SmallRun, tmp_path: Path) -> SmallRun:
    out = Path(shutil.copytree(finished_run.out, tmp_path / "out"))
    return SmallRun(finished_run.folder, finished_run.run_file, out)


def test_every_text_of_an_exact_engine_comes_again(copied: SmallRun) -> None:
    before = {path: path.read_bytes() for path in copied.out.rglob("*") if path.is_file()}
    done = copied.call("replay", str(copied.out), "--sample", "31", "--json")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert {result["corpus"] for result in results} == {
        "weather/fake-a/zero_shot",
        "weather/fake-a/few_shot",
    }
    assert sum(result["num_slots"] for result in results) == 31
    assert all(result["num_same"] == result["num_slots"] for result in results)
    assert {result["grade"] for result in results} == {"exact"}
    assert {path: path.read_bytes() for path in copied.out.rglob("*") if path.is_file()} == before


def test_a_text_that_was_changed_by_hand_is_named(copied: SmallRun) -> None:
    [segment] = sorted((copied.out / "work/generate/weather/fake-a/few_shot").glob("*.jsonl"))
    head, *lines = segment.read_text().splitlines()
    row = json.loads(lines[0])
    row["raw"] = "Z" + row["raw"][1:]
    segment.write_text("\n".join([head, json.dumps(row), *lines[1:]]) + "\n")
    done = copied.call("replay", str(copied.out), "--sample", "1000")
    assert done.returncode == 1
    assert f"{row['id']}: from character 0 on" in done.stdout
    assert "weather / fake-a / zero_shot: " in done.stdout


def test_changed_weights_are_refused_with_the_reason(small_run: SmallRun) -> None:
    small_run.change(per_label=6, strategies=["zero_shot"])
    assert small_run.run("--until", "generate").returncode == 0
    config = small_run.folder / "models" / "fake-a" / "config.json"
    settings = json.loads(config.read_text())
    config.write_text(json.dumps(settings | {"max_position_embeddings": 777}))
    done = small_run.call("replay", str(small_run.out))
    assert done.returncode == 4
    assert "cannot come again" in done.stderr
    assert "fake-a" in done.stderr


def test_without_stored_texts_there_is_nothing_to_generate_again(copied: SmallRun) -> None:
    shutil.rmtree(copied.out / "work" / "generate")
    done = copied.call("replay", str(copied.out))
    assert done.returncode == 2
    assert "no generated texts are stored" in done.stderr


def test_a_segment_that_was_opened_and_holds_no_text_is_no_sign_of_other_settings(
    copied: SmallRun,
) -> None:
    for segment in (copied.out / "work" / "generate").rglob("*.jsonl"):  # as a kill at once leaves
        segment.write_text(segment.read_text().splitlines()[0] + "\n")
    done = copied.call("replay", str(copied.out))
    assert done.returncode == 2
    assert "no generated texts are stored" in done.stderr
