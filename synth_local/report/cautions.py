"""What limits a headline: seeds, choices made on test items, short corpora, what was seen.

Pure. One sentence each; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Sequence

from synth_local.report.conditions import Condition
from synth_local.report.data import NOTHING_KNOWN, ReportData, TaskPart

SMALL_TEST = 200


def list_cautions(data: ReportData, task: TaskPart, conditions: Sequence[Condition]) -> list[str]:
    """Return what limits the findings on one task and student, a sentence each."""
    small = f"Only {task.num_test:,} test items: intervals are wide."
    return [
        *_note_seeds(conditions),
        *_note_choice(conditions),
        *_note_corpora(data, task, conditions),
        *_note_blind(conditions),
        *_note_test_seen(data, task, conditions),
        *([small] if task.num_test < SMALL_TEST else []),
        *_list_undefined(conditions),
    ]


def _note_seeds(conditions: Sequence[Condition]) -> list[str]:
    single = [one for one in conditions if len(one.seeds) == 1]
    if len(single) == len(conditions):
        return ["All numbers rest on one training seed: another seed may move them."]
    names = ", ".join(one.name for one in single)
    return [f"One training seed only: {names}."] if single else []


def _note_choice(conditions: Sequence[Condition]) -> list[str]:
    count = sum(one.source == "synthetic" for one in conditions)
    if count < 2:
        return []
    return [
        f"The best synthetic condition was picked among {count} on the test items themselves, so "
        "its number leans to the high side."
    ]


def _note_corpora(data: ReportData, task: TaskPart, conditions: Sequence[Condition]) -> list[str]:
    used = {(one.generator, one.strategy) for one in conditions if one.is_made}
    return [
        f"The corpus of {part.name} is incomplete: {part.manifest.shortfall or 'rows are missing'}."
        for part in data.find_corpora(task.name)
        if not part.manifest.complete and (part.manifest.generator, part.manifest.strategy) in used
    ]


def _note_blind(conditions: Sequence[Condition]) -> list[str]:
    names = [f"{one.name} ({one.only_label})" for one in conditions if one.only_label]
    if not names:
        return []
    return [f"All test items get the same label, so nothing was learnt: {', '.join(names)}."]


def _note_test_seen(data: ReportData, task: TaskPart, conditions: Sequence[Condition]) -> list[str]:
    names = dict.fromkeys(one.generator for one in conditions if one.is_made)
    seen = [
        f"{name} has seen rows of this task's test split: its scores may be too high."
        for name in names
        if any(one.task == task.name and one.split == "test" for one in data.list_seen(name))
    ]
    unknown = [
        f"{name} was brought along: {NOTHING_KNOWN}, test texts included."
        for name in names
        if name in data.brought
    ]
    return seen + unknown


def _list_undefined(conditions: Sequence[Condition]) -> list[str]:
    return [
        f"{one.name}: macro-F1 is undefined ({one.macro_f1.reason or 'no value'})."
        for one in conditions
        if one.macro_f1.value is None
    ]
