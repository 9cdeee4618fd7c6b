"""Which files the corpora brought along lie in, and what they are by content; none is parsed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from synth_local.errors import ConfigError, DataError, nearest
from synth_local.records import EXTERNAL
from synth_local.store.run_dir import CorpusKey
from synth_local.task.kept import NotHere, is_there
from synth_local.task.load import digest_path


@dataclass(frozen=True, slots=True)
class ExternalFile:
    """The file of a corpus brought along; the digest is that of its bytes.

    Attributes:
        path: where it lies.
        digest: of its bytes.
        not_here: set where it is not on this machine, and the digest is that of before.
    """

    path: Path
    digest: str
    not_here: NotHere | None = None


def find_external(
    corpora: Mapping[str, str | Mapping[str, str]], tasks: Sequence[str]
) -> dict[CorpusKey, Path]:
    """Return where each corpus brought along lies.

    Args:
        corpora: of the run file: a path, or one for each task, by the corpus's name.

    Returns:
        Paths, which need not exist.

    Raises:
        ConfigError: it is not said which task a file belongs to, or there is no such task.
    """
    found = {}
    for name, files in corpora.items():
        where = f"corpora.{name}"
        if isinstance(files, str) and len(tasks) > 1:
            raise ConfigError(
                f"the run has {len(tasks)} tasks, and {name!r} names one file",
                where=where,
                fix=f"say which task it is of: {name}: {{{tasks[0]}: FILE}}",
            )
        by_task = {tasks[0]: files} if isinstance(files, str) else files
        for task, path in by_task.items():
            if task not in tasks:
                raise ConfigError(
                    f"the run has no task {task!r}{nearest(task, tasks)}",
                    where=where,
                    fix=f"use {', '.join(tasks)}",
                )
            found[CorpusKey(task, name, EXTERNAL)] = Path(path)
    return found


def hash_external(key: CorpusKey, path: Path) -> ExternalFile:
    """Return the file of a corpus with the digest of its bytes.

    Raises:
        DataError: it is missing.
    """
    if not is_there(path):
        raise DataError(
            f"the corpus file of {key.generator!r} is missing: {path}",
            where=f"corpora.{key.generator}",
            fix="put it back, or correct its path in the run file",
        )
    return ExternalFile(path, digest_path(path))
