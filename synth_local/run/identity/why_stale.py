"""Why something is to do again: what a run was made from, against what there is now.

Both sides are opened runs: one as the record keeps it, one as it is now. What decides an output is
listed on both, and the differences are named by key. No text of the data is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from synth_local.run.human.files import HumanFiles
from synth_local.run.identity.decided_by import (
    Side,
    drop_undecided,
    list_analysis,
    list_curation,
    list_generation,
    list_measures,
    list_training,
)
from synth_local.run.identity.fingerprints import VERSIONS, Identities
from synth_local.run.recall import recall_sources
from synth_local.run.splits import read_facts
from synth_local.store.run_dir import CorpusKey

MOST_REASONS = 10
MOST_CHARACTERS = 40
DIGEST_DIGITS = 64
NOT_RECORDED = "what they were made from was not recorded"
UNKNOWN = "nothing that is recorded differs"


@dataclass(frozen=True)
class Reasons:
    """Says why outputs of a run are stale."""

    now: Identities
    human_files: HumanFiles

    def of_texts(self, key: CorpusKey) -> list[str]:
        """Return why the texts of a corpus are of other settings."""
        return self._compare(lambda side: list_generation(side, key))

    def of_corpus(self, key: CorpusKey) -> list[str]:
        """Return why a finished corpus is not the present one."""
        return self._compare(
            lambda side: {**list_generation(side, key), **list_curation(side, key)}
        )

    def of_measures(self, key: CorpusKey) -> list[str]:
        """Return why the measures of a corpus are not the present ones."""
        return self._compare(lambda side: list_measures(side, key))

    def of_cells(self, student: str, task: str) -> list[str]:
        """Return why the cells of a student and task are not the present ones."""
        return self._compare(lambda side: list_training(side, student, task))

    def of_analysis(self) -> list[str]:
        """Return why the stored analysis is not the present one."""
        return self._compare(list_analysis)

    @cached_property
    def _sides(self) -> tuple[Side, Side] | None:
        made = self.now.sources.made
        before = recall_sources(self.now.sources.run, made) if made else None
        if made is None or before is None:
            return None
        kept = {name: read_facts(task.facts) for name, task in made.tasks.items()}
        said = {name: file.digest for name, file in made.said.items()}
        says = {name: file.digest for name, file in self.human_files.identify().items()}
        return (
            Side(before, lambda task: kept[task.name], made.versions, said),
            Side(self.now.sources, self.now.data.facts, VERSIONS, says),
        )

    def _compare(self, listing: Callable[[Side], dict[str, Any]]) -> list[str]:
        if self._sides is None:
            return [NOT_RECORDED]
        before, now = self._sides
        try:
            was = listing(before)
        except KeyError:  # there was no such task, generator, strategy or student
            return [NOT_RECORDED]
        return format_changes(*drop_undecided(was, listing(now))) or [UNKNOWN]


def format_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return what differs between two listings, each by its key.

    Args:
        before: values by name; a name with a colon is one field of what stands before it.
        now: the same, now.

    Returns:
        One line for each, at most ten and one that counts the rest. Short values are shown with
        what became of them, long ones only named.
    """
    grouped: dict[str, list[str]] = {}
    lines = []
    for name in dict.fromkeys((*before, *now)):
        was, became = before.get(name), now.get(name)
        if was == became:
            continue
        head, colon, key = name.partition(": ")
        if colon:
            grouped.setdefault(head, []).append(key)
        else:
            lines.append(_format_change(name, was, became))
    fields = [f"{head} changed: {_format_some(keys)}" for head, keys in grouped.items()]
    return _cut([*fields, *lines])


def _format_change(name: str, was: Any, became: Any) -> str:
    shown = [_format(was), _format(became)]
    return f"{name} changed" if None in shown else f"{name} {shown[0]} \u2192 {shown[1]}"


def _format(value: Any) -> str | None:
    """Return a short value as it is spelled; ``None`` for a digest, a text or a collection."""
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    text = str(value)
    is_digest = len(text) == DIGEST_DIGITS and " " not in text
    is_short = len(text) <= MOST_CHARACTERS and text.isprintable() and text != ""
    return text if is_short and not is_digest and not isinstance(value, dict) else None


def _format_some(keys: list[str]) -> str:
    return ", ".join(_cut(keys))


def _cut(lines: list[str]) -> list[str]:
    rest = len(lines) - MOST_REASONS
    return [*lines[:MOST_REASONS], *([f"and {rest} more"] if rest > 0 else [])]
