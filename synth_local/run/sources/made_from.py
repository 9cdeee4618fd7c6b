"""What a run directory was made from, kept inside: task files, prompts, models, places, digests.

The record is one JSON file, replaced atomically; copies of the task files and prompts lie beside it
for people. It holds no text of the data: paths, digests and counts only. Knows nothing about how
sources are found, nor about what became of them since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from synth_local.core.files import read_json, write_json, write_text
from synth_local.errors import DataError
from synth_local.models import Card, ModelDigest
from synth_local.store.records import load
from synth_local.store.run_dir import RunDir
from synth_local.task import KeptFile, KeptSources, TaskFile

VERSION = 1


@dataclass(frozen=True, slots=True)
class KeptTask:
    """A task as the run was made with it.

    Attributes:
        path: of the task file, absolute.
        spec: its checked fields as far as they were set, as JSON in the task file's order, which
            is that of the labels.
        train: the data file, or the folder.
        test: the official test part, or ``None``.
        prompts: the folder of its own wording, or ``None``.
        templates: every prompt template that was used, by name.
        facts: of its split: counts and digests; empty where the data were never read.
    """

    name: str
    path: str
    text: str
    spec: str
    digest: str
    train: KeptFile
    test: KeptFile | None
    prompts: KeptFile | None
    templates: dict[str, str]
    facts: dict[str, Any]

    def read_spec(self) -> TaskFile:
        """Return the checked task file.

        Raises:
            DataError: this version does not take what another version recorded.
        """
        try:
            return TaskFile.model_validate_json(self.spec)
        except ValidationError as error:
            raise DataError(
                f"the task file of {self.name!r} was recorded in a form that this version does not "
                f"take ({error.error_count()} problems)",
                where=self.path,
                fix="put the task file back, or use the version that made the run",
            ) from error

    @property
    def sources(self) -> KeptSources:
        """The data files and prompts, by what they are."""
        parts = {"train": self.train, "test": self.test, "prompts": self.prompts}
        return KeptSources({name: one for name, one in parts.items() if one is not None})


@dataclass(frozen=True, slots=True)
class KeptModel:
    """A generator, student or embedder as the run was made with it.

    Attributes:
        folder: where it was, absolute.
        by_variable: found by ``SYNTH_LOCAL_MODELS``.
        digest: of the weights, the tokenizer and the chat template.
        engine: of a generator, the engine that made its texts; else empty.
        card_file: where a card apart from the folder stood; empty where there was none.
    """

    folder: str
    by_variable: bool
    card: dict[str, Any]
    digest: dict[str, str]
    engine: str = ""
    card_file: str = ""

    def read_card(self) -> Card:
        """Return the card; what another version added to cards is passed over."""
        known = {name: value for name, value in self.card.items() if name in Card.model_fields}
        return Card.model_validate(known)

    def read_digest(self) -> ModelDigest:
        """Return the digests."""
        return ModelDigest(**self.digest)


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """Everything that the outputs of a run directory were made from.

    Attributes:
        software: version of synth-local and of the packages that decide results, by name.
        versions: the hand-raised versions of the stages.
        tasks: by name.
        generators: by name.
        students: those that have a folder, by name.
        embedder: of the measures, or ``None``.
        corpora: the files of corpora brought along, by ``task/name``.
        said: files of the section ``analyze``: ``judgements``, and ``annotations/<task>``.
    """

    version: int
    software: dict[str, str]
    versions: dict[str, int]
    config: dict[str, Any]
    tasks: dict[str, KeptTask]
    generators: dict[str, KeptModel]
    students: dict[str, KeptModel]
    embedder: KeptModel | None
    corpora: dict[str, KeptFile] = field(default_factory=dict)
    said: dict[str, KeptFile] = field(default_factory=dict)

    def find_task(self, path: Path) -> KeptTask | None:
        """Return the task of a task file, by its path or, where it is elsewhere now, by its name.

        Args:
            path: of the task file, absolute; it need not be there.

        Returns:
            The task whose path is the same, else the only one with the most last parts in common;
            ``None`` where there is no such.
        """
        for task in self.tasks.values():
            if task.path == str(path):
                return task
        tails = {name: _count_tail(Path(task.path), path) for name, task in self.tasks.items()}
        longest = max(tails.values(), default=0)
        best = [name for name, length in tails.items() if length == longest]
        return self.tasks[best[0]] if longest and len(best) == 1 else None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user asked for.

    Attributes:
        run_file: as it was given.
    """

    arguments: tuple[str, ...]
    run_file: Path


def read_made_from(run: RunDir) -> MadeFrom | None:
    """Return the record of a run directory, or ``None`` where a version before wrote none.

    Raises:
        DataError: it is broken.
    """
    try:
        return load(run.made_from, MadeFrom)
    except (ValueError, DataError) as error:
        why = error.what if isinstance(error, DataError) else str(error)
        raise DataError(
            f"the record of what this run was made from cannot be read ({why:.100})",
            where=run.made_from,
            fix="remove the file: the next run writes it anew from the task files, data and models",
        ) from error


def write_made_from(run: RunDir, made: MadeFrom) -> None:
    """Write the record and, before it, the copies for people; nothing where it is the same.

    Raises:
        MachineError: the directory cannot be written.
    """
    folder = run.made_from.parent
    copies = {folder / "tasks" / f"{name}.yaml": task.text for name, task in made.tasks.items()}
    copies |= {
        folder / "prompts" / name / f"{template}.txt": text
        for name, task in made.tasks.items()
        for template, text in task.templates.items()
    }
    for path, text in copies.items():
        if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text:
            write_text(path, text)
    value = asdict(made)
    if read_json(run.made_from) != value:
        write_json(run.made_from, value)


def write_asked(run: RunDir, asked: Asked) -> None:
    """Write what was asked for: the command line, and the run file as it was given.

    Raises:
        MachineError: the directory cannot be written.
    """
    text = asked.run_file.read_text(encoding="utf-8", errors="replace")
    value = {
        "arguments": list(asked.arguments),
        "run_file": str(asked.run_file.absolute()),
        "text": text,
    }
    path = run.made_from.with_name("asked.json")
    if read_json(path) != value:
        write_json(path, value)


def _count_tail(one: Path, other: Path) -> int:
    """Return how many last parts two paths share."""
    pairs: Sequence[tuple[str, str]] = list(
        zip(reversed(one.parts), reversed(other.parts), strict=False)
    )
    differ = (index for index, (a, b) in enumerate(pairs) if a != b)
    return next(differ, len(pairs))
