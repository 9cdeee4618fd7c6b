"""Argument types that several commands share, and text that a terminal may be shown."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import click

from synth_local.errors import ConfigError

RUN_FILE = click.Path(path_type=Path, dir_okay=False)
RUN_DIRECTORY = click.Path(path_type=Path, file_okay=False)


def default_out(run_file: Path, out: Path | None) -> Path:
    """Return the run directory: as given, else ``runs/<the run file's stem>``.

    Args:
        run_file: as given on the command line.
        out: as given on the command line.

    Raises:
        ConfigError: something that is no folder stands there, or on the way there.
    """
    return check_folder(out if out is not None else Path("runs") / run_file.stem, "--out")


def check_folder(path: Path, where: str) -> Path:
    """Return a path that is a folder, or that nothing prevents from becoming one.

    Args:
        path: as given on the command line.

    Raises:
        ConfigError: something that is no folder stands there, or on the way there.
    """
    for place in (path, *path.parents):
        what = _find_obstacle(place)
        if what:
            raise ConfigError(what, where=where, fix="name a folder, new or an earlier one")
        if os.path.lexists(place):
            break
    return path


def _find_obstacle(place: Path) -> str:
    """Return why no folder can be at or below a place, as far as the place itself shows."""
    spelled = fit_line(str(place))
    try:
        mode = place.stat().st_mode
    except FileNotFoundError:
        return f"{spelled} is a link to nothing" if place.is_symlink() else ""
    except (NotADirectoryError, PermissionError):
        return ""  # a file in the way stands further up; a permission is said by whoever writes
    except OSError as error:
        return f"{spelled}: {os.strerror(error.errno or 0)}"
    return "" if stat.S_ISDIR(mode) else f"{spelled} is not a folder"


def fit_line(text: str, limit: int = 300) -> str:
    """Return text on one line, cut in its middle where it is longer than ``limit`` characters."""
    line = make_printable(" ".join(text.split()))
    if len(line) <= limit:
        return line
    half = (limit - 5) // 2
    return f"{line[:half]} ... {line[-half:]}"


def list_arguments() -> tuple[str, ...]:
    """Return the command line's arguments as they were given, for the run's own record."""
    found = click.get_current_context().obj or {}
    return tuple(found.get("arguments", ()))


def make_printable(text: str, *, keep: str = "") -> str:
    """Return text from elsewhere without control characters that a terminal would obey.

    Returns:
        The text with a replacement character for each of the others.
    """
    return "".join(char if char.isprintable() or char in keep else "\ufffd" for char in text)


def print_reasons(reasons: Sequence[str]) -> None:
    """Print why something is to be done again, a line each, below what it is."""
    for line in reasons:
        click.echo(make_printable(f"  again: {line}"))


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, num_left: int = 1) -> None:
    """Print aligned columns: the first ``num_left`` and the last to the left, others right."""
    table = [list(head), *map(list, rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    for row in table:
        cells = [
            cell.ljust(width) if column < num_left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row[:-1], widths, strict=False))
        ]
        click.echo("  ".join([*cells, row[-1]]).rstrip())


def parse_shard(text: str) -> tuple[int, int]:
    """Return shard and number of shards of ``K/N``.

    Args:
        text: as given on the command line.

    Returns:
        Shard, from 0, and number of shards.

    Raises:
        ConfigError: not two numbers with 0 <= K < N.
    """
    shard, _, num_shards = text.partition("/")
    if shard.isdigit() and num_shards.isdigit() and int(shard) < int(num_shards):
        return int(shard), int(num_shards)
    raise ConfigError(
        f"{text!r} is not a shard", where="--shard", fix="write K/N with 0 <= K < N, such as 0/4"
    )
