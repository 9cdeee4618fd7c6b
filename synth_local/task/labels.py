"""How a label in a file is spelled, and which of the task's labels that is.

A label is what stands in the file: no number is normalised. Where a format knows types instead of
spellings, a value has several, tried in their order: JSON's ``1.0`` is ``1.0``, then ``1``.
Spellings are compared in Unicode's composed form (NFC), since two systems write "é" in two ways;
what is stored is always the task's own spelling. Knows nothing about texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from synth_local.errors import DataError, list_names
from synth_local.task.task_file import TaskFile, compose

MOST_CACHED = 10_000  # spellings; a column of texts in the place of labels fills no memory
_SPAN_KEYS = {"start_offset", "end_offset", "start", "end"}


class SpelledNumber(float):
    """A number with a point or an exponent that remembers how its file spells it."""

    __slots__ = ("spelling",)
    spelling: str

    def __new__(cls, spelling: str) -> SpelledNumber:
        """Return the number of a spelling that ``float`` takes."""
        number = super().__new__(cls, spelling)
        number.spelling = spelling
        return number


@dataclass(frozen=True, slots=True)
class ClassNumber:
    """A number that stands for a class, and the name that the file's own features give it."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class FoundLabel:
    """What a row's label is.

    Attributes:
        name: the task's name; empty where the task does not have it, or there is none.
        spelled: as it stands in the file; empty where there is none.
    """

    name: str
    spelled: str


@dataclass(frozen=True, slots=True)
class LabelNames:
    """The labels of a task by all their spellings.

    Attributes:
        names: the task's names, in order.
        by_spelling: composed spelling to name: the label map first, then the names themselves.
    """

    names: tuple[str, ...]
    by_spelling: Mapping[str, str]
    _cache: dict[str | int, FoundLabel] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, spec: TaskFile) -> LabelNames:
        """Return the labels of a task file."""
        names = tuple(spec.labels)
        composed = {compose(name): name for name in names}
        composed |= {compose(key): name for key, name in spec.data.label_map.items()}
        # a map may spell its target otherwise than the labels' section does
        own = {compose(name): name for name in names}
        return cls(names, {key: own.get(compose(name), name) for key, name in composed.items()})

    def find(self, value: Any, where: str) -> FoundLabel:
        """Return what a value of the label column is.

        Raises:
            DataError: it is more than one label, or no label at all.
        """
        if type(value) not in (str, int):
            return self._look_up(value, where)
        found = self._cache.get(value)
        if found is None:
            found = self._look_up(value, where)
            if len(self._cache) < MOST_CACHED:
                self._cache[value] = found
        return found

    def _look_up(self, value: Any, where: str) -> FoundLabel:
        spellings = format_label(value, where)
        for spelling in spellings:
            if name := self.by_spelling.get(compose(spelling)):
                return FoundLabel(name, spelling)
        return FoundLabel("", spellings[0] if spellings else "")


def format_label(value: Any, where: str) -> tuple[str, ...]:
    """Return how a label is spelled, the likeliest first.

    Args:
        value: whatever stands in the column of labels, or an annotator's.

    Returns:
        Its spellings; none for what is missing: null, not a number, an empty word, an empty list.

    Raises:
        DataError: a list of several labels, a mark on a part of a text, or bytes that are no text.
    """
    if isinstance(value, list | tuple):
        return _format_list(value, where)
    if isinstance(value, dict):
        return _format_object(value, where)
    if isinstance(value, str | bytes):
        spelled = _decode(value, where) if isinstance(value, bytes) else value
        return tuple(filter(None, [spelled.strip()]))
    if value is None or value != value:  # noqa: PLR0124 - what is not a number is not itself
        return ()
    return _format_typed(value)


def _format_typed(value: Any) -> tuple[str, ...]:
    """Return the spellings of a value that has a type in the place of one."""
    if isinstance(value, ClassNumber):
        return (value.name, str(value.number))
    if isinstance(value, bool):
        # JSON's word, then that of Python and of spreadsheets
        return ("true", "True") if value else ("false", "False")
    return _format_number(value)


def _format_number(value: Any) -> tuple[str, ...]:
    spelled = value.spelling if isinstance(value, SpelledNumber) else str(value)
    is_whole = isinstance(value, float) and value.is_integer()
    if isinstance(value, Decimal):
        is_whole = value.is_finite() and abs(value) < 10**18 and value == int(value)
    return tuple(dict.fromkeys((spelled, str(int(value))))) if is_whole else (spelled,)


def _format_list(values: list[Any] | tuple[Any, ...], where: str) -> tuple[str, ...]:
    if any(isinstance(value, list | tuple) for value in values):
        raise _explain_parts(where)
    spelled = dict.fromkeys(filter(None, (format_label(value, where) for value in values)))
    if len(spelled) > 1:
        raise DataError(
            f"the row has {len(spelled)} labels ({list_names([one[0] for one in spelled])}): "
            "one label per row; multi-label tasks are not supported",
            where=where,
            fix="keep one label of each row, make a task of each label against the rest, or take "
            "the row out",
        )
    return next(iter(spelled), ())


def _format_object(value: dict[str, Any], where: str) -> tuple[str, ...]:
    """Return the label of an annotation, as older exports of doccano nest it."""
    if "label" in value and not _SPAN_KEYS & value.keys():
        return format_label(value["label"], where)
    if _SPAN_KEYS & value.keys():
        raise _explain_parts(where)
    raise DataError(
        f"the label is an object with the keys {list_names(value, quoted=True)}, not a word",
        where=where,
        fix="name the column that holds the label's word under data: in the task file",
    )


def _explain_parts(where: str) -> DataError:
    return DataError(
        "the labels mark parts of the text (spans), not the whole text",
        where=where,
        fix="this toolkit classifies whole texts: export a classification project",
    )


def _decode(value: bytes, where: str) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            "the label is bytes that are not UTF-8", where=where, fix="save the column as text"
        ) from error
