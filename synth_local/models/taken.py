"""Which files of somebody's folder become a model's folder here: safetensors and their settings.

Knows names, not contents, but for one key: a folder that asks for code of its own is refused.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from synth_local.errors import BrokenModelError
from synth_local.models.links import refuse_dangling
from synth_local.models.weights import require_weights

# what engines, trainings and embedders read, and what must go along with a licence
PATTERNS = (
    *("*.safetensors", "*.json", "*.model", "*.jinja", "*.txt", "README.md", "README.publisher.md"),
    *("LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*", "1_Pooling/config.json"),
    "additional_chat_templates/*.jinja",
)
# the same weights a second time, in a form of the publisher's own
LEFT_OUT = ("consolidated*.safetensors",)
CODE_KEY = "auto_map"
CODE_FILES = ("config.json", "tokenizer_config.json", "processor_config.json")


def is_taken(name: str) -> bool:
    """Return whether a file is one of a model's folder.

    Args:
        name: of the file, relative to the folder, with ``/`` between its parts.
    """
    depth = len(PurePosixPath(name).parts)
    if any(fnmatchcase(name, pattern) for pattern in LEFT_OUT):
        return False
    return any(
        fnmatchcase(name, pattern) and len(PurePosixPath(pattern).parts) == depth
        for pattern in PATTERNS
    )


def list_taken(folder: Path) -> list[str]:
    """Return the names of a folder's files that make the model, sorted."""
    paths = [*folder.glob("*"), *folder.glob("1_Pooling/*")]
    paths += folder.glob("additional_chat_templates/*")
    names = (path.relative_to(folder).as_posix() for path in paths if path.is_file())
    return sorted(filter(is_taken, names))


def list_code_requests(folder: Path) -> list[str]:
    """Return the files of a folder that ask for Python code that comes with the model."""
    asking = []
    for name in CODE_FILES:
        try:
            value = json.loads((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue  # a file that cannot be read is reported as such
        if isinstance(value, dict) and CODE_KEY in value:
            asking.append(name)
    return asking


def refuse_unsafe(folder: Path) -> None:
    """Do nothing where a folder has weights that can be loaded without running anything.

    Raises:
        BrokenModelError: it asks for code of its own, or its weights are pickled, missing or cut.
    """
    asking = list_code_requests(folder)
    if asking:
        raise BrokenModelError(
            f"{asking[0]} asks for Python code that comes with the model ({CODE_KEY}), and such "
            "code is never run",
            where=folder / asking[0],
            fix=f"where transformers has this architecture built in, delete the key {CODE_KEY} "
            f"from {' and '.join(asking)} of a copy of the folder, and: synth-local models add "
            "COPY; else take another model",
        )
    refuse_dangling(folder)
    require_weights(folder)


def copy_files(source: Path, names: Iterable[str], target: Path, *, link: bool = False) -> None:
    """Copy files into a new folder; what a link leads to is copied, never the link.

    Args:
        names: relative to ``source``.
        link: make links to the files instead.
    """
    for name in names:
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if link:
            path.symlink_to((source / name).resolve())
        else:
            shutil.copyfile(source / name, path)
