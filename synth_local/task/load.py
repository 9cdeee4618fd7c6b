"""From a task file to a task: where its data lie, and what it is by content.

No text is parsed here: files are hashed only, so that a plan over many tasks stays quick.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from synth_local.core.empty_files import refuse_empty
from synth_local.core.hashing import digest_file, digest_json
from synth_local.core.section import parse_section, read_yaml
from synth_local.core.spelled_paths import place_path
from synth_local.errors import ConfigError, DataError
from synth_local.task.formats.snapshot_folders import is_snapshot
from synth_local.task.kept import (
    KeptFile,
    KeptSources,
    NotHere,
    is_by_variable,
    is_there,
    list_places,
)
from synth_local.task.task_file import AS_SPELLED, TaskFile

DATA_VARIABLE = "SYNTH_LOCAL_DATA"
READING_VERSION = 2  # raise it when the same files would give other examples or other splits


@dataclass(frozen=True, slots=True)
class Task:
    """A task file with its data files, or with what is known of them where they are not here.

    Attributes:
        path: of the task file, absolute.
        digest: SHA-256 of what decides a result: the file's result-bearing fields, the order of
            its labels, the bytes of its data files and of its prompt templates.
        train_file: where the training rows are, absolute.
        test_file: where the official test rows are, or ``None``.
        prompts_dir: folder of templates that replace the shipped wording, or ``None``.
        files: the sources with their digests, by ``train``, ``test`` and ``prompts``.
        not_here: sources that are not on this machine; their digests are those of before.
    """

    spec: TaskFile
    path: Path
    digest: str
    train_file: Path
    test_file: Path | None = None
    prompts_dir: Path | None = None
    files: Mapping[str, KeptFile] = field(default_factory=dict)
    not_here: tuple[NotHere, ...] = ()

    @property
    def name(self) -> str:
        """Return the task's name."""
        return self.spec.name

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels' names, in the task's order."""
        return tuple(self.spec.labels)

    @property
    def data_files(self) -> tuple[Path, ...]:
        """Return the train file and, where there is one, the test file."""
        return (self.train_file, self.test_file) if self.test_file else (self.train_file,)


def load_task(path: Path, kept: KeptSources | None = None) -> Task:
    """Return the task of a task file; data are hashed, not parsed.

    Args:
        kept: what a run was made from before: its places are looked at too, and its digests stand
            for what is not here.

    Raises:
        ConfigError: with all problems of the task file, or a missing ``prompts`` folder.
        DataError: a data file is missing; all places that were tried are named.
    """
    refuse_empty(path, "task file", "describe a task in it; tasks/ holds examples")
    value, lines = read_yaml(path, AS_SPELLED)
    spec = parse_section(TaskFile, value, path, lines)
    return place_task(spec, path.resolve(), lines, kept)


def place_task(
    spec: TaskFile,
    path: Path,
    lines: Mapping[tuple[str | int, ...], int],
    kept: KeptSources | None = None,
) -> Task:
    """Return the task of a checked task file.

    Args:
        path: of the task file, absolute; it need not be there.
        kept: as for ``load_task``.

    Raises:
        ConfigError: the ``prompts`` folder is missing, and nothing is known of it.
        DataError: a data file is missing, and nothing is known of it.
    """
    named = {"train": spec.data.train, "test": spec.data.test, "prompts": spec.prompts}
    files: dict[str, KeptFile] = {}
    not_here: list[NotHere] = []
    for part, spelled in named.items():
        if spelled is None:
            continue
        known = kept.files.get(part) if kept else None
        line = lines.get(("prompts",) if part == "prompts" else ("data", part))
        find = _find_prompts if part == "prompts" else _find_data
        try:
            place = find(spelled, path, line, known)
            by_variable = part != "prompts" and is_by_variable(
                place, Path(spelled).expanduser(), DATA_VARIABLE, known
            )
            files[part] = KeptFile(str(place), digest_path(place), spelled, by_variable)
        except (ConfigError, DataError) as error:
            if known is None:
                raise
            files[part] = known
            kind = "prompts" if part == "prompts" else "data"
            not_here.append(NotHere(kind, spec.name, known.path, error))
    paths = {part: Path(one.path) for part, one in files.items()}
    if paths["train"] == paths.get("test") and not is_snapshot(paths["train"]):
        raise ConfigError(
            "train and test are the same data; leave test out and one will be cut from train",
            where=path,
            fix="take data.test out, or name the test part's own file or folder",
        )
    digest = digest_json(
        {
            "version": READING_VERSION,
            "fields": spec.fingerprint_fields() | {"data": spec.data.fingerprint_fields()},
            "order": list(spec.labels),
            **{part: files[part].digest if part in files else None for part in named},
        }
    )
    return Task(
        spec,
        path,
        digest,
        paths["train"],
        paths.get("test"),
        paths.get("prompts"),
        files,
        tuple(not_here),
    )


def digest_path(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's visible files and their relative names.

    Returns:
        64 hexadecimal digits.

    Raises:
        DataError: a file may not be read.
    """
    try:
        if not path.is_dir():
            return digest_file(path)
        files = sorted(
            file for file in path.rglob("*") if file.is_file() and not file.name.startswith(".")
        )
        return digest_json([[str(file.relative_to(path)), digest_file(file)] for file in files])
    except OSError as error:
        raise DataError(f"cannot read: {error.strerror}", where=path) from error


def _find_data(spelled: str, task_path: Path, line: int | None, kept: KeptFile | None) -> Path:
    """Return the absolute path of a data file or folder."""
    place_path(task_path.parent, spelled, f"{task_path}:{line}" if line else task_path)
    given = Path(spelled).expanduser()
    root = os.environ.get(DATA_VARIABLE, "")
    is_same = kept is not None and kept.spelled in ("", spelled)
    places = list_places(given, task_path.parent, DATA_VARIABLE, kept if is_same else None)
    for place in places:
        if is_there(place):
            return place.parent.resolve() / place.name  # a link's name tells the format
    tried = "\n".join(f"tried {place}" for place in places)
    hint = f"set {DATA_VARIABLE}=... to the folder that {spelled} lies in"
    if root and not given.is_absolute():
        hint = f"put the file there, or set {DATA_VARIABLE} (now {root}) to the folder it lies in"
    elif given.is_absolute():
        hint = "correct the path in the task file"
    raise DataError(
        f"the data file {spelled} is missing",
        where=f"{task_path}:{line}" if line else task_path,
        fix=f"{hint}\n{tried}",
    )


def _find_prompts(spelled: str, task_path: Path, line: int | None, kept: KeptFile | None) -> Path:
    place_path(task_path.parent, spelled, f"{task_path}:{line}" if line else task_path)
    given = Path(spelled).expanduser()
    folder = task_path.parent / given
    is_same = kept is not None and kept.spelled in ("", spelled)
    if kept is not None and is_same and not is_there(folder):
        folder = Path(kept.path)
    if not folder.is_dir():
        raise ConfigError(
            f"the prompts folder {(task_path.parent / given).resolve()} does not exist",
            where=f"{task_path}:{line}" if line else task_path,
            fix="make it, or remove the key prompts to use the shipped wording",
        )
    return folder.resolve()
