from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from synth_local.errors import ConfigError, DataError
from synth_local.task import load_task

ROWS = '{"text": "see you at six", "label": "ham"}\n{"text": "win a prize", "label": "spam"}\n'


def write_task(folder: Path, **changes: Any) -> Path:
    """Write a small task file and its data; a change to None takes the key out."""
    folder.mkdir(parents=True, exist_ok=True)
    value: dict[str, Any] = {
        "name": "sms",
        "labels": {"ham": {"description": "wanted"}, "spam": {"description": "unwanted"}},
        "context": "You collect messages.",
        "kind": "text message",
        "data": {"train": "train.jsonl"},
    } | changes
    value = {key: field for key, field in value.items() if field is not None}
    (folder / "train.jsonl").write_text(ROWS, encoding="utf-8")
    path = folder / "task.yaml"
    path.write_text(yaml.safe_dump(value, sort_keys=False), encoding="utf-8")
    return path


def test_labels_keep_the_order_of_the_file(tmp_path: Path) -> None:
    labels = {name: {"description": "x"} for name in ("Sci/Tech", "a", "Cause-Effect(e1,e2)")}
    assert load_task(write_task(tmp_path, labels=labels)).labels == tuple(labels)


def test_numbers_may_stand_for_labels(tmp_path: Path) -> None:
    labels = {0: {"description": "bad"}, 1: {"description": "good"}}
    data = {"train": "train.jsonl", "label_map": {"ham": 0, 7: 1}}
    task = load_task(write_task(tmp_path, labels=labels, data=data))
    assert task.labels == ("0", "1")
    assert task.spec.data.label_map == {"ham": "0", "7": "1"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"name": "a__b"}, "hold no '__'", id="two underscores in the name"),
        pytest.param({"name": "SMS"}, "[a-z0-9._+-]+", id="capitals in the name"),
        pytest.param({"labels": {"a": {"description": "x"}}}, "two labels at least", id="one"),
        pytest.param(
            {"labels": {"a": {"description": "x"}, "A": {"description": "x"}}}, "stands twice",
            id="labels that differ in case only",
        ),
        pytest.param(
            {"labels": {"a ": {"description": "x"}, "b": {"description": "x"}}}, "blanks around",
            id="a label with a blank at its end",
        ),
        pytest.param({"clean": ["(unclosed"]}, "not a regular expression", id="a bad regex"),
        pytest.param({"clean": ["x*"]}, "matches the empty text", id="a regex for nothing"),
        pytest.param({"styles": ["a", "a"]}, "stands twice", id="a style twice"),
        pytest.param({"length": {"min_words": 9, "max_words": 3}}, "is below", id="length"),
        pytest.param({"test_share": 0.6, "validation_share": 0.4}, "nothing to train", id="shares"),
        pytest.param({"lables": {}}, "did you mean 'labels'", id="an unknown key"),
        pytest.param(
            {"data": {"train": "a.csv", "test": "a.csv"}}, "same file", id="one file twice"
        ),
        pytest.param(
            {"data": {"train": "a.csv", "text": "x", "label": "x"}}, "same column", id="column"
        ),
        pytest.param(
            {"data": {"train": "a.csv", "label_map": {"x": "hem"}}}, "did you mean 'ham'",
            id="a map to no label",
        ),
        pytest.param(
            {"data": {"train": "a.csv", "test": "b.csv"}, "test_share": 0.2}, "no meaning",
            id="a test share beside a test file",
        ),
    ],
)  # fmt: skip
def test_a_wrong_task_file_says_what_is_wrong(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    path = write_task(tmp_path, **changes)
    with pytest.raises(ConfigError) as caught:
        load_task(path)
    assert said in str(caught.value)
    assert str(path) in caught.value.where


def test_a_label_that_stands_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    path = write_task(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  spam:", "  ham:"), encoding="utf-8")
    with pytest.raises(ConfigError, match="'ham' stands twice") as caught:
        load_task(path)
    assert caught.value.where == f"{path}:5"


def test_all_problems_are_reported_together_with_their_lines(tmp_path: Path) -> None:
    path = write_task(tmp_path, name="A", clean=["("], kind=None)
    with pytest.raises(ConfigError) as caught:
        load_task(path)
    assert "3 problem(s)" in caught.value.what
    assert "(line 1)" in caught.value.fix


def test_data_come_from_the_data_folder_when_it_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_task(tmp_path / "here")
    write_task(tmp_path / "there")
    monkeypatch.setenv("SYNTH_LOCAL_DATA", str(tmp_path / "there"))
    assert load_task(path).train_file == (tmp_path / "there/train.jsonl").resolve()
    (tmp_path / "there/train.jsonl").unlink()
    assert load_task(path).train_file == (tmp_path / "here/train.jsonl").resolve()


def test_missing_data_name_both_places_and_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_task(tmp_path, data={"train": "gone.csv"})
    monkeypatch.setenv("SYNTH_LOCAL_DATA", str(tmp_path / "elsewhere"))
    with pytest.raises(DataError) as caught:
        load_task(path)
    assert caught.value.exit_code == 3
    assert str(tmp_path / "elsewhere/gone.csv") in caught.value.fix
    assert str(tmp_path / "gone.csv") in caught.value.fix
    assert "SYNTH_LOCAL_DATA" in caught.value.fix
    assert caught.value.where.startswith(f"{path}:")


def test_a_missing_prompts_folder_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="prompts folder"):
        load_task(write_task(tmp_path, prompts="wording"))


def test_a_link_keeps_the_name_that_tells_its_format(tmp_path: Path) -> None:
    path = write_task(tmp_path)
    (tmp_path / "train.jsonl").rename(tmp_path / "3fa9")
    (tmp_path / "train.jsonl").symlink_to(tmp_path / "3fa9")
    assert load_task(path).train_file.name == "train.jsonl"


def test_identity_is_content_not_place(tmp_path: Path) -> None:
    digest = load_task(write_task(tmp_path / "a")).digest
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert load_task(tmp_path / "b/task.yaml").digest == digest
    renamed = write_task(tmp_path / "b", data={"train": "other.jsonl"})
    (tmp_path / "b/train.jsonl").rename(tmp_path / "b/other.jsonl")
    assert load_task(renamed).digest == digest


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"homepage": "https://example.org", "citation": "x", "license_note": "y"}, True),
        ({"split_seed": 1}, False),
        ({"kind": "message"}, False),
        ({"clean": ["#"]}, False),
        (
            {"labels": {"spam": {"description": "unwanted"}, "ham": {"description": "wanted"}}},
            False,
        ),
        ({"data": {"train": "train.jsonl", "label_map": {"x": "ham"}}}, False),
    ],
    ids=["words about it", "split seed", "kind", "clean", "order of labels", "label map"],
)
def test_only_what_decides_results_changes_the_digest(
    tmp_path: Path, changes: dict[str, Any], same: bool
) -> None:
    before = load_task(write_task(tmp_path)).digest
    assert (load_task(write_task(tmp_path, **changes)).digest == before) is same


def test_one_byte_of_data_or_of_a_prompt_changes_the_digest(tmp_path: Path) -> None:
    (tmp_path / "wording").mkdir()
    template = tmp_path / "wording/zero_shot.txt"
    template.write_text("Write.", encoding="utf-8")
    path = write_task(tmp_path, prompts="wording")
    task = load_task(path)
    assert task.prompts_dir == (tmp_path / "wording").resolve()
    template.write_text("Write!", encoding="utf-8")
    second = load_task(path).digest
    (tmp_path / "train.jsonl").write_text(ROWS.replace("six", "ten"), encoding="utf-8")
    assert len({task.digest, second, load_task(path).digest}) == 3


@pytest.mark.parametrize("text", ["", "\n# later\n", "---\n"], ids=["nothing", "comment", "mark"])
def test_an_empty_task_file_is_called_empty(tmp_path: Path, text: str) -> None:
    path = tmp_path / "task.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="the task file is empty"):
        load_task(path)


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param("~nobody-of-this-name/t.csv", id="home of nobody"),
        pytest.param("loop/t.csv", id="circle of links"),
        pytest.param("x" * 5000, id="too long a name"),
        pytest.param("a\0b", id="null byte"),
    ],
)
@pytest.mark.parametrize("key", ["train", "test", "prompts"])
def test_a_place_that_cannot_be_is_refused(tmp_path: Path, key: str, spelled: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    data = {"train": "train.jsonl"}
    changes = {"prompts": spelled} if key == "prompts" else {"data": data | {key: spelled}}
    path = write_task(tmp_path, **changes)
    with pytest.raises((ConfigError, DataError)) as caught:
        load_task(path)
    assert len(str(caught.value)) < 1000
