"""A folder that appears whole or not at all.

Knows nothing of what is written into it, but for one thing: safetensors reports a full disk in a
way of its own, which becomes an ``OSError`` here.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from synth_local.core.files import explain_disk_errors

_ERROR_NUMBER = re.compile(r"os error (\d+)")


@contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``folder``; on success it is synced and takes its place.

    What a killed predecessor left beside ``folder`` is removed.

    Yields:
        Path: the empty folder to write into.

    Raises:
        MachineError: the disk is full, or the place may not be written to.
    """
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old.tmp")
    with explain_disk_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        temporary.mkdir()
        try:
            with _name_disk_errors():
                yield temporary
            _sync_files(temporary)
            if folder.exists():
                folder.rename(old)
            temporary.rename(folder)
        finally:
            _remove_leftovers(folder)


def _remove_leftovers(folder: Path) -> None:
    prefix = f".{folder.name}."
    for path in folder.parent.iterdir():
        if path.name.startswith(prefix) and path.name.endswith(".tmp"):
            shutil.rmtree(path, ignore_errors=True)


def _sync_files(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _name_disk_errors() -> Iterator[None]:
    try:
        yield
    except SafetensorError as error:
        number = _ERROR_NUMBER.search(str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), str(error)) from error
