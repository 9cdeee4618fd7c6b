"""What people filled in is read by stated rules, and templates are safe to open and to fill in."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from synth_local.analyze.judgements.records import Judgement
from synth_local.errors import DataError, UnknownLabelError
from synth_local.pipeline.steps.analyze.templates import describe_tasks, list_items, list_pairs
from synth_local.records import Example
from synth_local.run.human.answers import parse_items, parse_judgements
from synth_local.task import Task, load_task
from tests.pipeline.conftest import make_small_run

JUDGED = "annotator,first,second,more_objective\n"
RATED = "item,annotator,label\n"
TEXTS = (
    "A warm day",
    '=cmd|"/C calc"!A0',
    '-1 degree,\nand "cold"',
    "  @home it rained",
)
TEST = tuple(
    Example(f"test-{place:06d}", text, ("sunny", "rainy")[place % 2])
    for place, text in enumerate(TEXTS)
)


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return load_task(make_small_run(tmp_path / "small").folder / "weather.yaml")


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "said.csv"
    path.write_text(text, encoding=encoding)
    return path


def read_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# -------------------------------------------------------------------------------------- judgements
def test_lines_that_end_with_a_carriage_return_alone_are_refused_with_a_fix(
    tmp_path: Path, task: Task
) -> None:
    path = tmp_path / "mac.csv"
    path.write_bytes((JUDGED + "a,sms,irony,sms\n").replace("\n", "\r").encode())
    with pytest.raises(DataError, match="carriage return") as judged:
        parse_judgements(path, ("sms", "irony"))
    assert str(path) in str(judged.value)
    path.write_bytes((RATED + "test-000000,a,sunny\n").replace("\n", "\r").encode())
    with pytest.raises(DataError, match="carriage return"):
        parse_items(path, task, TEST)


def test_judgements_are_read_and_empty_answers_counted(tmp_path: Path) -> None:
    found = parse_judgements(write(tmp_path, JUDGED + "ann,a,b,b\nbob,a,b,a\nann,a,c,\n"), "abc")
    assert found.rows == (Judgement("ann", "b", "a"), Judgement("bob", "a", "b"))
    assert found.num_empty == 1


def test_judgements_of_other_tasks_are_left_out_and_named(tmp_path: Path) -> None:
    found = parse_judgements(write(tmp_path, JUDGED + "ann,a,x,x\nann,a,b,b\nann,y,x,y\n"), "ab")
    assert len(found.rows) == 1
    assert (found.num_others, found.others) == (2, ("x", "y"))


@pytest.mark.parametrize(
    ("rows", "what", "line"),
    [
        pytest.param("ann,a,b,c\n", "'c' is not one of the two tasks", 2, id="a third one"),
        pytest.param("ann,a,b,a\nann,a,a,a\n", "compared with itself", 3, id="one task"),
        pytest.param("ann,a,b,a\nann,b,a,b\n", "'ann' answers the pair", 3, id="twice, swapped"),
        pytest.param(" ,a,b,a\n", "without an annotator", 2, id="nobody"),
        pytest.param("ann,a,b\n", "3 fields, the header 4", 2, id="short row"),
    ],
)
def test_a_wrong_judgement_is_refused_with_its_line(
    tmp_path: Path, rows: str, what: str, line: int
) -> None:
    path = write(tmp_path, JUDGED + rows)
    with pytest.raises(DataError, match=what) as caught:
        parse_judgements(path, "abc")
    assert caught.value.where == f"{path}:{line}"


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "annotator,first,second,answer\n")
    with pytest.raises(DataError, match="no column 'more_objective'") as caught:
        parse_judgements(path, "ab")
    assert caught.value.where == f"{path}:1"


@pytest.mark.parametrize("separator", [";", "\t"])
def test_what_a_spreadsheet_saves_is_read(tmp_path: Path, separator: str) -> None:
    text = (JUDGED + "ann,a,'+b,'+b\n").replace(",", separator)
    found = parse_judgements(write(tmp_path, text, "utf-8-sig"), ("a", "+b"))
    assert found.rows == (Judgement("ann", "+b", "a"),)


# ------------------------------------------------------------------------------------------- items


def test_labels_are_read_by_item_in_the_order_of_annotators(tmp_path: Path, task: Task) -> None:
    rows = "test-000001,zoe,sunny\ntest-000001,ann,rainy\ntest-000000,ann,\n,,\ntest-000002,,\n"
    found = parse_items(write(tmp_path, RATED + rows), task, TEST)
    assert found.by_item == {"test-000001": ("rainy", "sunny"), "test-000000": (None,)}
    assert found.num_missing == 2


@pytest.mark.parametrize(
    ("rows", "what", "line"),
    [
        pytest.param("test-000009,ann,sunny\n", "no test item of 'weather'", 2, id="item"),
        pytest.param("test-000000,ann,sunni\n", "label 'sunni' is not one of", 2, id="label"),
        pytest.param("test-000000,,sunny\n", "without an annotator", 2, id="nobody"),
        pytest.param(
            "test-000000,ann,sunny\ntest-000000,ann,sunny\n", "answers the item", 3, id="twice"
        ),
    ],
)
def test_a_wrong_rating_is_refused_with_its_line(
    tmp_path: Path, task: Task, rows: str, what: str, line: int
) -> None:
    path = write(tmp_path, RATED + rows)
    with pytest.raises((DataError, UnknownLabelError), match=what) as caught:
        parse_items(path, task, TEST)
    assert caught.value.where == f"{path}:{line}"


def test_a_text_that_is_not_the_items_is_refused(tmp_path: Path, task: Task) -> None:
    header = RATED.replace("label", "label,text")
    path = write(tmp_path, header + "test-000000,ann,sunny,A cold day\n")
    with pytest.raises(DataError, match="is not that of this test item"):
        parse_items(path, task, TEST)
    left_empty = write(tmp_path, header + "test-000000,ann,sunny,\n")
    assert parse_items(left_empty, task, TEST).by_item == {"test-000000": ("sunny",)}


def test_labels_that_the_task_drops_are_missing_ratings(tmp_path: Path, task: Task) -> None:
    spec = task.spec.model_copy(update={"other_labels": "drop"})
    dropping = Task(spec, task.path, task.digest, task.train_file)
    path = write(tmp_path, RATED + "test-000000,ann,foggy\n")
    found = parse_items(path, dropping, TEST)
    assert (found.by_item, found.num_missing) == ({"test-000000": (None,)}, 1)


# --------------------------------------------------------------------------------------- templates


@pytest.mark.parametrize("num_tasks", range(2, 12))
def test_every_pair_stands_once_and_no_task_always_first(num_tasks: int) -> None:
    tasks = [f"t{place}" for place in range(num_tasks)]
    rows = read_rows(list_pairs(tasks))
    pairs = {frozenset((row["first"], row["second"])) for row in rows}
    assert len(rows) == len(pairs) == num_tasks * (num_tasks - 1) // 2
    first = Counter(row["first"] for row in rows)
    assert all(abs(2 * first[task] - (num_tasks - 1)) <= 1 for task in tasks)
    assert {row["more_objective"] + row["annotator"] for row in rows} == {""}
    assert list_pairs(tasks) == list_pairs(tasks)
    assert num_tasks < 4 or list_pairs(tasks) != list_pairs(tasks, seed=1)


def test_a_filled_in_template_of_items_is_read_back(tmp_path: Path, task: Task) -> None:
    text = list_items(task, TEST)
    rows = read_rows(text)
    shown = {row["item"]: row["text"] for row in rows}
    assert shown.keys() == {one.id for one in TEST}
    assert all(cell[0] not in "=+-@" for cell in (one.strip() for one in shown.values()))
    filled = "".join(f"{row['item']},ann,rainy,{quote(row['text'])}\n" for row in rows)
    path = write(tmp_path, RATED.replace("label", "label,text") + filled)
    assert parse_items(path, task, TEST).by_item == {one.id: ("rainy",) for one in TEST}


def test_the_sample_is_stratified_seeded_and_hides_the_labels(task: Task) -> None:
    test = [
        Example(f"test-{n:06d}", f"text {n}", "rainy" if n % 10 == 0 else "sunny")
        for n in range(1000)
    ]
    rows = read_rows(list_items(task, test, num_items=50))
    assert list(rows[0]) == ["item", "annotator", "label", "text"]
    drawn = Counter(int(row["item"][-1]) == 0 for row in rows)
    assert drawn == {True: 5, False: 45}
    assert {row["label"] for row in rows} == {""}
    assert [row["item"] for row in rows] != sorted(row["item"] for row in rows)
    assert list_items(task, test, num_items=50) == list_items(task, test, num_items=50)


def test_the_page_about_the_tasks_shows_texts_as_data(task: Task) -> None:
    hostile = "</pre>\n\n# Heading\n<script>alert(1)</script>\x00 `x`"
    train: Sequence[Example] = (Example("train-0", hostile, "sunny"),)
    page = describe_tasks([task], {task.name: train})
    (line,) = [line for line in page.splitlines() if "script" in line]
    assert line.startswith('    "</pre>\\n\\n# Heading')
    assert "\x00" not in page
    assert "The weather was good." in page


def quote(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
