"""What a data file is, its bytes tell; no encoding is guessed silently."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synth_local.errors import ConfigError, DataError
from synth_local.task import load_splits, load_task
from synth_local.task.examples import read_examples
from synth_local.task.task_file import TaskFile
from tests.task.test_task_file import write_task
from tests.task.test_task_reading import make_spec

ROWS = [("the café is closed", "ham"), ("win \u2013 a prize", "spam")]
CSV = "text,label\n" + "".join(f"{text},{label}\n" for text, label in ROWS)
JSON = "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in ROWS)


def make_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        # of a fixed time: the bytes stand in test ids, which all workers have to agree on
        archive.writestr(zipfile.ZipInfo("t.csv"), CSV)
    return buffer.getvalue()


def zip_twice(text: str) -> bytes:
    return gzip.compress(gzip.compress(text.encode(), mtime=0), mtime=0)


def make_table() -> pa.Table:
    return pa.table({"text": [text for text, _ in ROWS], "label": [label for _, label in ROWS]})


def make_parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(make_table(), sink)
    return sink.getvalue()


def make_arrow(new: Any) -> bytes:
    sink = io.BytesIO()
    with new(sink, make_table().schema) as writer:
        writer.write_table(make_table())
    return sink.getvalue()


def read(path: Path, encoding: str | None = None) -> list[tuple[str, str]]:
    spec = make_spec(data={"train": "unused", "encoding": encoding})
    return [(row.text, row.label) for row in read_examples(spec, path, "train").examples]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("zipped.csv", gzip.compress(CSV.encode(), mtime=0)),
        ("zipped.jsonl", gzip.compress(JSON.encode(), mtime=0)),
        ("T.CSV.GZ", gzip.compress(CSV.encode(), mtime=0)),
        ("T.JsonL.Gz", gzip.compress(JSON.encode(), mtime=0)),
        ("parquet.csv", make_parquet()),
        ("parquet.dat", make_parquet()),
        ("file.arrow", make_arrow(pa.ipc.new_file)),
        ("file.feather", make_arrow(pa.ipc.new_file)),
        ("stream.arrow", make_arrow(pa.ipc.new_stream)),
        ("arrow.parquet", make_arrow(pa.ipc.new_file)),
        ("semicolons.csv", CSV.replace(",", ";").encode("utf-8-sig")),
        ("bars.csv", CSV.replace(",", "|").encode()),
        ("tabs.csv", CSV.replace(",", "\t").encode()),
        ("commas.tsv", CSV.encode()),
        ("told.csv", b"sep=;\r\n" + CSV.replace(",", ";").encode()),
        ("array.json", json.dumps([{"text": t, "label": x} for t, x in ROWS]).encode()),
        ("pretty.json", json.dumps([{"text": t, "label": x} for t, x in ROWS], indent=1).encode()),
        ("blank_first.csv", b"\n\n" + CSV.encode()),
    ],
)
def test_the_first_bytes_and_the_header_tell_how_a_file_is_read(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    assert read(tmp_path / name) == ROWS


@pytest.mark.parametrize(
    ("name", "content", "what", "fix"),
    [
        ("a.csv", make_zip(), "a zip archive", "unzip"),
        ("a.jsonl", make_zip(), "a zip archive", "unzip"),
        ("a.csv.gz", gzip.compress(make_zip(), mtime=0), "a zip archive", "unzip"),
        ("a.csv", bz2.compress(CSV.encode()), "bzip2", "bunzip2"),
        ("a.csv", lzma.compress(CSV.encode()), "xz", "unxz"),
        ("a.csv.gz", zip_twice(CSV), "gzipped twice", "gunzip"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a workbook", "CSV UTF-8"),
        *(
            (name, b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n",
             "a Git LFS pointer", "git lfs pull")
            for name in ("a.csv", "a.jsonl", "a.json", "a.parquet", "a.arrow")
        ),
    ],
)  # fmt: skip
def test_what_holds_no_rows_as_it_stands_is_named_with_its_fix(
    tmp_path: Path, name: str, content: bytes, what: str, fix: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        read(tmp_path / name)
    assert what in caught.value.what
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("windows-1252", CSV),
        ("windows-1252", CSV.replace("café", "cafe")),
        ("utf-16", CSV),
        ("utf-16-le", CSV),
        ("utf-16-be", CSV),
        ("utf-32", CSV),
        (
            "windows-1251",
            CSV.replace("café", "сегодня кофейня закрыта до вечера").replace(
                "\u2013", "скидка на все товары сегодня"
            ),
        ),
        ("cp932", CSV.replace("café", "コーヒーの店").replace("\u2013", "が当たる")),
    ],
)
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_another_encoding_is_named_and_offered_and_read_only_when_asked_for(
    tmp_path: Path, encoding: str, text: str, name: str
) -> None:
    content = text.encode(encoding)
    path = tmp_path / name
    path.write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
    with pytest.raises(DataError) as caught:
        read(path)
    assert f"`encoding: {encoding}`" in caught.value.fix
    assert f"iconv -f {encoding.upper()} " in caught.value.fix
    assert caught.value.where.startswith(f"{path}:")
    expected = [tuple(line.split(",")) for line in text.splitlines()[1:]]
    assert read(path, encoding) == expected


def test_a_byte_that_the_asked_encoding_does_not_know_is_named_with_its_line(
    tmp_path: Path,
) -> None:
    (tmp_path / "t.csv").write_bytes(CSV.encode("utf-16-le")[:-1])
    with pytest.raises(DataError, match="not utf-16-le") as caught:
        read(tmp_path / "t.csv", "utf-16-le")
    assert caught.value.where.startswith(f"{tmp_path / 't.csv'}:")
    (tmp_path / "b.csv").write_bytes(b"text,label\nx,ham\n\x81,spam\n")
    with pytest.raises(DataError) as caught:
        read(tmp_path / "b.csv", "windows-1252")
    assert caught.value.where == f"{tmp_path / 'b.csv'}:3"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "windows-1252", None])
def test_a_gzip_that_is_cut_short_is_named_whatever_encoding_was_asked_for(
    tmp_path: Path, encoding: str | None
) -> None:
    content = gzip.compress(CSV.encode("windows-1252") * 3, mtime=0)
    (tmp_path / "t.csv.gz").write_bytes(content[:-12])
    with pytest.raises(DataError):
        read(tmp_path / "t.csv.gz", encoding)


@pytest.mark.parametrize("new", [pa.ipc.new_file, pa.ipc.new_stream])
def test_a_damaged_arrow_file_is_an_error_at_every_byte(tmp_path: Path, new: Any) -> None:
    content = make_arrow(new)
    for place in range(0, len(content), 3):
        (tmp_path / "t.arrow").write_bytes(content[:place] + b"\xf7" + content[place + 1 :])
        with suppress(DataError):
            read(tmp_path / "t.arrow")


@pytest.mark.parametrize(("mark", "asked"), [("utf-8-sig", "latin-1"), ("utf-16", "cp1252")])
def test_a_mark_that_contradicts_the_asked_encoding_is_refused(
    tmp_path: Path, mark: str, asked: str
) -> None:
    (tmp_path / "t.csv").write_bytes(CSV.encode(mark))
    with pytest.raises(DataError, match=f"data.encoding says {asked}"):
        read(tmp_path / "t.csv", asked)


@pytest.mark.parametrize("name", ["base64", "rot13", "nonsense", "idna", "unicode_escape", ""])
def test_an_encoding_that_reads_no_texts_is_a_configuration_error(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(ConfigError, match="no encoding"):
        load_task(write_task(tmp_path, data={"train": "train.jsonl", "encoding": name}))


def test_a_semicolon_in_a_quoted_name_is_no_separator(tmp_path: Path) -> None:
    head = 'text,label,"one;two;three;four"\n'
    (tmp_path / "t.csv").write_text(head + "a,ham,x\nb,spam,y\n", encoding="utf-8")
    assert read(tmp_path / "t.csv") == [("a", "ham"), ("b", "spam")]
    (tmp_path / "u.csv").write_text("text;label;a,b,c,d\nx;ham;1\ny;spam;2\n", encoding="utf-8")
    assert read(tmp_path / "u.csv") == [("x", "ham"), ("y", "spam")]


def write_shards(folder: Path, names: dict[str, list[tuple[str, str]]]) -> None:
    for name, rows in names.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        columns = {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
        pq.write_table(pa.table(columns), folder / name)


def make_rows(word: str, count: int = 12) -> list[tuple[str, str]]:
    return [(f"{word} {number}", ("ham", "spam")[number % 2]) for number in range(count)]


SHARDS = {
    "data/train-00000-of-00002.parquet": make_rows("first"),
    "data/train-00001-of-00002.parquet": make_rows("second"),
}
TESTED = SHARDS | {"data/test-00000-of-00001.parquet": make_rows("tested")}
OTHERWISE = {"train/0000.parquet": make_rows("first"), "train/0001.parquet": make_rows("second")}
PLAIN = {"a.parquet": make_rows("first"), "b.parquet": make_rows("second")}


@pytest.mark.parametrize("layout", [SHARDS, TESTED, OTHERWISE, PLAIN])
def test_all_shards_of_a_split_are_read_as_one(
    tmp_path: Path, layout: dict[str, list[tuple[str, str]]]
) -> None:
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub/README.md").write_text("a card", encoding="utf-8")
    write_shards(tmp_path / "hub", layout)
    rows = read_examples(make_spec(), tmp_path / "hub", "train")
    assert [row.text for row in rows.examples] == [
        text for word in ("first", "second") for text, _ in make_rows(word)
    ]
    assert len({row.id for row in rows.examples}) == 24
    assert rows.facts.notes == (("the folder also holds test",) if layout is TESTED else ())


def test_a_folder_with_both_splits_serves_train_and_test(tmp_path: Path) -> None:
    write_shards(tmp_path / "hub", TESTED)
    data = {"train": "hub", "test": "hub"}
    splits = load_splits(load_task(write_task(tmp_path, data=data)))
    assert {row.text.split()[0] for row in splits.test} == {"tested"}
    assert [(one.rows, one.used) for one in splits.files] == [(24, 24), (12, 12)]
    assert not any(one.notes for one in splits.files)


@pytest.mark.parametrize(
    ("layout", "role", "what"),
    [
        ({"validation.parquet": ROWS, "test.parquet": ROWS}, "train", "the splits"),
        ({"en/train.parquet": ROWS, "de/train.parquet": ROWS}, "train", "several folders"),
        ({"data/train-00000-of-00003.parquet": ROWS}, "train", "2 of 3 shards"),
        ({"data/train-00001-of-00002.parquet": ROWS}, "train", "1 of 2 shards"),
    ],
)
def test_a_folder_that_is_not_clear_about_its_split_is_refused(
    tmp_path: Path, layout: dict[str, list[tuple[str, str]]], role: str, what: str
) -> None:
    write_shards(tmp_path / "hub", layout)
    with pytest.raises(DataError, match=what):
        read_examples(make_spec(), tmp_path / "hub", role)


def test_one_shard_alone_says_that_there_are_others(tmp_path: Path) -> None:
    write_shards(tmp_path, SHARDS)
    rows = read_examples(make_spec(), tmp_path / next(iter(SHARDS)), "train")
    assert rows.facts.notes == ("one of 2 shards; name the folder to read all",)


def test_a_shard_that_was_not_fetched_is_named(tmp_path: Path) -> None:
    write_shards(tmp_path / "hub", SHARDS)
    pointer = tmp_path / "hub/data/train-00001-of-00002.parquet"
    pointer.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n")
    with pytest.raises(DataError, match="Git LFS pointer") as caught:
        read_examples(make_spec(), tmp_path / "hub", "train")
    assert caught.value.where == str(pointer)


def test_the_encoding_is_part_of_a_tasks_identity(tmp_path: Path) -> None:
    data = {"train": "train.jsonl"}
    plain = load_task(write_task(tmp_path, data=data)).digest
    assert load_task(write_task(tmp_path, data=data | {"encoding": "cp1252"})).digest != plain
    assert isinstance(make_spec(), TaskFile)
