"""Labels are what stands in the file, in the data as in the task file."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synth_local.errors import ConfigError, DataError, UnknownLabelError
from synth_local.task import load_task
from synth_local.task.examples import LabelledRows, read_examples
from tests.task.test_task_file import write_task
from tests.task.test_task_reading import make_spec

TASK = """\
name: sms
labels:
  {first}: {{description: one}}
  {second}: {{description: two}}
context: You collect messages.
kind: text message
data: {{train: train.jsonl{more}}}
"""
NFC, NFD = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))


def write_spelled(folder: Path, first: str, second: str, more: str = "") -> Path:
    write_task(folder)
    path = folder / "task.yaml"
    path.write_text(TASK.format(first=first, second=second, more=more), encoding="utf-8")
    return path


def read(path: Path, labels: tuple[str, ...] = ("ham", "spam"), **changes: Any) -> LabelledRows:
    described = {label: {"description": "x"} for label in labels}
    return read_examples(make_spec(labels=described, **changes), path, "train")


def write_lines(folder: Path, labels: list[Any], key: str = "label") -> Path:
    path = folder / "t.jsonl"
    lines = [json.dumps({"text": f"text {n}", key: one}) for n, one in enumerate(labels)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "spelled",
    ["010", "007", "1_000", "0x1F", "1e3", "1.5", ".5", "2024-01-01", "2024-02-31", "yes", "No",
     "true", "off", "1:00", "+1", "-0", "0b11", ".inf", ".nan", "NA", "nan", "=",
     "2024-01-01T00:00:00Z"],
)  # fmt: skip
def test_a_label_of_a_task_file_is_called_as_it_is_spelled(tmp_path: Path, spelled: str) -> None:
    task = load_task(write_spelled(tmp_path, spelled, "other", f", label_map: {{8: {spelled}}}"))
    assert task.labels == (spelled, "other")
    assert task.spec.data.label_map == {"8": spelled}


def test_labels_that_yaml_takes_for_one_number_stay_two(tmp_path: Path) -> None:
    assert load_task(write_spelled(tmp_path, "010", "8")).labels == ("010", "8")
    assert load_task(write_spelled(tmp_path, "1", "1.0")).labels == ("1", "1.0")


@pytest.mark.parametrize("spelled", ["~", "null", "Null"])
def test_a_key_that_yaml_reads_as_nothing_has_to_be_quoted(tmp_path: Path, spelled: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_task(write_spelled(tmp_path, spelled, "other"))
    assert "in quotes" in caught.value.fix
    assert caught.value.where.endswith("task.yaml:3")
    quoted = write_spelled(tmp_path, f'"{spelled}"', "other")
    assert load_task(quoted).labels == (spelled, "other")


@pytest.mark.parametrize("name", ["007", "1.5", "2024-01-01", "yes", "1:00", "~"])
def test_a_value_that_has_to_be_text_asks_for_quotes(tmp_path: Path, name: str) -> None:
    path = write_spelled(tmp_path, "a", "b")
    path.write_text(path.read_text("utf-8").replace("name: sms", f"name: {name}"), "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_task(path)
    assert "in quotes" in caught.value.fix
    assert "(line 1)" in caught.value.fix


@pytest.mark.parametrize(
    "labels", [["pos", "neg"], {"pos": "good texts", "neg": "bad"}, {"pos": None, "neg": 5}, [1, 2]]
)
def test_labels_without_descriptions_are_told_what_they_need(tmp_path: Path, labels: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        load_task(write_task(tmp_path, labels=labels))
    assert "a label needs a description" in caught.value.fix
    assert "pos: {description: ...}" in caught.value.fix


@pytest.mark.parametrize(
    "text",
    [
        "name: 2024-02-31\n",
        "a: " + "[" * 3000,
        "a: &x [*x]\n",
        "? [a, b]\n: c\n",
        "- a\n",
        "5\n",
        "",
    ],
)
def test_yaml_that_is_no_task_file_is_a_configuration_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "task.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        load_task(tmp_path / "task.yaml")


@pytest.mark.parametrize(("ours", "theirs"), [(NFC, NFD), (NFD, NFC)])
@pytest.mark.parametrize("mapped", [False, True])
def test_accents_spelled_in_two_ways_are_one_label_with_the_tasks_spelling(
    tmp_path: Path, ours: str, theirs: str, mapped: bool
) -> None:
    data = {"train": "x", "label_map": {ours: "tea"} if mapped else {}}
    path = write_lines(tmp_path, [theirs, "tea", "milk", ours])
    rows = read(path, ("tea", "milk") if mapped else (ours, "tea", "milk"), data=data)
    first = "tea" if mapped else ours
    assert [row.label for row in rows.examples] == [first, "tea", "milk", first]


def test_two_labels_that_differ_in_their_accents_spelling_only_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="stands twice"):
        load_task(write_task(tmp_path, labels={n: {"description": "x"} for n in (NFC, NFD)}))


@pytest.mark.parametrize(
    ("spelled", "labels"),
    [
        ("[true, false]", ("true", "false")),
        ("[true, false]", ("True", "False")),
        ("[1.0, 0]", ("1.0", "0")),
        ("[1.0, 1, 0.0, 0]", ("1", "0")),
        ("[1.50, 2e3]", ("1.50", "2e3")),
        ('[["ham"], ["spam"]]', ("ham", "spam")),
        ('[[1], ["0"]]', ("1", "0")),
        ('[["ham", "ham"], [" spam "]]', ("ham", "spam")),
        ('[[{"label": 3, "user": 1}], {"label": "4"}]', ("3", "4")),
    ],
)
def test_labels_of_json_are_spelled_as_in_the_file(
    tmp_path: Path, spelled: str, labels: tuple[str, ...]
) -> None:
    values = [one.strip() for one in _split(spelled)]
    path = tmp_path / "t.jsonl"
    lines = [f'{{"text": "text {n}", "label": {one}}}\n' for n, one in enumerate(values)]
    path.write_text("".join(lines), encoding="utf-8")
    rows = read(path, labels)
    assert len(rows.examples) == len(values)
    assert {row.label for row in rows.examples} == set(labels)


def _split(array: str) -> list[str]:
    """Return the elements of a JSON array as they are spelled."""
    found, start, depth = [], 1, 0
    for place, char in enumerate(array):
        depth += (char in "[{") - (char in "]}")
        if (char == "," and depth == 1) or place == len(array) - 1:
            found.append(array[start:place])
            start = place + 1
    return found


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        (pa.array([True, False]), ("true", "false")),
        (pa.array([1.0, 0.0]), ("1", "0")),
        (pa.array([1.0, 0.5]), ("1.0", "0.5")),
        (pa.array([b"ham", b"spam"]), ("ham", "spam")),
        (pa.array(["ham", "spam"]).dictionary_encode(), ("ham", "spam")),
        (pa.array([["ham"], ["spam"]]), ("ham", "spam")),
        (pa.array([1, 0], pa.date32()), ("1970-01-02", "1970-01-01")),
    ],
)
def test_labels_of_parquet_are_spelled_by_their_values(
    tmp_path: Path, column: pa.Array, labels: tuple[str, ...]
) -> None:
    pq.write_table(pa.table({"text": ["x", "y"], "label": column}), tmp_path / "t.parquet")
    assert {row.label for row in read(tmp_path / "t.parquet", labels).examples} == set(labels)


@pytest.mark.parametrize("labels", [("ham", "spam"), ("0", "1")])
def test_class_numbers_have_the_names_that_the_file_gives_them(
    tmp_path: Path, labels: tuple[str, ...]
) -> None:
    features = {"label": {"names": ["ham", "spam"], "_type": "ClassLabel"}}
    info = json.dumps({"info": {"features": features}})
    table = pa.table({"text": ["x", "y"], "label": [0, 1]})
    pq.write_table(table.replace_schema_metadata({"huggingface": info}), tmp_path / "t.parquet")
    assert [row.label for row in read(tmp_path / "t.parquet", labels).examples] == list(labels)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["ham", "spam"], "one label per row"),
        ([["ham", "spam"]], "mark parts of the text"),
        ([[0, 4, "PER"]], "mark parts of the text"),
        ([{"start_offset": 0, "end_offset": 4, "label": "PER"}], "mark parts of the text"),
        ({"a": 1}, "an object with the keys 'a'"),
    ],
)
@pytest.mark.parametrize("others", ["error", "drop"])
def test_more_than_one_label_is_refused_with_its_reason(
    tmp_path: Path, value: Any, said: str, others: str
) -> None:
    path = write_lines(tmp_path, ["ham", "spam", value])
    with pytest.raises(DataError, match=said) as caught:
        read(path, other_labels=others)
    assert caught.value.where == f"{path}:3"


def studio(choices: list[list[str]], **more: Any) -> dict[str, Any]:
    results = [
        {"result": [{"from_name": "mood", "type": "choices", "value": {"choices": one}}]}
        for one in choices
    ]
    return {"id": 1, "data": {"text": f"text {choices}"}, "annotations": results, **more}


def test_what_label_studio_exports_is_read(tmp_path: Path) -> None:
    whole = [studio([["ham"]]), studio([["spam"], ["spam"]]), studio([])]
    path = tmp_path / "t.json"
    path.write_text(json.dumps(whole), encoding="utf-8")
    rows = read(path, other_labels="drop")
    assert [row.label for row in rows.examples] == ["ham", "spam"]
    assert rows.facts.left_out == {"no label": 1}
    flat = [{"id": 1, "text": "x", "mood": "ham"}, {"id": 2, "text": "y", "mood": "spam"}]
    path.write_text(json.dumps(flat), encoding="utf-8")
    assert len(read(path, data={"train": "x", "label": "mood"}).examples) == 2


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (studio([["ham", "spam"]]), "one label per row"),
        (studio([["ham"], ["spam"]]), "do not agree"),
        (
            {"data": {"text": "x"}, "annotations": [{"result": [{"value": {"labels": ["PER"]}}]}]},
            "there are no choices",
        ),
    ],
)
def test_answers_of_label_studio_that_are_not_one_label_are_refused(
    tmp_path: Path, row: dict[str, Any], said: str
) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps([studio([["ham"]]), row]), encoding="utf-8")
    with pytest.raises(DataError, match=said) as caught:
        read(path)
    assert caught.value.where == f"{path}: row 2"


@pytest.mark.parametrize("form", ["t.csv", "t.jsonl"])
def test_a_message_shows_at_most_a_hundred_characters_and_ten_labels(
    tmp_path: Path, form: str
) -> None:
    long = "a secret of somebody " * 4000
    rows = {"t.csv": f"text,label\nx,{long}\n", "t.jsonl": f'{{"text": "x", "label": "{long}"}}'}
    (tmp_path / form).write_text(rows[form], encoding="utf-8")
    with pytest.raises(UnknownLabelError) as caught:
        read(tmp_path / form, tuple(f"label {number}" for number in range(2000)))
    assert caught.value.what.count("a secret") <= 5
    assert len(str(caught.value)) < 700
    assert "label 9, ... (1,990 more)" in caught.value.fix
