"""What single annotators said is read beside the label, from every format, and changes nothing."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synth_local.errors import ConfigError, DataError, UnknownLabelError
from synth_local.store.corpus import digest_examples
from synth_local.task import TaskFile, load_task
from synth_local.task.examples import read_examples

ROWS: list[tuple[str, str, Any]] = [
    ("warm", "yes", ["yes", "yes", "no"]),
    ("cold", "no", ["no", None, "no"]),
]
WANTED = [("yes", "yes", "no"), ("no", None, "no")]


def make_spec(annotations: str | list[str], **changes: Any) -> TaskFile:
    value: dict[str, Any] = {
        "name": "mood",
        "labels": {"yes": {"description": "it is"}, "no": {"description": "it is not"}},
        "context": "You keep notes.",
        "kind": "note",
        "data": {"train": "unused", "annotations": annotations, **changes.pop("data", {})},
    }
    return TaskFile.model_validate(value | changes)


def read(spec: TaskFile, path: Path) -> list[tuple[str | None, ...]]:
    return [one.annotations for one in read_examples(spec, path, "test").examples]


def write_lines(path: Path, rows: list[tuple[str, str, Any]] = ROWS) -> Path:
    lines = [json.dumps({"text": t, "label": label, "who": who}) for t, label, who in rows]
    path.write_text("\n".join(lines))
    return path


def test_a_column_may_hold_the_list_of_all_annotators(tmp_path: Path) -> None:
    spec = make_spec("who")
    assert read(spec, write_lines(tmp_path / "rows.jsonl")) == WANTED
    table = pa.table(
        {
            name: list(column)
            for name, column in zip(("text", "label", "who"), zip(*ROWS, strict=True), strict=True)
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    assert read(spec, tmp_path / "rows.parquet") == WANTED


def test_each_annotator_may_have_a_column_and_an_empty_field_is_no_rating(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["text", "a1", "label", "a2", "a3"])
        writer.writerows([t, who[0], lab, who[1] or "", who[2]] for t, lab, who in ROWS)
    assert read(make_spec(["a1", "a2", "a3"]), path) == WANTED


def test_the_label_map_is_that_of_the_labels(tmp_path: Path) -> None:
    rows = [("warm", "1", [1, 0]), ("cold", "0", [0, 0])]
    spec = make_spec("who", data={"label_map": {1: "yes", 0: "no"}})
    assert read(spec, write_lines(tmp_path / "rows.jsonl", rows)) == [("yes", "no"), ("no", "no")]


def test_a_rating_that_the_task_does_not_know_is_an_error_or_no_rating(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "rows.jsonl", [*ROWS, ("hm", "no", ["maybe", "no"])])
    with pytest.raises(UnknownLabelError, match="maybe"):
        read(make_spec("who"), path)
    assert read(make_spec("who", other_labels="drop"), path)[-1] == (None, "no")


def test_a_missing_column_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="whom") as caught:
        read(make_spec("whom"), write_lines(tmp_path / "rows.jsonl"))
    assert "'who'" in str(caught.value)


@pytest.mark.parametrize("columns", ["text", ["label"], ["who", "who"]])
def test_the_columns_are_columns_of_their_own(columns: Any) -> None:
    with pytest.raises(ValueError, match="columns of their own"):
        make_spec(columns)


def test_naming_the_annotators_changes_no_identity(tmp_path: Path) -> None:
    write_lines(tmp_path / "rows.jsonl", ROWS * 20)
    text = (
        "name: mood\nlabels: {'yes': {description: it is}, 'no': {description: it is not}}\n"
        "context: You keep notes.\nkind: note\ndata: {train: rows.jsonl%s}\n"
    )
    (tmp_path / "without.yaml").write_text(text % "")
    (tmp_path / "with.yaml").write_text(text % ", annotations: who")
    without, with_ = (load_task(tmp_path / f"{name}.yaml") for name in ("without", "with"))
    assert without.digest == with_.digest
    rows = read_examples(with_.spec, with_.train_file, "row").examples
    assert digest_examples(rows) == digest_examples([replace(one, annotations=()) for one in rows])


def test_an_unknown_key_beside_it_is_still_an_error(tmp_path: Path) -> None:
    (tmp_path / "task.yaml").write_text("data: {train: x, annotation: who}\n")
    with pytest.raises(ConfigError, match="problem"):
        load_task(tmp_path / "task.yaml")
