from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_local.errors import DataError, UnknownLabelError
from synth_local.records import Example
from synth_local.task import TaskFile
from synth_local.task.examples import LabelledRows, read_examples
from synth_local.task.formats.reader import read_rows

TEXTS = ["plain", 'she said "no", twice', "two\nlines", "tab\there", "žluťoučký 日本", "a;b|c"]
LABELS = ["ham", "spam"]


def make_spec(**changes: Any) -> TaskFile:
    value: dict[str, Any] = {
        "name": "sms",
        "labels": {"ham": {"description": "wanted"}, "spam": {"description": "unwanted"}},
        "context": "You collect messages.",
        "kind": "text message",
        "data": {"train": "unused"},
    }
    return TaskFile.model_validate(value | changes)


def read(path: Path, **changes: Any) -> LabelledRows:
    return read_examples(make_spec(**changes), path, "train")


def write_csv(path: Path, delimiter: str = ",", bom: str = "") -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow(["text", "label", "id"])
    writer.writerows([text, LABELS[n % 2], n] for n, text in enumerate(TEXTS))
    path.write_text(bom + buffer.getvalue(), encoding="utf-8", newline="")


def write_json(path: Path) -> None:
    lines = [json.dumps({"text": t, "label": LABELS[n % 2]}) for n, t in enumerate(TEXTS)]
    path.write_text("\n".join(lines), encoding="utf-8")


def write_parquet(path: Path) -> None:
    labels = [LABELS[n % 2] for n in range(len(TEXTS))]
    pq.write_table(pa.table({"label": labels, "text": TEXTS, "score": labels}), path)


def write_saved(folder: Path) -> None:
    """Write what Dataset.save_to_disk writes, in two Arrow files, with class numbers."""
    folder.mkdir()
    names = []
    for part, numbers in enumerate(([0, 1, 2], [3, 4, 5])):
        name = f"data-{part:05d}-of-00002.arrow"
        table = pa.table({"text": [TEXTS[n] for n in numbers], "label": [n % 2 for n in numbers]})
        with pa.ipc.new_stream(folder / name, table.schema) as sink:
            sink.write_table(table)
        names.append({"filename": name})
    (folder / "state.json").write_text(json.dumps({"_data_files": names}), encoding="utf-8")
    features = {"text": {"dtype": "string"}, "label": {"names": LABELS, "_type": "ClassLabel"}}
    info = json.dumps({"features": features})
    (folder / "dataset_info.json").write_text(info, encoding="utf-8")


def zipped(write: Callable[[Path], None]) -> Callable[[Path], None]:
    def write_zipped(path: Path) -> None:
        plain = path.with_name("plain")
        write(plain)
        path.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))

    return write_zipped


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.csv", write_csv),
        ("a.csv.gz", zipped(write_csv)),
        ("bom.csv", lambda path: write_csv(path, bom="\ufeff")),
        ("a.tsv", lambda path: write_csv(path, "\t")),
        ("a.TSV.gz", zipped(lambda path: write_csv(path, "\t"))),
        ("a.jsonl", write_json),
        ("a.json.gz", zipped(write_json)),
        ("a.parquet", write_parquet),
        ("saved", write_saved),
    ],
)
def test_every_format_gives_the_same_examples(
    tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    write(tmp_path / name)
    expected = tuple(Example(f"train-{n:06d}", text, LABELS[n % 2]) for n, text in enumerate(TEXTS))
    assert read(tmp_path / name).examples == expected


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        min_size=1,
    )
)
def test_what_is_written_as_csv_is_read_back(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, quoting=csv.QUOTE_ALL)
            writer.writerow(["text", "label"])
            writer.writerows([text, "ham"] for text in texts)
        assert [row.text for row in read_rows(path, "text", "label")] == texts


@pytest.mark.slow
def test_a_folder_that_datasets_saved_is_read(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=LABELS)}
    )
    rows = {"text": TEXTS, "label": [n % 2 for n in range(len(TEXTS))]}
    whole = datasets.Dataset.from_dict(rows, features=features)
    datasets.DatasetDict({"train": whole}).save_to_disk(tmp_path / "both")
    assert [row.text for row in read(tmp_path / "both/train").examples] == TEXTS
    with pytest.raises(DataError) as caught:
        read(tmp_path / "both")
    assert "both/train" in caught.value.fix


CLASH = '{"text": "a", "label": "ham"}\n'
GOOD = CLASH + '{"text": "b", "label": "spam"}\n'


@pytest.mark.parametrize(
    ("name", "content", "line", "said"),
    [
        ("a.jsonl", GOOD + '{"text": "x"', 3, "not valid JSON"),
        ("a.jsonl", GOOD + "\n[1]\n", 4, "expected a JSON object, found list"),
        ("a.jsonl", GOOD + '{"text": "x"}\n', 3, "no column 'label'; found 'text'"),
        ("a.jsonl", '{"txt": "x", "label": "ham"}\n', 1, "did you mean 'txt'"),
        ("a.jsonl", GOOD + '{"text": null, "label": "ham"}\n', 3, "'text' is missing"),
        ("a.jsonl", GOOD + '{"text": 5, "label": "ham"}\n', 3, "a int, not a text"),
        ("a.jsonl", GOOD + '{"text": "x", "label": null}\n', 3, "'label' is missing"),
        ("a.jsonl", GOOD + '{"text": "\\ud83d", "label": "ham"}\n', 3, "half a character"),
        ("a.jsonl", GOOD.encode() + b'{"text": "caf\xe9", "label": "ham"}\n', 3, "0xe9 is not UTF"),
        ("a.csv", "text,label\nx,ham\ny,spam,more\n", 3, "3 fields, the header 2"),
        ("a.csv", 'text,label\nx,ham\n"y,spam\n', 3, "quotes or separators"),
        ("a.csv", 'text,label\n"x\ny",ham\n"z" y,spam\n', 4, "quotes or separators"),
        ("a.csv", "text,text,label\nx,y,ham\n", 1, "stands twice"),
        ("a.csv", "text,label\nx,ham\n".encode("utf-16"), 1, "UTF-16"),
        ("a.jsonl.gz", gzip.compress(GOOD.encode(), mtime=0)[:-9], 3, "cannot read on"),
        ("a.jsonl.gz", GOOD.encode(), 1, "cannot read on"),
    ],
)
def test_a_bad_row_is_named_with_its_line(
    tmp_path: Path, name: str, content: str | bytes, line: int, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as caught:
        read(path)
    assert said in str(caught.value)
    assert caught.value.where == f"{path}:{line}"


def test_an_unknown_label_names_its_line_and_the_nearest_label(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(GOOD + '{"text": "c", "label": "spma"}\n', encoding="utf-8")
    with pytest.raises(UnknownLabelError) as caught:
        read(path)
    assert caught.value.where == f"{path}:3"
    assert "did you mean 'spam'?" in caught.value.fix


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", "", "no rows"),
        ("a.jsonl", "\n\n", "no rows"),
        ("a.csv", "", "no rows"),
        ("a.csv", "text,label\n", "no rows"),
        ("a.jsonl", CLASH, "no row has the label 'spam'"),
        ("a.xlsx", "x", "format of a.xlsx is not known"),
        ("a.parquet.gz", "x", "format of a.parquet.gz is not known"),
        ("a.parquet", "x", "not a readable Parquet"),
    ],
)
def test_a_file_without_use_is_refused(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=said) as caught:
        read(tmp_path / name)
    assert caught.value.where == str(tmp_path / name)


def test_numbers_are_labels_by_their_spelling(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["x", "y"], "label": [0, 1]}), path)
    rows = read(path, data={"train": "unused", "label_map": {"0": "ham", "1": "spam"}})
    assert [row.label for row in rows.examples] == LABELS
    labels = {"0": {"description": "x"}, "1": {"description": "y"}}
    assert [row.label for row in read(path, labels=labels).examples] == ["0", "1"]


def test_a_withheld_class_is_a_missing_label(tmp_path: Path) -> None:
    write_saved(tmp_path / "saved")
    table = pa.table({"text": ["x"], "label": [-1]})
    with pa.ipc.new_stream(tmp_path / "saved/data-00000-of-00002.arrow", table.schema) as sink:
        sink.write_table(table)
    with pytest.raises(DataError, match="'label' is missing") as caught:
        read(tmp_path / "saved")
    assert caught.value.where.endswith("saved: row 1")


def test_blank_lines_do_not_count_in_ids_but_do_in_places(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n" + GOOD.replace("\n", "\n\n"), encoding="utf-8")
    assert [row.id for row in read(path).examples] == ["train-000000", "train-000001"]
    assert [row.where for row in read_rows(path, "text", "label")] == [f"{path}:2", f"{path}:4"]


def test_other_labels_and_empty_texts_are_dropped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    more = '{"text": "c", "label": "other"}\n{"text": " #not ", "label": "ham"}\n'
    path.write_text(more + GOOD, encoding="utf-8")
    rows = read(path, other_labels="drop", clean=[r"#not\b"])
    assert [row.id for row in rows.examples] == ["train-000002", "train-000003"]
    assert (rows.num_other_labels, rows.num_empty) == (1, 1)


def test_clean_leaves_one_blank_and_the_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    text = {"text": "  one<br /><br />two #NOT three\nfour  five ", "label": "ham"}
    path.write_text(GOOD + json.dumps(text), encoding="utf-8")
    rows = read(path, clean=["<br ?/?>", r"(?i)#not\b"])
    assert rows.examples[2].text == "one two three\nfour five"
    assert read(path).examples[2].text == text["text"].strip()
