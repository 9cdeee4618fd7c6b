"""Links of a model's folder that lead nowhere: a hub's cache that was copied without its blobs.

Knows file names; nothing about what is in the files.
"""

from __future__ import annotations

from pathlib import Path

from synth_local.errors import BrokenModelError

# what an engine, a training or an embedder reads; a card or a picture may be missing
READ_FILES = (
    *("*.json", "*.safetensors", "*.model", "*.jinja", "vocab.*", "merges.txt"),
    *("1_Pooling/*.json", "additional_chat_templates/*.jinja"),
)


def is_dangling(path: Path) -> bool:
    """Return whether a path is a link to what is not there."""
    return path.is_symlink() and not path.exists()


def explain_link(path: Path) -> BrokenModelError:
    """Return what to raise for a link that leads nowhere.

    Returns:
        The error; its target and what to do about it are named.
    """
    return BrokenModelError(
        f"{path.name} is a link to {path.readlink()}, which is not here",
        where=path,
        fix=f"copy the folder with what its links lead to: cp -rL FOLDER {path.parent}",
    )


def refuse_dangling(folder: Path) -> None:
    """Do nothing where every link among the files that are read leads to a file.

    Raises:
        BrokenModelError: one leads nowhere; weights are named first.
    """
    dead = [path for pattern in READ_FILES for path in folder.glob(pattern) if is_dangling(path)]
    if dead:
        weights = [path for path in dead if path.suffix == ".safetensors"]
        raise explain_link(min(weights or dead))
