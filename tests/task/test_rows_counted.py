"""Rows read = rows used + rows left out, and what is odd about a file is named."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from synth_local.store.records import parse
from synth_local.task import load_splits, load_task
from synth_local.task.examples import read_examples, read_external_rows
from synth_local.task.file_facts import FileFacts, RowCount
from tests.task.test_task_file import write_task
from tests.task.test_task_reading import make_spec

GOOD = [{"text": "see you", "label": "ham"}, {"text": "win it", "label": "spam"}]


def write(folder: Path, rows: list[Any]) -> Path:
    path = folder / "t.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(path: Path, **changes: Any) -> FileFacts:
    return read_examples(make_spec(**changes), path, "train").facts


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": "x", "label": "other"}, "other label"),
        ({"text": "x", "label": ""}, "no label"),
        ({"text": "x", "label": "  "}, "no label"),
        ({"text": "x", "label": None}, "no label"),
        ({"text": "x", "label": float("nan")}, "no label"),
        ({"text": "x", "label": []}, "no label"),
        ({"text": "", "label": "ham"}, "empty text"),
        ({"text": " \n\t", "label": "ham"}, "empty text"),
        ({"text": "#not", "label": "ham"}, "empty after cleaning"),
        ({"text": "#not\u200b", "label": "ham"}, "empty after cleaning"),
        *(
            ({"text": text, "label": "ham"}, "nothing visible")
            for text in ("\u200b\u200b", "\ufeff", "\x00\x01", "\u2060 \u200e", "\u3164", "\x1b")
        ),
    ],
)
def test_a_row_that_is_left_out_is_counted_by_its_reason(
    tmp_path: Path, row: dict[str, Any], reason: str
) -> None:
    facts = read(write(tmp_path, [row, *GOOD, row]), other_labels="drop", clean=["#not"])
    assert (facts.rows, facts.used, facts.left_out) == (4, 2, {reason: 2})
    assert f"t.jsonl: 4 rows read, 2 used, 2 left out ({reason} 2)" in next(facts.list_lines())


@pytest.mark.parametrize("spelled", ["Ham", "HAM", "ham.", "h\uff41m"])
def test_labels_left_out_name_the_near_misses_first(tmp_path: Path, spelled: str) -> None:
    rows = [{"text": "x", "label": "far away"}] * 5 + [{"text": "x", "label": spelled}] * 3
    facts = read(write(tmp_path, [*rows, *GOOD]), other_labels="drop")
    assert [(one.spelled, one.rows, one.near) for one in facts.others] == [
        (spelled, 3, "ham"),
        ("far away", 5, ""),
    ]
    assert f"3 rows say {spelled!r} (did you mean 'ham'?)" in list(facts.list_lines())


def test_at_most_ten_other_labels_are_named_and_each_is_cut(tmp_path: Path) -> None:
    rows = [{"text": "x", "label": f"{'long ' * 900}{n}"} for n in range(30)]
    facts = read(write(tmp_path, [*rows, *GOOD]), other_labels="drop")
    assert len(facts.others) <= 10
    assert all(len(one.spelled) <= 100 for one in facts.others)
    assert facts.left_out == {"other label": 30}


def test_texts_with_several_labels_are_counted_once_each(tmp_path: Path) -> None:
    both = [{"text": t, "label": x} for t in ("Both!", "both") for x in ("ham", "spam", "ham")]
    facts = read(write(tmp_path, [*GOOD, *both]))
    assert (facts.several_labels, facts.several_labels_at) == (1, "t.jsonl:4")
    assert "1 text stands with several labels (t.jsonl:4)" in list(facts.list_lines())


def test_a_text_that_swallows_the_lines_behind_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    swallowed = "".join(f"row {n},ham\n" for n in range(40))
    path.write_text(f'text,label\na,ham\n"b\n{swallowed}c",spam\nd,ham\n', encoding="utf-8")
    facts = read(path)
    assert (facts.rows, facts.many_lines, facts.longest) == (3, 1, 42)
    assert "1 text spans 42 lines (t.csv:3)" in list(facts.list_lines())


def test_lines_swallowed_by_another_column_are_named_too(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('text,label,note\na,ham,"x\nb,ham,y\n"\nc,spam,z\n', encoding="utf-8")
    assert read(path).longest == 3


def test_control_characters_of_a_wrong_conversion_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    wrong = "text,label\n\u201cquoted\u201d,ham\nplain,spam\n".encode("cp1252").decode("latin-1")
    path.write_text(wrong, encoding="utf-8")
    facts = read(path)
    assert (facts.controls, facts.controls_at, facts.used) == (1, "t.csv:2", 2)
    assert any("WINDOWS-1252" in line for line in facts.list_lines())


def test_rows_of_a_task_add_up_with_those_that_the_test_part_has(tmp_path: Path) -> None:
    path = write_task(tmp_path, data={"train": "t.jsonl", "test": "test.jsonl"})
    rows = [{"text": f"text {n}", "label": ("ham", "spam")[n % 2]} for n in range(20)]
    write(tmp_path, [*rows, {"text": " ", "label": "ham"}])
    tested = "".join(json.dumps(row) + "\n" for row in rows[:4])
    (tmp_path / "test.jsonl").write_text(tested, encoding="utf-8")
    splits = load_splits(load_task(path))
    train, test = splits.files
    assert train.left_out == {"empty text": 1, "same text as a test row": 4}
    assert train.rows == train.used + sum(train.left_out.values()) == 21
    assert train.used == len(splits.train) + len(splits.validation)
    assert (test.rows, test.used) == (4, len(splits.test))


def test_all_rows_of_a_corpus_brought_along_are_accounted_for(tmp_path: Path) -> None:
    odd = [
        {"text": "x", "label": "Ham"},
        {"text": "y", "label": None},
        {"text": "", "label": "ham"},
    ]
    path = write(tmp_path, [*GOOD, *odd])
    count = RowCount(path, ("ham", "spam"))
    rows = list(read_external_rows(make_spec(other_labels="drop"), path, count))
    facts = count.finish()
    assert [row.is_known for row in rows] == [True, True, False, False, True]
    assert (facts.rows, facts.used) == (5, 2)
    assert facts.left_out == {"other label": 1, "no label": 1, "empty text": 1}
    assert facts.others[0].near == "ham"


def test_facts_survive_json(tmp_path: Path) -> None:
    odd = {"text": "a\nb", "label": "Ham"}
    facts = read(write(tmp_path, [*GOOD, odd]), other_labels="drop")
    assert parse(json.loads(json.dumps(asdict(facts))), FileFacts) == facts
