"""Paths as a file spells them, made absolute; those that no file system could hold are refused."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from synth_local.errors import ConfigError, quote, shorten


def place_path(folder: Path, spelled: str, where: str | Path) -> Path:
    """Return an absolute path; nothing needs to be there.

    Args:
        folder: that a relative path starts in.
        spelled: as it stands in a file; ``~`` is a home.

    Raises:
        ConfigError: it is too long, goes round in a circle of links, holds a NUL or names the home
            of nobody.
    """
    try:
        path = folder / Path(spelled).expanduser()
        with suppress(PermissionError):  # another user's: whoever reads it says so
            path.exists()
        return path.resolve()
    except OSError as error:
        why = os.strerror(error.errno or 0)
    except (RuntimeError, ValueError) as error:  # no such home, or a circle; a NUL
        why = shorten(str(error))
    raise ConfigError(
        f"no path can be {quote(spelled)}: {why}", where=where, fix="name another place"
    )
