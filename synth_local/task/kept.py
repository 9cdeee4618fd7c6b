"""What a task was made from before, and what of it is not here now.

A run directory keeps where its sources were and what they held. Where one is not on this machine,
or may not be read, its digest is taken from there. Knows nothing about how that is stored.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from synth_local.errors import SynthLocalError


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file or folder that a run was made from.

    Attributes:
        path: where it was, absolute.
        digest: of its bytes, 64 hexadecimal digits.
        spelled: as the task file names it; empty where it stands alone.
        by_variable: found by an environment variable, and not beside the file that names it.
    """

    path: str
    digest: str
    spelled: str = ""
    by_variable: bool = False


@dataclass(frozen=True, slots=True)
class NotHere:
    """A source of a run that is not on this machine, or may not be read.

    Attributes:
        kind: ``task file``, ``data``, ``prompts``, ``generator``, ``student``, ``embedder``,
            ``corpus`` or ``answers``.
        name: of the task, the model or the corpus.
        path: where it was, or was looked for first.
        error: what a command says that cannot do without.
    """

    kind: str
    name: str
    path: str
    error: SynthLocalError

    def __str__(self) -> str:
        """Return the source as people read it."""
        spelled = {
            "task file": "the task file of {}",
            "data": "the data of {}",
            "prompts": "the prompts of {}",
            "generator": "the weights of {}",
            "student": "the weights of {}",
            "embedder": "the weights of {}",
            "corpus": "the file of the corpus {}",
            "answers": "the answers of people in {}",
        }[self.kind].format(self.name)
        return f"{spelled} ({self.path})"


@dataclass(frozen=True, slots=True)
class KeptSources:
    """The sources that a run's task was made from, by ``train``, ``test`` and ``prompts``."""

    files: Mapping[str, KeptFile] = field(default_factory=dict)


def is_there(path: Path) -> bool:
    """Return whether a file or folder is there; ``False`` where another user's folder hides it."""
    return os.access(path, os.F_OK)


def list_places(given: Path, beside: Path, variable: str, kept: KeptFile | None) -> list[Path]:
    """Return where a data file may lie, in order.

    Args:
        given: the path as the task file names it.
        variable: name of the environment variable that names the folder of the data.
        kept: the same file, as it was before.

    Returns:
        Absolute paths. A variable that is set comes first; then the place that was found by it
        before; the place beside the task file; any other place from before.
    """
    root = os.environ.get(variable, "")
    places = [beside / given]  # an absolute path stays what it is
    if kept is not None:
        places.insert(0 if kept.by_variable else 1, Path(kept.path))
    if root and not given.is_absolute():
        places.insert(0, Path(root).expanduser().absolute() / given)
    return list(dict.fromkeys(places))


def is_by_variable(path: Path, given: Path, variable: str, kept: KeptFile | None) -> bool:
    """Return whether a file was found by the environment variable, now or when it was kept."""
    if kept is not None and kept.by_variable and kept.path == str(path):
        return True
    root = os.environ.get(variable, "")
    if not root or given.is_absolute():
        return False
    place = Path(root).expanduser().absolute() / given
    return place.parent.resolve() / place.name == path
