"""Where a model is put together before it is there: a hidden folder beside its place, then renamed.

What was downloaded stays in the hidden folder until the model is in its place, so that a call that
failed or was killed goes on from it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from synth_local.core.files import explain_disk_errors
from synth_local.errors import ConfigError, MachineError


@dataclass(frozen=True, slots=True)
class Workshop:
    """The hidden folder of one model.

    Attributes:
        downloads: what was fetched, kept over calls.
        model: the folder in the making; empty at first.
        target: where it will stand.
    """

    downloads: Path
    model: Path
    target: Path


@contextmanager
def open_workshop(out: Path, name: str) -> Iterator[Workshop]:
    """Yield where to put a model together; where nothing is raised, it takes its place at the end.

    Args:
        out: the folder of models.

    Raises:
        ConfigError: the place is taken.
        MachineError: another process is at the same model, or the disk takes no more.
    """
    refuse_taken(out / name)
    root = out / f".{name}.part"
    workshop = Workshop(root / "downloads", root / name, out / name)
    with explain_disk_errors(out):
        workshop.downloads.mkdir(parents=True, exist_ok=True)
        lock = (root / "lock").open("w")
    with lock:
        _lock(lock.fileno(), root)
        shutil.rmtree(workshop.model, ignore_errors=True)
        workshop.model.mkdir()
        try:
            yield workshop
            _open_to_readers(workshop.model)
            refuse_taken(workshop.target)
            workshop.model.rename(workshop.target)
        except BaseException:
            shutil.rmtree(workshop.model, ignore_errors=True)
            if any(workshop.downloads.iterdir()):
                raise
            shutil.rmtree(root, ignore_errors=True)
            raise
        shutil.rmtree(root, ignore_errors=True)


def refuse_taken(target: Path) -> None:
    """Do nothing where nothing stands at a place.

    Raises:
        ConfigError: something does.
    """
    if os.path.lexists(target):
        raise ConfigError(
            "something else stands where the model would go",
            where=target,
            fix="move it away, or name another folder of models with --out",
        )


def require_space(out: Path, num_bytes: int) -> None:
    """Do nothing where a disk has room.

    Raises:
        MachineError: it has not.
    """
    there = next(place for place in (out, *out.parents) if place.exists())
    free = shutil.disk_usage(there).free
    if free < num_bytes:
        raise MachineError(
            f"the disk has {free / 1e9:.1f} GB free, and {num_bytes / 1e9:.1f} GB are needed",
            where=out,
            fix="free some space, or name a folder on another disk with --out",
        )


def _lock(handle: int, root: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise MachineError(
            "another process is putting the same model there", where=root, fix="wait for its end"
        ) from error
    except OSError:
        return  # a file system without locks


def _open_to_readers(folder: Path) -> None:
    """Give files the rights that new files have here: some libraries write for their user alone."""
    mask = os.umask(0)
    os.umask(mask)
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o666 & ~mask)
