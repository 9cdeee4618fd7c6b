"""What a run was made from: its record, and what differs from it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from synth_local.errors import DataError, MachineError
from synth_local.records import EXTERNAL
from synth_local.run.identity.decided_by import REAL_DATA, drop_undecided
from synth_local.run.identity.why_stale import format_changes
from synth_local.run.sources.find import find_folder, is_by_variable, open_external
from synth_local.run.sources.made_from import (
    KeptModel,
    KeptTask,
    MadeFrom,
    read_made_from,
    write_made_from,
)
from synth_local.run.splits import read_facts
from synth_local.store.run_dir import CorpusKey, RunDir
from synth_local.task import KeptFile, KeptSources, load_task
from tests.pipeline.conftest import make_small_run

DETAIL = "detail of the real data|"


def keep_task(path: str, name: str = "weather") -> KeptTask:
    file = KeptFile("/data/train.csv", "0" * 64, "train.csv")
    return KeptTask(name, path, "name: x", "{}", "1" * 64, file, None, None, {"few_shot": "a"}, {})


def keep_model(folder: Path, *, by_variable: bool) -> KeptModel:
    return KeptModel(str(folder), by_variable, {}, {})


def keep_tasks(*paths: str) -> MadeFrom:
    tasks = {f"t{number}": keep_task(path, f"t{number}") for number, path in enumerate(paths)}
    return MadeFrom(1, {}, {}, {}, tasks, {}, {}, None)


def test_a_record_is_read_as_it_was_written_with_copies_for_people(tmp_path: Path) -> None:
    run = RunDir(tmp_path)
    made = keep_tasks("/home/a/weather.yaml")
    write_made_from(run, made)
    assert read_made_from(run) == made
    assert (tmp_path / "made_from/tasks/t0.yaml").read_text() == "name: x"
    assert (tmp_path / "made_from/prompts/t0/few_shot.txt").read_text() == "a"


def test_what_a_later_version_adds_to_a_record_is_passed_over(tmp_path: Path) -> None:
    run = RunDir(tmp_path)
    write_made_from(run, keep_tasks("/home/a/weather.yaml"))
    value = json.loads(run.made_from.read_text()) | {"more": 1}
    value["tasks"]["t0"]["more"] = 1
    run.made_from.write_text(json.dumps(value))
    assert read_made_from(run) == keep_tasks("/home/a/weather.yaml")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": "x"}', '{"version": 1, "tasks": 3}'])
def test_a_broken_record_is_the_users_data(tmp_path: Path, text: str) -> None:
    run = RunDir(tmp_path)
    run.made_from.parent.mkdir()
    run.made_from.write_text(text)
    with pytest.raises(DataError, match="cannot be read"):
        read_made_from(run)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("/home/a/x/task.yaml", "t0"),
        ("/home/b/y/task.yaml", "t1"),
        ("/mnt/x/task.yaml", "t0"),
        ("/mnt/z/task.yaml", None),
        ("/mnt/x/other.yaml", None),
    ],
)
def test_a_task_file_that_is_elsewhere_now_is_told_by_its_last_parts(
    asked: str, found: str | None
) -> None:
    task = keep_tasks("/home/a/x/task.yaml", "/home/a/y/task.yaml").find_task(Path(asked))
    assert (task.name if task else None) == found


def test_short_values_are_shown_and_long_ones_only_named() -> None:
    before = {"a": 1.0, "b": "0" * 64, "c": "x" * 100, "f: k.d": "old", "same": 1, "gone": "x"}
    now = {"a": 0.7, "b": "1" * 64, "c": "y" * 100, "f: k.d": "new", "same": 1}
    assert format_changes(before, now) == [
        "f changed: k.d",
        "a 1.0 \u2192 0.7",
        "b changed",
        "c changed",
        "gone x \u2192 none",
    ]


def test_many_changes_are_counted_from_the_tenth_on() -> None:
    before = {f"k{number}": 0 for number in range(25)} | {f"f: k{n}": 0 for n in range(25)}
    lines = format_changes(before, dict.fromkeys(before, 1))
    assert len(lines) == 11
    assert lines[-1] == "and 16 more"
    assert lines[0].endswith("k9, and 15 more")


def test_details_of_the_data_count_only_where_the_data_changed() -> None:
    before = {REAL_DATA: "1", f"{DETAIL}data file a.csv": "1"}
    touched = {REAL_DATA: "1", f"{DETAIL}data file a.csv": "2"}
    changed = {REAL_DATA: "2", f"{DETAIL}data file a.csv": "2"}
    otherwise = {REAL_DATA: "2", f"{DETAIL}data file a.csv": "1"}
    assert format_changes(*drop_undecided(before, touched)) == []
    assert format_changes(*drop_undecided(before, changed)) == ["data file a.csv 1 \u2192 2"]
    assert format_changes(*drop_undecided(before, otherwise)) == [f"{REAL_DATA} 1 \u2192 2"]


def test_facts_that_another_version_kept_are_read() -> None:
    facts = read_facts({"train": {"a": 3}, "test_digest": "x", "unknown": 1})
    assert facts.train == {"a": 3}
    assert facts.test_digest == "x"
    assert facts.num_test_matches == 0
    assert facts.pool == {}


def test_a_file_found_by_a_variable_is_found_without_it_and_beside_the_task_file_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = make_small_run(tmp_path / "project")
    secure = tmp_path / "secure"
    secure.mkdir()
    for name in ("train.jsonl", "test.jsonl"):
        (secure / name).write_bytes((small.folder / name).read_bytes())
    monkeypatch.setenv("SYNTH_LOCAL_DATA", str(secure))
    task = load_task(small.folder / "weather.yaml")
    assert task.train_file == secure / "train.jsonl"
    kept = KeptSources(task.files)
    monkeypatch.delenv("SYNTH_LOCAL_DATA")
    assert load_task(small.folder / "weather.yaml", kept).train_file == secure / "train.jsonl"
    assert load_task(small.folder / "weather.yaml").train_file == small.folder / "train.jsonl"
    beside = KeptSources(load_task(small.folder / "weather.yaml").files)
    moved = small.folder.rename(tmp_path / "copy")
    make_small_run(tmp_path / "project")
    assert load_task(moved / "weather.yaml", beside).train_file == moved / "train.jsonl"
    (moved / "train.jsonl").unlink()
    found = load_task(moved / "weather.yaml", beside)
    assert found.train_file == tmp_path / "project" / "train.jsonl"
    assert found.not_here == ()
    (tmp_path / "project" / "train.jsonl").unlink()
    lost = load_task(moved / "weather.yaml", beside)
    assert [one.kind for one in lost.not_here] == ["data"]
    assert lost.digest == found.digest
    with pytest.raises(DataError, match="missing"):
        load_task(moved / "weather.yaml")


def test_a_model_is_found_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SYNTH_LOCAL_MODELS", raising=False)
    for place in ("old", "models", "other"):
        (tmp_path / place / "m").mkdir(parents=True)
    kept = keep_model(tmp_path / "old" / "m", by_variable=True)
    assert find_folder("m", None, kept) == tmp_path / "old" / "m"
    assert find_folder("m", tmp_path / "other", kept) == tmp_path / "models" / "m"
    beside = keep_model(tmp_path / "old" / "m", by_variable=False)
    assert find_folder("m", None, beside) == tmp_path / "models" / "m"
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", str(tmp_path / "other"))
    assert find_folder("m", None, kept) == tmp_path / "other" / "m"
    assert is_by_variable(tmp_path / "other" / "m", None)
    monkeypatch.setenv("SYNTH_LOCAL_MODELS", "/nonexistent")
    assert find_folder("m", None, kept) == tmp_path / "old" / "m"
    with pytest.raises(MachineError, match="no folder"):
        find_folder("m", None, keep_model(tmp_path / "gone" / "m", by_variable=True))


def test_a_corpus_file_that_is_not_here_is_taken_from_the_record(tmp_path: Path) -> None:
    key = CorpusKey("t", "mine", EXTERNAL)
    path = tmp_path / "mine.csv"
    path.write_text("text,label\n")
    (here,) = open_external({key: path}, None).values()
    made = replace(keep_tasks(), corpora={"t/mine": KeptFile(str(path), here.digest)})
    (elsewhere,) = open_external({key: Path("/nonexistent/mine.csv")}, made).values()
    assert elsewhere == here  # found where it was
    path.unlink()
    (lost,) = open_external({key: path}, made).values()
    assert lost.digest == here.digest
    assert lost.not_here is not None
    assert str(lost.not_here) == f"the file of the corpus mine ({path})"
    with pytest.raises(DataError, match="missing"):
        open_external({key: path}, None)


def test_a_recorded_task_file_that_this_version_refuses_is_no_bug(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="recorded in a form"):
        replace(keep_task(str(tmp_path)), spec='{"name": "A B"}').read_spec()
