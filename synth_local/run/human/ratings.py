"""What single annotators called the test items of a task, from wherever it is said.

A CSV of the run file replaces the annotator columns of the task file: mixing them could count one
person twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from synth_local.run.human.files import HumanFiles
from synth_local.task import Task

COLUMNS, FILE = "task file", "run file"


@dataclass(frozen=True, slots=True)
class Ratings:
    """The ratings of a task's test items.

    Attributes:
        by_item: labels by the item's id, for every test item; empty where nobody rated it.
        origin: ``task file`` for annotator columns, ``run file`` for a CSV of ``analyze``.
        notes: what a reader should know of them.
    """

    by_item: dict[str, tuple[str | None, ...]]
    origin: str
    notes: tuple[str, ...] = ()


def has_ratings(files: HumanFiles, task: Task) -> bool:
    """Return whether anybody says what single annotators called the test items."""
    columns = files.data.facts(task).annotations_digest
    return task.name in files.analyze.annotations or bool(columns)


def collect_ratings(files: HumanFiles, task: Task) -> Ratings | None:
    """Return the ratings of a task, or ``None`` where there are none.

    Raises:
        DataError: the CSV is missing or wrong; with file and line.
    """
    if not has_ratings(files, task):
        return None
    test = files.data.splits(task).test
    labels = files.read_items(task)
    if labels is None:
        return Ratings({item.id: item.annotations for item in test}, COLUMNS)
    notes = []
    if files.data.facts(task).annotations_digest:
        notes.append(f"{task.name}: the CSV of the run file replaces the annotator columns")
    if labels.num_missing:
        notes.append(f"{task.name}: {labels.num_missing} rows of the CSV give no rating")
    by_item = {item.id: labels.by_item.get(item.id, ()) for item in test}
    return Ratings(by_item, FILE, tuple(notes))
