"""From the rows of a data file to labelled examples: cleaning, mapping, refusing.

Every refusal names file, line and fix, and every row that is left out is counted by its reason.
Knows nothing about splits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_local.core.text import identify, is_invisible
from synth_local.errors import DataError, UnknownLabelError, list_names
from synth_local.records import Example
from synth_local.task.file_facts import (
    CLEANED_AWAY,
    EMPTY,
    INVISIBLE,
    NO_LABEL,
    OTHER_LABEL,
    FileFacts,
    RowCount,
)
from synth_local.task.formats.reader import Columns, list_unread, read_rows, read_table
from synth_local.task.labels import FoundLabel, LabelNames
from synth_local.task.raw_rows import MissingColumnError, RawRow
from synth_local.task.task_file import TaskFile

EXTERNAL_COLUMNS = ("text", "label")


@dataclass(frozen=True, slots=True)
class BroughtRow:
    """One row of a corpus brought along, before any check of its text.

    Attributes:
        index: of the row in its file, from 0.
        text: as it stands there, perhaps empty.
        label: the task's name for it; where the task leaves it out, as it stands there.
        is_known: whether it is a label of the task.
    """

    index: int
    text: str
    label: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """The examples of one data file.

    Attributes:
        examples: in the order of the file; ids are ``<prefix>-<row number, 6 digits>``.
        keys: by id, what verbatim repeats of its text share.
        facts: what became of all rows.
    """

    examples: tuple[Example, ...]
    keys: Mapping[str, str]
    facts: FileFacts

    @property
    def num_other_labels(self) -> int:
        """Rows left out because the task does not have their label, or they have none."""
        return _sum(self.facts, OTHER_LABEL, NO_LABEL)

    @property
    def num_empty(self) -> int:
        """Rows left out because nothing that can be seen was left of the text."""
        return _sum(self.facts, EMPTY, CLEANED_AWAY, INVISIBLE)


def _sum(facts: FileFacts, *reasons: str) -> int:
    return sum(facts.left_out.get(reason, 0) for reason in reasons)


def read_examples(spec: TaskFile, path: Path, prefix: str) -> LabelledRows:
    """Return the labelled examples of one data file.

    Args:
        spec: what columns, labels and patterns there are.
        prefix: of the ids; ``test`` reads the test split of a folder of several splits.

    Returns:
        Examples of the task's labels, each of which occurs, and what became of the other rows.

    Raises:
        DataError: a row cannot be read, has no text or no label, the file has no rows, or a
            label of the task has none.
        UnknownLabelError: a label the task does not have, where ``other_labels: error``.
    """
    patterns = [re.compile(pattern) for pattern in spec.clean]
    names = LabelNames.of(spec)
    count = RowCount(path, names.names)
    role = "test" if prefix == "test" else "train"
    data = spec.data
    columns = Columns(data.text, data.label, data.annotations, data.encoding or "", role)
    examples: list[Example] = []
    keys: dict[str, str] = {}
    for row in read_table(path, columns):
        found = _find_label(row, names, spec, data.label)
        if not found.name:
            count.leave_out(OTHER_LABEL if found.spelled else NO_LABEL, found.spelled)
            continue
        raw = check_text(row.text, data.text, row.where)
        text = clean_text(raw, patterns)
        count.look_at(row.where, raw, row.num_lines)
        if is_invisible(text):
            count.leave_out(_tell_empty(raw))
            continue
        one = f"{prefix}-{row.index:06d}"
        annotations = tuple(_name_annotations(row, names, spec))
        examples.append(Example(one, text, found.name, annotations))
        keys[one] = identify(text)
        count.compare_labels(row.where, keys[one], found.name)
        count.use()
    facts = count.finish(list_unread(path, role, reads_both=data.test == data.train))
    if not facts.rows:
        raise _explain_no_rows(path)
    _check_every_label(examples, spec, path, facts)
    return LabelledRows(tuple(examples), keys, facts)


def _tell_empty(raw: str) -> str:
    """Return why nothing that can be seen is left of a text."""
    if not is_invisible(raw):
        return CLEANED_AWAY
    return INVISIBLE if raw.strip() else EMPTY


def read_external_rows(
    spec: TaskFile, path: Path, count: RowCount | None = None
) -> Iterator[BroughtRow]:
    """Yield the rows of a corpus brought along: the columns ``text`` and ``label``, none left out.

    Args:
        spec: of the task; its label map and ``other_labels`` apply.
        path: of a data file of any known format.
        count: counts the rows as they are yielded; those whose label the task leaves out, and
            those without a text, count as left out.

    Yields:
        BroughtRow: in the file's order.

    Raises:
        DataError: a row cannot be read, has no text or no label, or the file has no rows.
        UnknownLabelError: a label the task does not have, where ``other_labels: error``.
    """
    names = LabelNames.of(spec)
    count = count or RowCount(path, names.names)
    try:
        for row in read_rows(path, *EXTERNAL_COLUMNS):
            found = _find_label(row, names, spec, EXTERNAL_COLUMNS[1])
            text = check_text(row.text, EXTERNAL_COLUMNS[0], row.where)
            count.look_at(row.where, text, row.num_lines)
            if not found.name:
                count.leave_out(OTHER_LABEL if found.spelled else NO_LABEL, found.spelled)
            elif is_invisible(text):
                count.leave_out(EMPTY if not text.strip() else INVISIBLE)
            else:
                count.compare_labels(row.where, identify(text), found.name)
                count.use()
            yield BroughtRow(row.index, text, found.name or found.spelled, bool(found.name))
    except MissingColumnError as error:
        names_wanted = " and ".join(map(repr, EXTERNAL_COLUMNS))
        fix = f"a corpus brought along has the columns {names_wanted}; rename those of the file"
        raise DataError(error.what, where=error.where, fix=fix) from error
    if not count.rows:
        raise _explain_no_rows(path)


def _explain_no_rows(path: Path) -> DataError:
    return DataError("the file has no rows", where=path, fix="put labelled texts into it")


def clean_text(text: str, patterns: Sequence[re.Pattern[str]]) -> str:
    """Return ``text`` without outer blanks and without what the patterns match.

    Args:
        patterns: each match becomes one blank; where anything matched, runs of blanks become one.

    Returns:
        The text that is left, perhaps empty; line breaks inside stay.
    """
    cleaned = text
    for pattern in patterns:
        cleaned = pattern.sub(" ", cleaned)
    if cleaned != text:
        cleaned = re.sub(r" {2,}", " ", cleaned)
    return cleaned.strip()


def check_text(value: Any, column: str, where: str) -> str:
    """Return a value that is a text.

    Args:
        value: whatever stands in the column of texts.

    Raises:
        DataError: it is missing, no text, or holds half a character.
    """
    if not isinstance(value, str):
        if isinstance(value, float):  # JSON's numbers remember how they are spelled
            kind = "missing" if value != value else "a float, not a text"  # noqa: PLR0124
        else:
            kind = "missing" if value is None else f"a {type(value).__name__}, not a text"
        raise DataError(
            f"{column!r} is {kind}",
            where=where,
            fix="give the row a text, or take the row out",
        )
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(
            f"{column!r} holds half a character (a lone surrogate) at position {error.start}",
            where=where,
            fix="the text was cut in the middle of a character; write the character again",
        ) from error
    return value


def _find_label(row: RawRow, names: LabelNames, spec: TaskFile, column: str) -> FoundLabel:
    """Return the row's label; without a name where the row is to be dropped."""
    found = names.find(row.label, row.where)
    if found.name or spec.other_labels == "drop":
        return found
    if not found.spelled:
        raise DataError(
            f"{column!r} is missing",
            where=row.where,
            fix="give the row a label, take the row out, or set other_labels: drop",
        )
    raise UnknownLabelError(found.spelled, names.names, row.where)


def _name_annotations(row: RawRow, names: LabelNames, spec: TaskFile) -> Iterator[str | None]:
    """Yield the annotators' labels of a row; ``None`` for a rating that is missing."""
    for cell in row.further:
        for rating in cell if isinstance(cell, list) else [cell]:
            found = names.find(rating, row.where)
            if found.name or not found.spelled or spec.other_labels == "drop":
                yield found.name or None
            else:
                raise UnknownLabelError(found.spelled, names.names, row.where)


def _check_every_label(
    examples: Sequence[Example], spec: TaskFile, path: Path, facts: FileFacts
) -> None:
    present = {example.label for example in examples}
    missing = [label for label in spec.labels if label not in present]
    if missing:
        said = "".join(f"\n{line}" for line in facts.list_lines())
        raise DataError(
            f"no row has the label {list_names(missing, quoted=True)}",
            where=path,
            fix="add such rows, map a label of the data to it with label_map, "
            f"or take the label out of the task file{said}",
        )
