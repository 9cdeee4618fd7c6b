"""The files of the section ``analyze``: what they are by content, and what they say of a run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_local.core.files import read_json
from synth_local.core.hashing import digest_json
from synth_local.errors import ConfigError, DataError, nearest
from synth_local.run.context import Context
from synth_local.run.human.answers import ItemLabels, Judgements, parse_items, parse_judgements
from synth_local.run.splits import real_splits
from synth_local.store.records import parse
from synth_local.task import NotHere, Task
from synth_local.task.file_facts import FileFacts
from synth_local.task.load import digest_path

PAIRS, ITEMS = "judgements", "annotations"  # files by what they hold


@dataclass(frozen=True, slots=True)
class HumanFile:
    """A file of what people said: its task, empty for judgements of tasks, and its rows."""

    task: str
    facts: FileFacts


def digest_human_files(context: Context) -> str:
    """Return the identity of what the files of the section ``analyze`` say.

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


def check_human_files(context: Context) -> tuple[HumanFile, ...]:
    """Refuse wrong files before any work begins; what is analyzed already is not read again.

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
    said = digest_human_files(context)
    stored = read_json(context.run.analysis) or {}
    if stored.get("said") == said and "files" in stored:
        return load_said(stored["files"])
    return list_human_files(context) if said else ()


def list_human_files(context: Context) -> tuple[HumanFile, ...]:
    """Return what became of the rows of each file of the section ``analyze``.

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
    return tuple(HumanFile(task, facts) for task, facts in found if facts)


def load_said(stored: Sequence[dict[str, Any]]) -> tuple[HumanFile, ...]:
    """Return the records that ``dataclasses.asdict`` made mappings of."""
    return parse(stored, tuple[HumanFile, ...])


def read_judgements(context: Context) -> Judgements | None:
    """Return the judgements of the run's tasks, or ``None`` where the run file names no file.

    Raises:
        DataError: a column is missing, a row has no annotator, compares a task with itself,
            answers with a third one, or repeats an annotator's pair; with file and line.
    """
    spelled = context.config.analyze.judgements
    return None if spelled is None else parse_judgements(Path(spelled), tuple(context.tasks))


def read_items(context: Context, task: Task) -> ItemLabels | None:
    """Return the annotators' labels of a task's file, or ``None`` where there is no file.

    Raises:
        DataError: a column is missing, a row has no annotator, names an item that is no test row
            or shows another text for it, or repeats an annotator's item; with file and line.
        UnknownLabelError: a label that the task does not have, where ``other_labels: error``.
    """
    spelled = context.config.analyze.annotations.get(task.name)
    if spelled is None:
        return None
    return parse_items(Path(spelled), task, real_splits(context, task).test)
