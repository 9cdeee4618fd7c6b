"""Strategies of files as users have them, and as nobody should: for the fuzz tests.

How many examples a test makes: ``SYNTH_LOCAL_FUZZ``, 60 by default.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

FEW = settings(
    max_examples=int(os.environ.get("SYNTH_LOCAL_FUZZ", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
LABELS = ("ham", "spam", "café", "010", "1", "true", "1.5")
NAMES = ("t.csv", "t.tsv", "t.jsonl", "t.json", "T.CSV.GZ", "t.jsonl.gz", "t.parquet", "t.arrow",
         "t.txt")  # fmt: skip
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp1251",
             "shift_jis", "utf-32", "latin-1")  # fmt: skip
HEADS = (b"PK\x03\x04", b"PAR1", b"ARROW1\x00\x00", b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b",
         b"\xef\xbb\xbf", b"\xff\xff\xff\xff", b"version https://git-lfs.github.com/spec/v1\n",
         b"sep=;\n", b"[", b"{", b'[{"text":', b"text,label\n", b"text;label\r\n",
         b'{"data": {"text": "x"}, "annotations": [')  # fmt: skip

words = st.sampled_from(
    (*LABELS, "Ham", "cafe\u0301", "", " ", "other", "\u200b", "a\nb", "x" * 300)
)
odd = st.text(max_size=12) | words
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | odd
    | st.sampled_from((0, 1, 1.0, 1.5))
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd, inner, max_size=3),
    max_leaves=5,
)


@dataclass(frozen=True)
class MadeFile:
    """A file: its name, its bytes, and the encoding that a task file would state."""

    name: str
    content: bytes
    encoding: str | None


def _damage(content: bytes, place: int, how: str) -> bytes:
    at = place % (len(content) + 1)
    match how:
        case "cut":
            return content[:at]
        case "flip":
            return content[:at] + bytes([place % 256]) + content[at + 1 :]
        case "double":
            return content[:at] + content[at // 2 :]
    return content


@st.composite
def separated(draw: Any) -> bytes:
    """Return separated fields, with any quoting and line ends, in any encoding."""
    delimiter = draw(st.sampled_from(",;\t|"))
    quoting = draw(st.sampled_from((csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC)))
    end = draw(st.sampled_from(("\n", "\r\n", "\r")))
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator=end)
    head = draw(st.permutations(["text", "label", draw(odd)]))
    if draw(st.booleans()):
        writer.writerow(head)
    for row in draw(st.lists(st.tuples(odd, words, odd), max_size=8)):
        writer.writerow(row)
    found = buffer.getvalue().encode(draw(st.sampled_from(ENCODINGS)), errors="replace")
    return bytes(found)


@st.composite
def json_rows(draw: Any) -> bytes:
    """Return JSON lines or one array, of rows that have any values."""
    label = st.sampled_from(LABELS) | values
    row = st.fixed_dictionaries({"text": odd | values, "label": label}, optional={"more": values})
    studio = st.fixed_dictionaries(
        {
            "data": st.fixed_dictionaries({"text": odd}) | values,
            "annotations": st.lists(
                st.fixed_dictionaries(
                    {"result": st.lists(st.fixed_dictionaries({"value": values | _choices()}))}
                )
                | values,
                max_size=3,
            ),
        }
    )
    rows = draw(st.lists(row | studio | values, max_size=6))
    if draw(st.booleans()):
        text = json.dumps(rows, indent=draw(st.sampled_from((None, 1))))
    else:
        text = "\n".join(json.dumps(one, ensure_ascii=draw(st.booleans())) for one in rows)
    return text.encode(draw(st.sampled_from(ENCODINGS)), errors="replace")


def _choices() -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({"choices": st.lists(words, max_size=2) | values})


@st.composite
def tables(draw: Any) -> bytes:
    """Return Parquet or Arrow of columns of any type."""
    size = draw(st.integers(0, 6))
    kinds: tuple[tuple[Any, Any], ...] = (
        (pa.string(), st.none() | st.text(st.characters(codec="utf-8"), max_size=8)),
        (pa.string(), st.sampled_from(LABELS)),
        (pa.float64(), st.none() | st.floats()),
        (pa.int64(), st.integers(-2, 3)),
        (pa.bool_(), st.none() | st.booleans()),
        (pa.binary(), st.binary(max_size=4)),
        (pa.list_(pa.string()), st.lists(st.sampled_from(LABELS), max_size=2)),
        (pa.struct([("label", pa.string())]), st.fixed_dictionaries({"label": st.none()})),
        (pa.timestamp("us"), st.integers(-(2**62), 2**62)),
    )
    columns = {}
    for name in draw(st.permutations(["text", "label", draw(st.sampled_from(("x", "y.z")))])):
        kind, cells = draw(st.sampled_from(kinds))
        columns[name] = pa.array(draw(st.lists(cells, min_size=size, max_size=size)), kind)
    table = pa.table(columns)
    if draw(st.booleans()):
        features = {"label": {"_type": "ClassLabel", "names": draw(values)}}
        info = json.dumps({"info": {"features": draw(st.just(features) | values)}})
        table = table.replace_schema_metadata({"huggingface": info})
    sink = io.BytesIO()
    if draw(st.booleans()):
        pq.write_table(table, sink)
    else:
        new = draw(st.sampled_from((pa.ipc.new_file, pa.ipc.new_stream)))
        with new(sink, table.schema) as writer:
            writer.write_table(table)
    return sink.getvalue()


@st.composite
def data_files(draw: Any) -> MadeFile:
    """Return a data file of any format, whole or damaged, under any name."""
    raw = st.builds(bytes.__add__, st.sampled_from((b"", *HEADS)), st.binary(max_size=60))
    content = draw(separated() | json_rows() | tables() | raw)
    if draw(st.integers(0, 3)) == 0:
        how = draw(st.sampled_from(("cut", "flip", "double")))
        content = _damage(content, draw(st.integers(0, 5000)), how)
    if draw(st.integers(0, 3)) == 0:
        content = gzip.compress(content, mtime=0)
        content = _damage(
            content, draw(st.integers(0, 5000)), draw(st.sampled_from(("", "cut", "flip")))
        )
    encoding = draw(st.none() | st.sampled_from(ENCODINGS))
    return MadeFile(draw(st.sampled_from(NAMES)), content, encoding)


YAML_KEYS = ("ham", "010", "~", "yes", "1.5", "2024-02-31", "? [a]", "<<", "=", '"a b"', "&x a",
             "*x", "!!int 5", "1:00", "null", "{}", "\u00e9", "-",
             "!!python/name:os.system")  # fmt: skip
YAML_VALUES = (*YAML_KEYS, "", "[a, b]", "{description: x}", "{description: 5}", "[[[]]]", "'", "|",
               "{a: {b: c}}", "0x1F", "1e999", "9" * 50, ".nan", "a.csv", "{ham: 010}", "error",
               "[~, 1]", "2024-01-01T00:00:00Z", "windows-1252", "base64")  # fmt: skip
TASK_KEYS = ("name", "labels", "context", "kind", "data", "other_labels", "clean", "split_seed",
             "length", "styles", "language", "prompts", "test_share", "lables")  # fmt: skip


@st.composite
def task_files(draw: Any) -> str:
    """Return a task file: a whole one with lines that were changed, or odd YAML alone."""
    labels = draw(st.lists(st.sampled_from(YAML_KEYS), min_size=1, max_size=3))
    lines = [
        "name: sms",
        "labels:",
        *(
            f"  {one}: {draw(st.sampled_from(('{description: x}', 'good', '', '5')))}"
            for one in labels
        ),
        "context: You collect messages.",
        "kind: message",
        "data:",
        "  train: t.jsonl",
        f"  label_map: {{{draw(st.sampled_from(YAML_KEYS))}: {draw(st.sampled_from(YAML_KEYS))}}}",
    ]
    for _ in range(draw(st.integers(0, 3))):
        key = draw(st.sampled_from(TASK_KEYS))
        line = f"{key}: {draw(st.sampled_from(YAML_VALUES) | odd)}"
        lines.insert(draw(st.integers(0, len(lines))), line)
    for _ in range(draw(st.integers(0, 2))):
        lines.pop(draw(st.integers(0, len(lines) - 1)))
    return str(draw(st.just("\n".join(lines)) | odd | st.sampled_from(YAML_VALUES)))
