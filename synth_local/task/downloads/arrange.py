"""From the rows of a download to a train and a test part that share no text.

Two texts are the same when they are after the task's ``clean``, by the toolkit's one definition.
Every row that is left out has a reason. Knows nothing about files.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from synth_local.core.hashing import derive_seed
from synth_local.core.text import identify
from synth_local.task.downloads.source_rows import SourceRow
from synth_local.task.examples import clean_text

TEST_SHARE = 0.25  # where the authors give no split
EMPTY = "nothing left of the text"
TWO_LABELS = "the same text has two labels"
REPEAT = "repeats an earlier row"
IN_TEST = "the test part has the same text"


@dataclass(frozen=True, slots=True)
class Arranged:
    """The two parts of a download and what was left out.

    Attributes:
        train: in the order of the download; no text of ``test``.
        test: in the order of the download.
    """

    train: tuple[SourceRow, ...]
    test: tuple[SourceRow, ...]
    drops: Counter[str]

    @property
    def num_rows(self) -> int:
        """Return the rows that came in: those of both parts and those left out."""
        return len(self.train) + len(self.test) + self.drops.total()


@dataclass(frozen=True, slots=True)
class _Keyed:
    """A row and what its text has in common with the same text elsewhere."""

    key: str
    row: SourceRow


def arrange_rows(
    rows: Iterable[SourceRow], patterns: Sequence[re.Pattern[str]], seed: int
) -> Arranged:
    """Return a train and a test part of the rows.

    Official parts stay what they are. Rows of no official part are cut, a quarter of each label
    (and level of agreement) into the test part, in the order of a seeded hash of their texts, so
    that the order of the file does not matter. Within a part a text is kept once, and not at all
    where its rows disagree about the label.

    Args:
        patterns: the task's ``clean``, compiled.
        seed: the task's ``split_seed``.

    Returns:
        The parts; texts as in the download but for outer blanks.
    """
    drops: Counter[str] = Counter()
    parts: dict[str, list[_Keyed]] = defaultdict(list)
    for row in rows:
        cleaned = clean_text(row.text, patterns)
        reason = row.refused or ("" if cleaned else EMPTY)
        if reason:
            drops[reason] += 1
        else:
            parts[row.part].append(_Keyed(identify(cleaned), row))
    kept = {part: _drop_repeats(found, drops) for part, found in parts.items()}
    whole = kept.get("whole", [])
    chosen = _choose_test(whole, seed)
    test = [*kept.get("test", []), *(one for one in whole if one.key in chosen)]
    sacred = {one.key for one in test}
    candidates = [*kept.get("train", []), *(one for one in whole if one.key not in chosen)]
    train = [candidate for candidate in candidates if candidate.key not in sacred]
    drops[IN_TEST] += len(candidates) - len(train)
    return Arranged(
        tuple(one.row for one in train),
        tuple(one.row for one in test),
        Counter({reason: count for reason, count in drops.items() if count}),
    )


def _drop_repeats(rows: Sequence[_Keyed], drops: Counter[str]) -> list[_Keyed]:
    labels: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        labels[row.key].add(row.row.label)
    kept: dict[str, _Keyed] = {}
    for row in rows:
        if len(labels[row.key]) > 1:
            drops[TWO_LABELS] += 1
        elif row.key in kept:
            drops[REPEAT] += 1
        else:
            kept[row.key] = row
    return list(kept.values())


def _choose_test(rows: Sequence[_Keyed], seed: int) -> frozenset[str]:
    strata: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        strata[row.row.label, row.row.agreement].append(row.key)
    chosen: set[str] = set()
    for keys in strata.values():
        ranked = sorted(keys, key=lambda key: (derive_seed(seed, "test", key), key))
        chosen.update(ranked[: math.floor(TEST_SHARE * len(ranked) + 0.5)])
    return frozenset(chosen)
