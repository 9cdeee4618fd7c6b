"""Writing files so that a reader never sees half of one, and reading JSON lines.

A full disk or a read-only folder is the machine's problem, not a bug: it becomes ``MachineError``
here, at the door.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from synth_local.errors import MachineError

_MACHINE_ERRNOS = {
    errno.ENOSPC: "free some space, or choose another --out",
    errno.EDQUOT: "your quota is used up: free some space, or choose another --out",
    errno.EROFS: "choose an --out that is writable",
    errno.EACCES: "choose an --out that you may write to",
    errno.EPERM: "choose an --out that you may write to",
    errno.EIO: "look after the disk, or choose another --out",
    errno.ESTALE: "mount the folder again, or choose another --out",
    errno.EFBIG: "choose an --out on a file system that takes files of this size",
    errno.ENAMETOOLONG: "use shorter names, or a shorter --out",
    errno.ENOTDIR: "choose an --out that is a folder, and that lies in one",
    errno.EEXIST: "choose an --out that is a folder, and that lies in one",
}


@contextmanager
def explain_disk_errors(path: Path) -> Iterator[None]:
    """Turn a full disk, a used-up quota or a missing permission into ``MachineError``."""
    try:
        yield
    except OSError as error:
        fix = _MACHINE_ERRNOS.get(error.errno or 0)
        if fix is None:
            raise
        what = f"cannot write: {os.strerror(error.errno or 0)}"
        raise MachineError(
            what, where=path, fix=f"{fix}; what was written before is kept"
        ) from error


@contextmanager
def replace_atomically(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success it is synced and takes its place."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with explain_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with temporary.open("rb") as handle:
                os.fsync(handle.fileno())
            temporary.replace(path)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` as UTF-8, atomically."""
    with replace_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="surrogatepass")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON-ready value to ``path``, indented and with sorted keys, atomically."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Return the value of a JSON file, or ``None`` where there is no such file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
