"""What became of the rows of one file: read, used, left out by reason, and what to look at.

Rows read = rows used + rows left out. Texts are never kept: texts that stand with several labels
are found by a hash. Knows nothing about how rows are read.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from synth_local.errors import LONGEST_VALUE, MOST_NAMES, shorten

OTHER_LABEL: Final = "other label"
NO_LABEL: Final = "no label"
EMPTY: Final = "empty text"
CLEANED_AWAY: Final = "empty after cleaning"
INVISIBLE: Final = "nothing visible"
TEST_MATCH: Final = "same text as a test row"
NEAR_TEST: Final = "near a test row"
TOO_FEW_WORDS: Final = "too short"
TOO_MANY_WORDS: Final = "too long"
REPEAT: Final = "repeat of another row"
NO_ANSWER: Final = "no answer"
OTHER_TASK: Final = "other task"
#: What a row can be left out for, in the order in which tables show it.
REASONS: Final = (
    OTHER_LABEL,
    NO_LABEL,
    EMPTY,
    CLEANED_AWAY,
    INVISIBLE,
    TEST_MATCH,
    NEAR_TEST,
    TOO_FEW_WORDS,
    TOO_MANY_WORDS,
    REPEAT,
    NO_ANSWER,
    OTHER_TASK,
)
NEAR = 0.8  # least similarity of a label that may be a misspelled one
MOST_COUNTED = 10_000  # other labels that are told apart
_CONTROLS = re.compile("[\x80-\x9f]")


@dataclass(frozen=True, slots=True)
class OtherLabel:
    """A label that the task does not have: its rows, and the label that it may stand for."""

    spelled: str
    rows: int
    near: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """The rows of one file.

    Attributes:
        left_out: the others, by reason (one of ``REASONS``).
        others: labels that the task does not have, at most ten: near misses first.
        several_labels: texts that stand with more than one label.
        many_lines: rows that span more than one line.
        longest: lines of the longest of them.
        controls: texts that hold C1 control characters (U+0080 to U+009F).
        controls_at: the place of the first.
        notes: what else was not read.
    """

    file: str
    rows: int
    used: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    others: tuple[OtherLabel, ...] = ()
    several_labels: int = 0
    several_labels_at: str = ""
    many_lines: int = 0
    longest: int = 1
    longest_at: str = ""
    controls: int = 0
    controls_at: str = ""
    notes: tuple[str, ...] = ()

    def list_lines(self) -> Iterator[str]:
        """Yield what a person should know of the file, the counts first."""
        reasons = ", ".join(f"{reason} {count}" for reason, count in self.left_out.items())
        out = f", {self.rows - self.used} left out ({reasons})" if reasons else ""
        yield f"{self.file}: {self.rows} rows read, {self.used} used{out}"
        yield from self.list_remarks()

    def list_remarks(self) -> Iterator[str]:
        """Yield what to look at, beside the counts."""
        for other in self.others:
            near = f" (did you mean {other.near!r}?)" if other.near else ""
            verb = _plural(other.rows, "row says", "rows say")
            yield f"{other.rows} {verb} {other.spelled!r}{near}"
        if self.several_labels:
            texts = _plural(self.several_labels, "text stands", "texts stand")
            yield f"{self.several_labels} {texts} with several labels ({self.several_labels_at})"
        if self.many_lines == 1:
            yield f"1 text spans {self.longest} lines ({self.longest_at})"
        elif self.many_lines:
            longest = f"the longest {self.longest} ({self.longest_at})"
            yield f"{self.many_lines} texts span several lines, {longest}"
        if self.controls:
            texts = _plural(self.controls, "text holds", "texts hold")
            yield (
                f"{self.controls} {texts} C1 control characters ({self.controls_at}): was "
                "WINDOWS-1252 converted as if it were LATIN1?"
            )
        yield from self.notes


def _plural(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


class RowCount:
    """Counts the rows of one file while they are read."""

    def __init__(self, path: Path, labels: Sequence[str] = ()) -> None:
        self._home = f"{path.parent}/"
        self._file = path.name
        self._labels = labels
        self._rows = 0
        self._left_out: Counter[str] = Counter()
        self._others: Counter[str] = Counter()
        self._first_label: dict[int, str] = {}
        self._several: set[int] = set()
        self._several_at = ""
        self._lines = (0, 1, "")
        self._controls = (0, "")

    def leave_out(self, reason: str, spelled: str = "") -> None:
        """Count a row that is not used; with its label, where that is the reason."""
        self._rows += 1
        self._left_out[reason] += 1
        if spelled:
            shown = shorten(spelled, LONGEST_VALUE)
            is_known = shown in self._others or len(self._others) < MOST_COUNTED
            self._others[shown if is_known else "..."] += 1

    def use(self) -> None:
        """Count a row that is used."""
        self._rows += 1

    def look_at(self, where: str, text: str, num_lines: int) -> None:
        """Note what is odd about a text.

        Args:
            text: as it stands there.
            num_lines: of the file that its row spans.
        """
        spans = max(num_lines, text.count("\n") + 1)
        if spans > 1:
            count, longest, place = self._lines
            place = where if spans > longest else place
            self._lines = (count + 1, max(spans, longest), place)
        if not text.isascii() and _CONTROLS.search(text):
            count, place = self._controls
            self._controls = (count + 1, place or where)

    def compare_labels(self, where: str, key: str, label: str) -> None:
        """Note whether a text stands with another label than before.

        Args:
            key: what verbatim repeats of the text share.
        """
        hashed = hash(key)
        if self._first_label.setdefault(hashed, label) != label:
            self._several.add(hashed)
            self._several_at = self._several_at or where

    @property
    def rows(self) -> int:
        """Rows counted so far."""
        return self._rows

    def finish(self, notes: tuple[str, ...] = ()) -> FileFacts:
        """Return the facts of the file."""
        many, longest, longest_at = self._lines
        return FileFacts(
            file=self._file,
            rows=self._rows,
            used=self._rows - self._left_out.total(),
            left_out={one: self._left_out[one] for one in REASONS if self._left_out[one]},
            others=tuple(_list_others(self._others, self._labels)),
            several_labels=len(self._several),
            several_labels_at=self._place(self._several_at),
            many_lines=many,
            longest=longest,
            longest_at=self._place(longest_at),
            controls=self._controls[0],
            controls_at=self._place(self._controls[1]),
            notes=notes,
        )

    def _place(self, where: str) -> str:
        return where.removeprefix(self._home)


def _list_others(counts: Counter[str], labels: Sequence[str]) -> list[OtherLabel]:
    """Return the labels that the task does not have: near misses first, then the most frequent."""
    plain = {_plain(label): label for label in labels if len(label) <= LONGEST_VALUE}
    frequent = counts.most_common(20 * MOST_NAMES)
    found = [OtherLabel(one, rows, _find_near(one, plain)) for one, rows in frequent]
    return sorted(found, key=lambda one: (not one.near, -one.rows, one.spelled))[:MOST_NAMES]


def _find_near(spelled: str, plain: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(_plain(spelled), list(plain), n=1, cutoff=NEAR)
    return plain[near[0]] if near else ""


def _plain(label: str) -> str:
    """Return a label without case, compatibility forms, and marks between its words."""
    folded = unicodedata.normalize("NFKC", label).casefold()
    return re.sub(r"[\s_\-]+", " ", folded).strip()
