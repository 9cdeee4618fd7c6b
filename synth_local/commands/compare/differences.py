"""Which conditions of two runs belong together, and what keeps them from being comparable.

Pure: facts of two runs in, pairs and named differences out. Nothing here forbids a comparison; it
says what else differs, so that nobody takes one cause for another.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synth_local.commands.compare.cell_filter import ROWS, find_free_parts
from synth_local.commands.compare.match import Match, format_condition, list_same, unique
from synth_local.commands.compare.run_facts import (
    QUESTION_FACTS,
    SHOTS,
    TRAINING_ROWS,
    WEIGHTS,
    Facts,
    RunFacts,
)
from synth_local.store.corpus import Manifest

DIGEST_DIGITS = 12
_BEARS_ON_BROUGHT = ("curate.", "per_label")


@dataclass(frozen=True, slots=True)
class SettingDifference:
    """Something that differs between two runs beside what is to be compared.

    Attributes:
        what: the setting or the input.
        first: its value in the first run.
        other: its value in the other run.
        where: tasks, corpora or conditions that it concerns; empty where it concerns all.
    """

    what: str
    first: str
    other: str
    where: tuple[str, ...] = ()


def list_setting_differences(
    first: RunFacts, other: RunFacts, pairs: Sequence[Match]
) -> tuple[SettingDifference, ...]:
    """Return what differs between two runs where it bears on the pairs.

    Returns:
        Each difference once, with all places that it concerns; what is compared itself (the
        generator, where it is matched across names, and what was chosen to differ) is none.
    """
    free = find_free_parts(first, other)
    tasks = unique(match.first.condition.task for match in pairs)
    students = list_same(pairs, "student")
    made = [match for match in pairs if match.first.corpus and match.other.corpus]
    found = [one for task in tasks for one in _differ(first.tasks, other.tasks, task)]
    if made:
        found += _differ_in_asking(first, other, made)
    for match in made:
        found += _differ_in_making(first, other, match)
    found += _list_differences(first.training, other.training, "")
    for name in students:
        found += _differ(first.students, other.students, name, "student {}: ")
    for match in pairs:
        found += _differ_in_training(match, free)
    return _merge(found)


def _differ_in_asking(
    first: RunFacts, other: RunFacts, made: Sequence[Match]
) -> list[SettingDifference]:
    """Return how two runs ask for texts and curate them differently."""
    found: list[SettingDifference] = []
    for task in unique(match.first.condition.task for match in made):
        found += _differ(first.prompts, other.prompts, task)
    for name in list_same(made, "strategy"):
        found += _differ(first.strategies, other.strategies, name, "strategy {}: ")
    found += _list_differences(first.making, other.making, "")
    if all(match.first.corpus and match.first.corpus.is_external for match in made):
        # nothing was asked for: what bears on them is curation and the number of rows
        found = [one for one in found if one.what.startswith(_BEARS_ON_BROUGHT)]
    return found


def _differ_in_training(match: Match, free: Sequence[str]) -> Iterator[SettingDifference]:
    """Return how the two conditions differ beside what is compared: what their names say."""
    first, other = match.first, match.other
    compared: set[str] = set()
    if first.condition.generator != other.condition.generator:
        compared.add(WEIGHTS)
    if first.condition.strategy != other.condition.strategy:
        compared.add(SHOTS)
    if first.condition.student != other.condition.student:
        compared |= QUESTION_FACTS  # of the two, one may be a generator that is asked
    if ROWS in free:
        compared.add(TRAINING_ROWS)
    facts = [
        {key: value for key, value in one.facts.items() if key not in compared}
        for one in (first, other)
    ]
    if first.condition.source != other.condition.source:
        for fact in facts:
            if TRAINING_ROWS in fact:
                fact[TRAINING_ROWS] = _count_labels(fact[TRAINING_ROWS])
    return _list_differences(facts[0], facts[1], format_condition(first.condition))


def _count_labels(rows: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Return the rows of each label, wherever they come from."""
    counts: Counter[str] = Counter()
    for of_source in rows.values():
        counts.update(of_source)
    return dict(sorted(counts.items()))


def _differ_in_making(first: RunFacts, other: RunFacts, match: Match) -> list[SettingDifference]:
    """Return how the two corpora of a pair were made differently."""
    keys = match.first.corpus, match.other.corpus
    if keys[0] is None or keys[1] is None:
        return []
    manifests = first.corpora[keys[0]], other.corpora[keys[1]]
    about = [describe_making(manifest) for manifest in manifests]
    if keys[0].generator == keys[1].generator:
        for facts, manifest in zip(about, manifests, strict=True):
            what = "file brought along" if manifest.brought else WEIGHTS
            facts[what] = manifest.generator_digest["total"]
    is_same_way = keys[0].strategy == keys[1].strategy
    partner = keys[1].generator if is_same_way else str(keys[1])
    where = str(keys[0]) if keys[0] == keys[1] else f"{keys[0]} against {partner}"
    return list(_list_differences(about[0], about[1], where))


def describe_making(manifest: Manifest) -> dict[str, Any]:
    """Return what a corpus says of the engine that wrote it."""
    engine = manifest.engine
    return {
        "engine": f"{engine.get('name', '')} {engine.get('version', '')}".strip(),
        "dtype": engine.get("dtype", ""),
        "device": engine.get("device", ""),
        "grade": manifest.grade,
    }


def _differ(
    first: Mapping[str, Facts], other: Mapping[str, Facts], name: str, prefix: str = ""
) -> list[SettingDifference]:
    where = "" if prefix else name
    return [
        SettingDifference(
            prefix.format(name) + difference.what,
            difference.first,
            difference.other,
            difference.where,
        )
        for difference in _list_differences(first.get(name, {}), other.get(name, {}), where)
    ]


def _list_differences(first: Facts, other: Facts, where: str) -> Iterator[SettingDifference]:
    for what in dict.fromkeys((*first, *other)):
        values = first.get(what), other.get(what)
        if values[0] != values[1]:
            spelled = [_format(value) for value in values]
            yield SettingDifference(what, spelled[0], spelled[1], (where,) if where else ())


def _format(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        is_digest = len(value) == 64 and not set(value) - set("0123456789abcdef")
        return value[:DIGEST_DIGITS] if is_digest else value
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False)


def _merge(found: Sequence[SettingDifference]) -> tuple[SettingDifference, ...]:
    """Return each difference once, with the places of all."""
    places: dict[tuple[str, str, str], dict[str, None]] = {}
    for one in found:
        places.setdefault((one.what, one.first, one.other), {}).update(dict.fromkeys(one.where))
    return tuple(SettingDifference(*key, tuple(where)) for key, where in places.items())
