"""One row of a data file before anybody judged it, and the errors all formats share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_local.errors import DataError, list_names, nearest


@dataclass(frozen=True, slots=True)
class RawRow:
    """A text and its label as they stand in a file.

    Attributes:
        index: of the row in its file, from 0; blank lines and the header do not count.
        where: file and line, or file and row (from 1) where a format has no lines.
        text: whatever stands in the column of texts.
        label: whatever stands in the column of labels.
        further: whatever stands in the further columns that were asked for, in that order.
        num_lines: lines of the file that the row spans.
    """

    index: int
    where: str
    text: Any
    label: Any
    further: tuple[Any, ...] = ()
    num_lines: int = 1


class MissingColumnError(DataError):
    """A column that has to be read is not there."""


def check_columns(found: Sequence[str], wanted: Sequence[str], where: str | Path) -> None:
    """Require that all wanted columns were found, once each.

    Args:
        found: names of the columns that are there.
        wanted: names of those that will be read.

    Raises:
        MissingColumnError: with the columns that are there and the nearest guess.
        DataError: a column stands twice.
    """
    for column in wanted:
        if column not in found:
            raise MissingColumnError(
                f"there is no column {column!r}; found {list_names(found, quoted=True)}",
                where=where,
                fix=f"name the column under data: in the task file{nearest(column, found)}",
            )
        if list(found).count(column) > 1:
            raise DataError(
                f"the column {column!r} stands twice in the header",
                where=where,
                fix="rename one of the two",
            )
