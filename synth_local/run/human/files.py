"""The files of the section ``analyze``: what they are by content, and what they say of a run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_local.config import AnalyzeConfig
from synth_local.core.hashing import digest_json
from synth_local.errors import ConfigError, DataError, nearest
from synth_local.run.human.answers import ItemLabels, Judgements, parse_items, parse_judgements
from synth_local.run.sources.made_from import MadeFrom
from synth_local.run.splits import RealData
from synth_local.store.records import parse
from synth_local.task import KeptFile, NotHere, Task
from synth_local.task.file_facts import FileFacts
from synth_local.task.load import digest_path

PAIRS, ITEMS = "judgements", "annotations"  # files by what they hold


@dataclass(frozen=True, slots=True)
class HumanFile:
    """A file of what people said: its task, empty for judgements of tasks, and its rows."""

    task: str
    facts: FileFacts


@dataclass(frozen=True)
class HumanFiles:
    """The files that the section ``analyze`` of a run file names.

    Attributes:
        made: what the outputs were made from before; ``None``: not kept yet.
    """

    analyze: AnalyzeConfig
    tasks: Mapping[str, Task]
    data: RealData
    made: MadeFrom | None

    @property
    def paths(self) -> dict[str, str]:
        """Where the files lie, by ``judgements`` and ``annotations/<task>``."""
        pairs = {PAIRS: self.analyze.judgements} if self.analyze.judgements else {}
        items = {f"{ITEMS}/{task}": path for task, path in self.analyze.annotations.items()}
        return pairs | items

    def digest(self) -> str:
        """Return the identity of what the files say.

        Returns:
            64 hexadecimal digits; empty where the run file names no file.

        Raises:
            DataError: a file is missing or may not be read, and the run does not know what it was.
        """
        if self.analyze.judgements is None and not self.analyze.annotations:
            return ""
        digests = {name: file.digest for name, file in self.identify().items()}
        items = {task: digests[f"{ITEMS}/{task}"] for task in self.analyze.annotations}
        return digest_json([digests.get(PAIRS, ""), items])

    def identify(self) -> dict[str, KeptFile]:
        """Return path and digest of each file.

        Returns:
            By ``judgements`` and ``annotations/<task>``; what is not here as the run recorded it.

        Raises:
            DataError: a file is missing or may not be read, and the run does not know what it was.
        """
        said = self.made.said if self.made else {}
        files = {}
        for name, path in self.paths.items():
            try:
                files[name] = KeptFile(path, _digest(path))
            except DataError:
                if name not in said:
                    raise
                files[name] = said[name]
        return files

    def list_lost(self) -> list[NotHere]:
        """Return the files that are not here, one for each, by its path."""
        lost = []
        for path in self.paths.values():
            try:
                _digest(path)
            except DataError as error:
                lost.append(NotHere("answers", path, path, error))
        return lost

    def check(self, analysis: Mapping[str, Any]) -> tuple[HumanFile, ...]:
        """Refuse wrong files before any work begins; what is analyzed already is not read again.

        Args:
            analysis: as it is stored; empty where there is none.

        Returns:
            What became of the rows of each file.

        Raises:
            ConfigError: the run file names annotations of a task that it does not have.
            DataError: a file is missing or wrong.
        """
        for name in self.analyze.annotations:
            if name not in self.tasks:
                raise ConfigError(
                    f"analyze.annotations names the task {name!r}, which the run does not have"
                    f"{nearest(name, self.tasks)}",
                    where="analyze.annotations",
                    fix=f"use {', '.join(self.tasks)}",
                )
        said = self.digest()
        if analysis.get("said") == said and "files" in analysis:
            return load_said(analysis["files"])
        return self.count_rows() if said else ()

    def count_rows(self) -> tuple[HumanFile, ...]:
        """Return what became of the rows of each file.

        Returns:
            The judgements' file first; nothing where the run file names none.

        Raises:
            DataError: a file is missing or wrong.
        """
        judgements = self.read_judgements()
        files = [("", judgements.facts)] if judgements else []
        for task in self.tasks.values():
            items = self.read_items(task)
            files += [(task.name, items.facts)] if items else []
        return tuple(HumanFile(task, facts) for task, facts in files if facts)

    def read_judgements(self) -> Judgements | None:
        """Return the judgements of the run's tasks, or ``None`` where the run file names no file.

        Raises:
            DataError: a column is missing, a row has no annotator, compares a task with itself,
                answers with a third one, or repeats an annotator's pair; with file and line.
        """
        path = self.analyze.judgements
        return None if path is None else parse_judgements(Path(path), tuple(self.tasks))

    def read_items(self, task: Task) -> ItemLabels | None:
        """Return the annotators' labels of a task's file, or ``None`` where there is no file.

        Raises:
            DataError: a column is missing, a row has no annotator, names an item that is no test
                row or shows another text for it, or repeats an annotator's item; with file and
                line.
            UnknownLabelError: a label that the task does not have, where ``other_labels: error``.
        """
        path = self.analyze.annotations.get(task.name)
        if path is None:
            return None
        return parse_items(Path(path), task, self.data.splits(task).test)


def load_said(stored: Sequence[dict[str, Any]]) -> tuple[HumanFile, ...]:
    """Return the records that ``dataclasses.asdict`` made mappings of."""
    return parse(stored, tuple[HumanFile, ...])


def _digest(path: str) -> str:
    if not os.access(path, os.F_OK) or not Path(path).is_file():
        raise DataError(
            "there is no such file", where=path, fix="correct the path under analyze: (run file)"
        )
    return digest_path(Path(path))
