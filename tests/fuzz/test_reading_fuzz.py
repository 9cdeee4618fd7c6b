"""Whatever a user's files hold: an error that names it, or every row accounted for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given

from synth_local.errors import EXIT_CONFIG, EXIT_DATA, SynthLocalError
from synth_local.records import Example
from synth_local.run.human.answers import parse_items, parse_judgements
from synth_local.task import TaskFile, load_splits, load_task
from synth_local.task.examples import read_examples, read_external_rows
from synth_local.task.file_facts import FileFacts, RowCount
from synth_local.task.load import Task
from tests.fuzz.made_files import FEW, LABELS, MadeFile, data_files, task_files

pytestmark = pytest.mark.fuzz


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def make_spec(encoding: str | None, others: str = "drop") -> TaskFile:
    return TaskFile.model_validate(
        {
            "name": "sms",
            "labels": {one: {"description": "x"} for one in LABELS[:2]},
            "context": "You collect messages.",
            "kind": "message",
            "other_labels": others,
            "data": {
                "train": "t",
                "encoding": encoding,
                "label_map": dict.fromkeys(LABELS[2:], "ham"),
            },
        }
    )


def write(folder: Path, made: MadeFile) -> Path:
    path = folder / made.name
    path.write_bytes(made.content)
    return path


def check_error(error: SynthLocalError) -> str:
    """Require the exit code of the user's files, a fix, and a message that shows no whole text."""
    assert error.exit_code in (EXIT_CONFIG, EXIT_DATA)
    assert error.what
    assert len(str(error)) < 3000
    return str(error)


def check_facts(facts: FileFacts) -> None:
    assert facts.rows == facts.used + sum(facts.left_out.values())
    assert all(len(line) < 1000 for line in facts.list_lines())


@FEW
@given(data_files())
def test_a_data_file_is_refused_with_an_error_or_all_its_rows_are_counted(
    folder: Path, made: MadeFile
) -> None:
    path = write(folder, made)
    found = []
    for _ in range(2):
        try:
            rows = read_examples(make_spec(made.encoding), path, "row")
            check_facts(rows.facts)
            assert rows.facts.used == len(rows.examples)
            found.append(repr((rows.examples, rows.facts)))
        except SynthLocalError as error:
            found.append(check_error(error))
    assert found[0] == found[1]


@FEW
@given(data_files())
def test_a_corpus_brought_along_is_refused_or_all_its_rows_are_counted(
    folder: Path, made: MadeFile
) -> None:
    path = write(folder, made)
    for others in ("drop", "error"):
        spec = make_spec(None, others)
        count = RowCount(path, LABELS)
        try:
            rows = list(read_external_rows(spec, path, count))
        except SynthLocalError as error:
            check_error(error)
            continue
        check_facts(count.finish())
        assert count.rows == len(rows)


@FEW
@given(data_files())
def test_a_file_of_annotations_is_refused_or_all_its_rows_are_counted(
    folder: Path, made: MadeFile
) -> None:
    content = made.content.replace(b"text", b"item").replace(b"label\n", b"label;annotator\n")
    path = write(folder, MadeFile(made.name, content, None))
    task = Task(make_spec(None), path, "", path)
    test = [Example(f"test-{number:06d}", "x", "ham") for number in range(3)]
    for parse in (lambda: parse_items(path, task, test), lambda: parse_judgements(path, LABELS)):
        try:
            facts = parse().facts
        except SynthLocalError as error:
            check_error(error)
            continue
        assert facts is not None
        check_facts(facts)


@FEW
@given(task_files())
def test_a_task_file_is_refused_with_an_error_or_can_be_used(folder: Path, text: str) -> None:
    path = folder / "task.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    rows = [{"text": f"text {n}", "label": ("ham", "010", "yes")[n % 3]} for n in range(30)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "t.jsonl").write_text(lines, encoding="utf-8")
    (folder / "a.csv").write_text("text,label\na,ham\n", encoding="utf-8")
    try:
        task = load_task(path)
        assert all(isinstance(label, str) for label in task.labels)
        for facts in load_splits(task).files:
            check_facts(facts)
    except SynthLocalError as error:
        check_error(error)
