"""Telling a configuration file without a word in it from one that says something wrong."""

from __future__ import annotations

from pathlib import Path

from synth_local.errors import ConfigError


def refuse_empty(path: Path, what: str, fix: str) -> None:
    """Raise where a YAML file has nothing in it but blank lines and comments.

    A file that cannot be read is left to its reader.

    Args:
        what: the kind of file, such as ``site file``.
        fix: where to find what it needs.

    Raises:
        ConfigError: it is empty.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return
    lines = (line.strip() for line in text.splitlines())
    if all(line in {"", "---", "..."} or line.startswith("#") for line in lines):
        raise ConfigError(f"the {what} is empty", where=path, fix=fix)
