"""Paths as a file spells them, made absolute; those that no file system could hold are refused."""

from __future__ import annotations

import os
from pathlib import Path

from synth_local.errors import ConfigError

SHOWN = 100  # characters of a path that a message shows


def place_path(folder: Path, spelled: str, where: str | Path) -> Path:
    """Return an absolute path; nothing needs to be there.

    Args:
        folder: that a relative path starts in.
        spelled: as it stands in a file; ``~`` is a home.
        where: the file, for the message.

    Returns:
        The path, links followed.

    Raises:
        ConfigError: it is too long, goes round in a circle of links, holds a NUL or names the home
            of nobody.
    """
    shown = repr(spelled if len(spelled) <= SHOWN else f"{spelled[: SHOWN - 3]}...")
    try:
        path = folder / Path(spelled).expanduser()
        os.path.lexists(path)
        path.exists()
        return path.resolve()
    except OSError as error:
        why = os.strerror(error.errno or 0)
    except (RuntimeError, ValueError) as error:  # no such home, or a circle; a NUL
        why = str(error)[:SHOWN]
    raise ConfigError(f"no path can be {shown}: {why}", where=where, fix="name another place")
