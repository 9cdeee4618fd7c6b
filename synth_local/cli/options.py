"""Argument types that several commands share, and text that a terminal may be shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from synth_local.errors import ConfigError

RUN_FILE = click.Path(path_type=Path, dir_okay=False)
RUN_DIRECTORY = click.Path(path_type=Path, file_okay=False)


def default_out(run_file: Path, out: Path | None) -> Path:
    """Return the run directory: as given, else ``runs/<the run file's stem>``."""
    return out if out is not None else Path("runs") / run_file.stem


def list_arguments() -> tuple[str, ...]:
    """Return the command line's arguments as they were given, for the run's own record."""
    found = click.get_current_context().obj or {}
    return tuple(found.get("arguments", ()))


def make_printable(text: str, *, keep: str = "") -> str:
    """Return text from elsewhere without control characters that a terminal would obey.

    Args:
        text: generated, or from another run's files.
        keep: control characters that stay.

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
