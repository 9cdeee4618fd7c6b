"""From a task file to a task: where its data lie, and what it is by content.

No text is parsed here: files are hashed only, so that a plan over many tasks stays quick.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from synth_local.core.hashing import digest_file, digest_json
from synth_local.core.section import parse_section, read_yaml
from synth_local.errors import ConfigError, DataError
from synth_local.task.snapshot_folders import is_snapshot
from synth_local.task.task_file import AS_SPELLED, TaskFile

DATA_VARIABLE = "SYNTH_LOCAL_DATA"
READING_VERSION = 2  # raise it when the same files would give other examples or other splits


@dataclass(frozen=True, slots=True)
class Task:
    """A task file whose data files are there.

    Attributes:
        spec: the checked task file.
        path: of the task file, absolute.
        digest: SHA-256 of what decides a result: the file's result-bearing fields, the order of
            its labels, the bytes of its data files and of its prompt templates.
        train_file: where the training rows are, absolute.
        test_file: where the official test rows are, or ``None``.
        prompts_dir: folder of templates that replace the shipped wording, or ``None``.
    """

    spec: TaskFile
    path: Path
    digest: str
    train_file: Path
    test_file: Path | None = None
    prompts_dir: Path | None = None

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


def load_task(path: Path) -> Task:
    """Return the task of a task file; data are hashed, not parsed.

    Args:
        path: of the task file.

    Returns:
        The task, its data files found.

    Raises:
        ConfigError: with all problems of the task file, or a missing ``prompts`` folder.
        DataError: a data file is missing; both places that were tried are named.
    """
    value, lines = read_yaml(path, AS_SPELLED)
    spec = parse_section(TaskFile, value, path, lines)
    path = path.resolve()
    train_file = _find_data(spec.data.train, path, lines.get(("data", "train")))
    test_file = None
    if spec.data.test is not None:
        test_file = _find_data(spec.data.test, path, lines.get(("data", "test")))
    if train_file == test_file and not is_snapshot(train_file):
        raise ConfigError(
            "train and test are the same data; leave test out and one will be cut from train",
            where=path,
            fix="take data.test out, or name the test part's own file or folder",
        )
    prompts_dir = _find_prompts(spec.prompts, path, lines.get(("prompts",)))
    digest = digest_json(
        {
            "version": READING_VERSION,
            "fields": spec.fingerprint_fields() | {"data": spec.data.fingerprint_fields()},
            "order": list(spec.labels),
            "train": digest_path(train_file),
            "test": digest_path(test_file) if test_file else None,
            "prompts": digest_path(prompts_dir) if prompts_dir else None,
        }
    )
    return Task(spec, path, digest, train_file, test_file, prompts_dir)


def digest_path(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's visible files and their relative names.

    Args:
        path: of the file or folder.

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


def _find_data(spelled: str, task_path: Path, line: int | None) -> Path:
    """Return the absolute path of a data file or folder."""
    given = Path(spelled).expanduser()
    root = os.environ.get(DATA_VARIABLE, "")
    places = [task_path.parent / given]  # an absolute path stays what it is
    if root and not given.is_absolute():
        places.insert(0, Path(root).expanduser().absolute() / given)
    for place in places:
        if place.exists():
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


def _find_prompts(spelled: str | None, task_path: Path, line: int | None) -> Path | None:
    if spelled is None:
        return None
    folder = (task_path.parent / Path(spelled).expanduser()).resolve()
    if not folder.is_dir():
        raise ConfigError(
            f"the prompts folder {folder} does not exist",
            where=f"{task_path}:{line}" if line else task_path,
            fix="make it, or remove the key prompts to use the shipped wording",
        )
    return folder
