"""What people said in files of their own: judgements of tasks, and labels of test items.

Files may come in any format of data files, and out of a spreadsheet: a byte order mark is passed
over, an apostrophe before a value that is known without it does not count, and further columns are
not read (``text`` only to make sure that a row speaks of the item it names). An empty answer is
none. Everything else that is wrong is refused with file and line.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_local.analyze.judged import Judgement
from synth_local.core.files import read_json
from synth_local.core.hashing import digest_json
from synth_local.core.text import match_key
from synth_local.errors import (
    ConfigError,
    DataError,
    UnknownLabelError,
    list_names,
    nearest,
    quote,
)
from synth_local.pipeline.context import Context
from synth_local.pipeline.splits import real_splits
from synth_local.records import Example
from synth_local.task import NotHere, Task
from synth_local.task.data_formats import read_columns, read_rows
from synth_local.task.file_facts import NO_ANSWER, OTHER_LABEL, OTHER_TASK, FileFacts, RowCount
from synth_local.task.labels import LabelNames
from synth_local.task.load import digest_path
from synth_local.task.raw_rows import RawRow

JUDGEMENT_COLUMNS = ("annotator", "first", "second", "more_objective")
ITEM_COLUMNS = ("item", "annotator", "label")
TEXT = "text"
PAIRS, ITEMS = "judgements", "annotations"  # files by what they hold


@dataclass(frozen=True, slots=True)
class Judgements:
    """The judgements of a file, on the tasks of a run.

    Attributes:
        rows: in the file's order.
        num_empty: rows that nobody has answered.
        others: tasks that the run does not have; rows that name one are left out.
        num_others: such rows.
        facts: what became of all rows of the file.
    """

    rows: tuple[Judgement, ...]
    num_empty: int = 0
    others: tuple[str, ...] = ()
    num_others: int = 0
    facts: FileFacts | None = None


@dataclass(frozen=True, slots=True)
class ItemLabels:
    """The annotators' labels of a file, by test item.

    Attributes:
        by_item: labels by the item's id, in the order of the annotators' names.
        num_missing: rows without a label, or with one that the task drops.
        facts: what became of all rows of the file.
    """

    by_item: dict[str, tuple[str | None, ...]]
    num_missing: int = 0
    facts: FileFacts | None = None


@dataclass(frozen=True, slots=True)
class SaidFile:
    """A file of what people said: its task, empty for judgements of tasks, and its rows."""

    task: str
    facts: FileFacts


def digest_said(context: Context) -> str:
    """Return the identity of what the files of the section ``analyze`` say.

    Args:
        context: the opened run.

    Returns:
        64 hexadecimal digits; empty where the run file names no file.

    Raises:
        DataError: a file is missing or may not be read, and the run does not know what it was.
    """
    analyze = context.config.analyze
    if analyze.judgements is None and not analyze.annotations:
        return ""
    digests = {name: digest for name, (_, digest) in digest_answers(context).items()}
    items = {task: digests[f"{ITEMS}/{task}"] for task in analyze.annotations}
    return digest_json([digests.get(PAIRS, ""), items])


def digest_answers(context: Context) -> dict[str, tuple[str, str]]:
    """Return path and digest of each file of the section ``analyze``.

    Args:
        context: the opened run.

    Returns:
        By ``judgements`` and ``annotations/<task>``; what is not here as the run recorded it.

    Raises:
        DataError: a file is missing or may not be read, and the run does not know what it was.
    """
    said = context.made_from.said if context.made_from else {}
    found = {}
    for name, path in _list_answers(context).items():
        try:
            found[name] = path, _digest(path)
        except DataError:
            if name not in said:
                raise
            found[name] = said[name].path, said[name].digest
    return found


def list_lost_answers(context: Context) -> list[NotHere]:
    """Return the files of the section ``analyze`` that are not here.

    Args:
        context: the opened run.

    Returns:
        One for each file, by its path.
    """
    found = []
    for path in _list_answers(context).values():
        try:
            _digest(path)
        except DataError as error:
            found.append(NotHere("answers", path, path, error))
    return found


def _list_answers(context: Context) -> dict[str, str]:
    analyze = context.config.analyze
    pairs = {PAIRS: analyze.judgements} if analyze.judgements else {}
    return pairs | {f"{ITEMS}/{task}": path for task, path in analyze.annotations.items()}


def _digest(path: str) -> str:
    if not os.access(path, os.F_OK) or not Path(path).is_file():
        raise DataError(
            "there is no such file", where=path, fix="correct the path under analyze: (run file)"
        )
    return digest_path(Path(path))


def check_said(context: Context) -> tuple[SaidFile, ...]:
    """Refuse wrong files before any work begins; what is analyzed already is not read again.

    Args:
        context: the opened run.

    Returns:
        What became of the rows of each file.

    Raises:
        ConfigError: the run file names annotations of a task that it does not have.
        DataError: a file is missing or wrong.
    """
    for name in context.config.analyze.annotations:
        if name not in context.tasks:
            raise ConfigError(
                f"analyze.annotations names the task {name!r}, which the run does not have"
                f"{nearest(name, context.tasks)}",
                where="analyze.annotations",
                fix=f"use {', '.join(context.tasks)}",
            )
    said = digest_said(context)
    stored = read_json(context.run.analysis) or {}
    if stored.get("said") == said and "files" in stored:
        return load_said(stored["files"])
    return list_said(context) if said else ()


def list_said(context: Context) -> tuple[SaidFile, ...]:
    """Return what became of the rows of each file of the section ``analyze``.

    Args:
        context: the opened run.

    Returns:
        The judgements' file first; nothing where the run file names none.

    Raises:
        DataError: a file is missing or wrong.
    """
    judgements = read_judgements(context)
    found = [("", judgements.facts)] if judgements else []
    for task in context.tasks.values():
        items = read_items(context, task)
        found += [(task.name, items.facts)] if items else []
    return tuple(SaidFile(task, facts) for task, facts in found if facts)


def load_said(stored: Sequence[dict[str, Any]]) -> tuple[SaidFile, ...]:
    """Return the records that ``dataclasses.asdict`` made mappings of."""
    return tuple(SaidFile(one["task"], FileFacts.from_json(one["facts"])) for one in stored)


def read_judgements(context: Context) -> Judgements | None:
    """Return the judgements of the run's tasks, or ``None`` where the run file names no file.

    Args:
        context: the opened run.

    Returns:
        The judgements.

    Raises:
        DataError: a column is missing, a row has no annotator, compares a task with itself,
            answers with a third one, or repeats an annotator's pair; with file and line.
    """
    spelled = context.config.analyze.judgements
    return None if spelled is None else parse_judgements(Path(spelled), tuple(context.tasks))


def parse_judgements(path: Path, tasks: Collection[str]) -> Judgements:
    """Return the judgements of a file.

    Args:
        path: a CSV with the columns annotator, first, second and more_objective.
        tasks: names of the run's tasks; rows about others are left out and counted.

    Returns:
        The judgements.

    Raises:
        DataError: as ``read_judgements``.
    """
    answer, *others = reversed(JUDGEMENT_COLUMNS)
    rows: list[Judgement] = []
    seen: dict[tuple[str, ...], str] = {}
    strangers: list[list[str]] = []
    count = RowCount(path)
    num_empty = 0
    for row in _read(path, answer, others):
        second, first, annotator = (_spell(cell) for cell in row.further)
        said = _spell(row.text)
        if not said:
            num_empty += 1
            count.leave_out(NO_ANSWER)
            continue
        if not annotator:
            raise _explain_nobody(row)
        first, second, said = (_plain(name, tasks) for name in (first, second, said))
        if first == second or said not in (first, second):
            raise DataError(
                f"{quote(said)} is not one of the two tasks {first!r} and {second!r}"
                if first != second
                else f"{first!r} is compared with itself",
                where=row.where,
                fix=f"write the name of the more objective one{nearest(said, (first, second))}, "
                "or leave the field empty",
            )
        _refuse_twice(seen, (annotator, *sorted((first, second))), row, "the pair")
        if unknown := [name for name in (first, second) if name not in tasks]:
            strangers.append(unknown)
            count.leave_out(OTHER_TASK)
        else:
            count.use()
            rows.append(Judgement(annotator, said, second if said == first else first))
    names = tuple(sorted({name for unknown in strangers for name in unknown}))
    return Judgements(tuple(rows), num_empty, names, len(strangers), count.finish())


def read_items(context: Context, task: Task) -> ItemLabels | None:
    """Return the annotators' labels of a task's file, or ``None`` where there is no file.

    Args:
        context: the opened run.
        task: of the run.

    Returns:
        The labels.

    Raises:
        DataError: a column is missing, a row has no annotator, names an item that is no test row
            or shows another text for it, or repeats an annotator's item; with file and line.
        UnknownLabelError: a label that the task does not have, where ``other_labels: error``.
    """
    spelled = context.config.analyze.annotations.get(task.name)
    if spelled is None:
        return None
    return parse_items(Path(spelled), task, real_splits(context, task).test)


def parse_items(path: Path, task: Task, test: Collection[Example]) -> ItemLabels:
    """Return the annotators' labels of a file.

    Args:
        path: a CSV with the columns item, annotator and label; where it has the column text, that
            must be the item's.
        task: whose labels are allowed, spelled as in the task file or as in its data.
        test: the test items.

    Returns:
        The labels; a missing rating is ``None``.

    Raises:
        DataError: as ``read_items``.
        UnknownLabelError: as ``read_items``.
    """
    texts = {one.id: match_key(one.text) for one in test}
    has_text = TEXT in read_columns(path)
    count = RowCount(path, task.labels)
    names = LabelNames.of(task.spec)
    found: dict[str, dict[str, str | None]] = {}
    seen: dict[tuple[str, ...], str] = {}
    num_missing = 0
    for row in _read(path, "label", ("item", "annotator", *([TEXT] if has_text else []))):
        item, annotator, *shown = (_spell(cell) for cell in row.further)
        item = _plain(item, texts)
        answer = _plain(row.text, names.by_spelling) if isinstance(row.text, str) else row.text
        said = names.find(answer, row.where)
        if not any((item, annotator, said.spelled)):
            count.leave_out(NO_ANSWER)
            continue
        _check_item(row, item, shown, texts, task.name)
        if said.spelled and not said.name and task.spec.other_labels == "error":
            raise UnknownLabelError(said.spelled, task.labels, row.where)
        label = said.name or None
        num_missing += label is None
        if not annotator and said.spelled:
            raise _explain_nobody(row)
        if label:
            count.use()
        else:
            count.leave_out(OTHER_LABEL if said.spelled else NO_ANSWER, said.spelled)
        if annotator:
            _refuse_twice(seen, (annotator, item), row, "the item")
            found.setdefault(item, {})[annotator] = label
    ordered = {item: tuple(said[who] for who in sorted(said)) for item, said in found.items()}
    return ItemLabels(ordered, num_missing, count.finish())


def _check_item(
    row: RawRow, item: str, shown: Sequence[str], texts: Mapping[str, str], task: str
) -> None:
    """Require that a row speaks of a test item, and shows its text where it shows any."""
    if item not in texts:
        raise DataError(
            f"{quote(item)} is no test item of {task!r}{nearest(item, texts)}",
            where=row.where,
            fix="items are spelled as in the template and in predictions/, such as "
            f"{next(iter(texts), 'test-000000')}",
        )
    if shown and match_key(shown[0]) not in ("", texts[item]):
        raise DataError(
            f"the text beside {item!r} is not that of this test item",
            where=row.where,
            fix="the file belongs to other test data, or its rows were mixed up",
        )


def _read(path: Path, answer: str, others: Collection[str]) -> list[RawRow]:
    """Return the rows of a file; ``text`` and ``label`` both hold the answer."""
    header = read_columns(path)
    if missing := [name for name in (*others, answer) if name not in header]:
        raise DataError(
            f"there is no column {missing[0]!r}; found {list_names(header, quoted=True)}",
            where=f"{path}:1",
            fix="keep the header of the template that the analyze stage writes to annotate/",
        )
    return list(read_rows(path, answer, answer, tuple(others)))


def _spell(cell: Any) -> str:
    """Return what stands in a cell, without outer blanks; nothing for a missing value."""
    return "" if cell is None else str(cell).strip()


def _plain(value: str, known: Collection[str]) -> str:
    """Return ``value`` without the apostrophe that keeps a spreadsheet from running it."""
    bare = value.removeprefix("'").strip()
    return bare if value not in known and bare in known else value


def _refuse_twice(
    seen: dict[tuple[str, ...], str], key: tuple[str, ...], row: RawRow, what: str
) -> None:
    if key in seen:
        raise DataError(
            f"{key[0]!r} answers {what} {' and '.join(map(repr, key[1:]))} twice",
            where=row.where,
            fix=f"keep one of the two answers; the other stands at {seen[key]}",
        )
    seen[key] = row.where


def _explain_nobody(row: RawRow) -> DataError:
    return DataError(
        "an answer without an annotator",
        where=row.where,
        fix="write into the column annotator who gave it; any name or number will do",
    )
