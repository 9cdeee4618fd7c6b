"""What annotators are asked to fill in: pairs of tasks, and test items without their labels.

Texts are data from outside: where one would run as a formula in a spreadsheet, an apostrophe goes
before it, and the page about the tasks shows texts as quoted strings in code blocks. A file that
is there already is left alone: somebody may have written in it.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from synth_local.core.files import write_text
from synth_local.core.hashing import derive_seed
from synth_local.records import Example
from synth_local.report.html import shorten
from synth_local.report.table_text import clean_text, neutralise_formula
from synth_local.run.human.answers import ITEM_COLUMNS, JUDGEMENT_COLUMNS, TEXT
from synth_local.run.human.files import HumanFiles
from synth_local.run.human.ratings import has_ratings
from synth_local.store.run_dir import RunDir
from synth_local.task import Task

NUM_ITEMS = 200
NUM_EXAMPLES = 3  # texts per label on the page about the tasks
MAX_EXAMPLE = 600  # characters
HEAD = """\
# The tasks of this run

Which of two tasks is more **objective**? A task is objective where clear features of a text, which
anybody can point at, settle its label; it is subjective where the label rests on how a reader takes
the text or feels about it. How hard a task is, or how much one must know for it, is another matter.

Write the name of the more objective task into the column `more_objective` of `task_pairs.csv`, and
your name or number into `annotator`. Judge alone. Leave a row empty rather than guess.

The texts below are real training texts: treat this page like the data.
"""


def write_templates(run: RunDir, files: HumanFiles) -> None:
    """Write the templates that nobody has answered yet.

    Raises:
        MachineError: the run directory cannot be written.
    """
    tasks = list(files.tasks.values())
    if files.analyze.judgements is None and len(tasks) > 1:
        examples = {task.name: files.data.splits(task).train for task in tasks}
        write_text(run.annotate / "tasks.md", describe_tasks(tasks, examples))
        _write_once(run.task_pairs, list_pairs([task.name for task in tasks]))
    for task in tasks:
        path = run.item_template(task.name)
        if not path.exists() and not has_ratings(files, task):
            _write_once(path, list_items(task, files.data.splits(task).test))


def _write_once(path: Path, text: str) -> None:
    if not path.exists():
        write_text(path, text)


def list_pairs(tasks: Sequence[str], seed: int = 0) -> str:
    """Return all pairs of tasks as a CSV to fill in.

    Args:
        tasks: names, at least two.
        seed: of the order.

    Returns:
        One row per pair, in an order drawn by ``seed``. Each task stands first in half of its
        pairs, or in one more or less where their number is odd.
    """
    dice = random.Random(derive_seed(seed, "task_pairs", *tasks))  # noqa: S311
    ring = list(tasks)
    dice.shuffle(ring)
    rows = []
    for one, other in combinations(range(len(ring)), 2):
        # each task stands first against the next half of the ring
        steps = other - one
        is_first = 2 * steps < len(ring) or (2 * steps == len(ring) and one % 2 == 0)
        first, second = (one, other) if is_first else (other, one)
        rows.append(("", ring[first], ring[second], ""))
    dice.shuffle(rows)
    return _format_csv(JUDGEMENT_COLUMNS, rows)


def list_items(task: Task, test: Sequence[Example], num_items: int = NUM_ITEMS) -> str:
    """Return a sample of test items as a CSV to fill in; their labels are not shown.

    Args:
        num_items: about so many are drawn, from each label its share and at least one.

    Returns:
        One row per item, in an order drawn by the task's ``split_seed``.
    """
    dice = random.Random(derive_seed(task.spec.split_seed, "annotate", task.name))  # noqa: S311
    drawn: list[Example] = []
    for label in task.labels:
        own = [one for one in test if one.label == label]
        share = max(1, round(num_items * len(own) / max(1, len(test))))
        drawn += dice.sample(own, min(share, len(own)))
    dice.shuffle(drawn)
    return _format_csv((*ITEM_COLUMNS, TEXT), ((one.id, "", "", one.text) for one in drawn))


def describe_tasks(tasks: Sequence[Task], train: Mapping[str, Sequence[Example]]) -> str:
    """Return a page that says what each task is, with a few training texts of each label.

    Returns:
        Markdown; texts are JSON strings in indented code blocks, which nothing interprets.
    """
    parts = [HEAD]
    for task in tasks:
        parts.append(f"## {task.name}\n\n{_fold(task.spec.kind)}. {_fold(task.spec.context)}\n")
        for label, spec in task.spec.labels.items():
            own = [one.text for one in train[task.name] if one.label == label]
            seed = derive_seed(task.spec.split_seed, "examples", task.name, label)
            shown = random.Random(seed).sample(own, min(NUM_EXAMPLES, len(own)))  # noqa: S311
            parts.append(f"**{_fold(label)}**: {_fold(spec.description)}\n")
            parts.append("".join(f"    {_quote(text)}\n" for text in shown))
    return "\n".join(parts)


def _fold(text: str) -> str:
    return " ".join(clean_text(text).split())


def _quote(text: str) -> str:
    return json.dumps(shorten(clean_text(text), MAX_EXAMPLE), ensure_ascii=False)


def _format_csv(header: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([neutralise_formula(cell) for cell in row] for row in rows)
    return buffer.getvalue()
