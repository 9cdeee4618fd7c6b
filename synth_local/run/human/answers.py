"""Reading files of what people said: judgements of tasks, and labels of test items.

Files may come in any format of data files, and out of a spreadsheet: a byte order mark is passed
over, an apostrophe before a value that is known without it does not count, and further columns are
not read (``text`` only to make sure that a row speaks of the item it names). An empty answer is
none. Everything else that is wrong is refused with file and line. Knows nothing about runs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_local.analyze.judgements.records import Judgement
from synth_local.core.text import match_key
from synth_local.errors import DataError, UnknownLabelError, list_names, nearest, quote
from synth_local.records import Example
from synth_local.task import Task
from synth_local.task.file_facts import NO_ANSWER, OTHER_LABEL, OTHER_TASK, FileFacts, RowCount
from synth_local.task.formats.reader import read_columns, read_rows
from synth_local.task.labels import LabelNames
from synth_local.task.raw_rows import RawRow

JUDGEMENT_COLUMNS = ("annotator", "first", "second", "more_objective")
ITEM_COLUMNS = ("item", "annotator", "label")
TEXT = "text"


@dataclass(frozen=True, slots=True)
class Judgements:
    """The judgements of a file, on the tasks of a run.

    Attributes:
        rows: in the file's order.
        num_empty: rows that nobody has answered.
        others: tasks that the run does not have; rows that name one are left out.
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


def parse_judgements(path: Path, tasks: Collection[str]) -> Judgements:
    """Return the judgements of a file.

    Args:
        path: a CSV with the columns annotator, first, second and more_objective.
        tasks: names of the run's tasks; rows about others are left out and counted.

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
        second, first, annotator = (_format(cell) for cell in row.further)
        said = _format(row.text)
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


def parse_items(path: Path, task: Task, test: Collection[Example]) -> ItemLabels:
    """Return the annotators' labels of a file.

    Args:
        path: a CSV with the columns item, annotator and label; where it has the column text, that
            must be the item's.
        task: whose labels are allowed, spelled as in the task file or as in its data.

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
        item, annotator, *shown = (_format(cell) for cell in row.further)
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


def _format(cell: Any) -> str:
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
