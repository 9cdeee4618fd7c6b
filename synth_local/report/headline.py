"""The answer in words: one headline for each task and student, with what limits it.

Pure. Every claim is spelled from a number and its interval; where the design rules forbid a
conclusion (a generator that has seen more real texts than the pool), the words say that none is
drawn. Knows nothing of HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from synth_local.records import Interval
from synth_local.report.conditions import Condition, Difference, find_best, find_partner
from synth_local.report.data import ReportData, Seen, TaskPart
from synth_local.report.tables import Column, format_value

SCORE = Column("", "", "interval")
SIGNED = Column("", "", "interval", is_signed=True)
P_VALUE = Column("", "", "p")
SMALL_TEST = 200
Verdict = Literal["below", "above", "open", "none"]

VERDICTS: dict[Verdict, str] = {
    "below": "Synthetic falls short of real",
    "above": "Synthetic is ahead of real",
    "open": "No difference to real was shown",
    "none": "No comparison with real",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One large number of a headline."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Headline:
    """What a reader should take away for one task and student.

    Attributes:
        task: the task's name.
        student: the student's name.
        verdict: of the best synthetic condition against real.
        figures: large numbers, from real to pool+synthetic.
        sentences: the findings.
        cautions: what limits them.
    """

    task: str
    student: str
    verdict: Verdict
    figures: tuple[Figure, ...]
    sentences: tuple[str, ...]
    cautions: tuple[str, ...]


def write_headline(
    data: ReportData, task: TaskPart, conditions: Sequence[Condition]
) -> Headline:
    """Return the headline of the conditions of one task and student.

    Args:
        data: the whole report, for corpora and what generators have seen.
        task: the conditions' task.
        conditions: at least one; all of the same student.
    """
    best = find_best(conditions, "synthetic")
    real = find_partner(conditions, best) if best else find_best(conditions, "real")
    return Headline(
        task=task.name,
        student=conditions[0].student,
        verdict=_judge(best),
        figures=tuple(_list_figures(conditions, real)),
        sentences=(
            *_compare_with_real(task, real, best, conditions),
            *_compare_with_pool(data, task, conditions),
        ),
        cautions=tuple(_list_cautions(data, task, conditions)),
    )


def _judge(best: Condition | None) -> Verdict:
    difference = best.to_real.get("macro_f1") if best else None
    if difference is None:
        return "none"
    if difference.value.high < 0:
        return "below"
    return "above" if difference.value.low > 0 else "open"


def _list_figures(conditions: Sequence[Condition], real: Condition | None) -> list[Figure]:
    names = {
        "real": "real",
        "synthetic": "best synthetic",
        "pool": "pool alone",
        "pool+synthetic": "best pool + synthetic",
        "real+synthetic": "best real + synthetic",
    }
    found = []
    for source, label in names.items():
        best = real if source == "real" else find_best(conditions, source)
        if best is None or best.macro_f1.value is None:
            continue
        made = " · ".join(part for part in (best.generator, best.strategy) if part)
        note = f"{made + ', ' if made else ''}{best.num_train:,} rows"
        found.append(Figure(label, f"{best.macro_f1.value.point:.3f}", note))
    return found


def _compare_with_real(
    task: TaskPart,
    real: Condition | None,
    best: Condition | None,
    conditions: Sequence[Condition],
) -> list[str]:
    items = f"{task.num_test:,} test items"
    if real is None or real.macro_f1.value is None:
        return ["There is no student trained on real texts to compare with."]
    base = f"Trained on real texts, {real.student} reaches {spell(real.macro_f1.value)} macro-F1"
    if best is None or best.macro_f1.value is None:
        wanted = any(one.source == "synthetic" for one in conditions)
        why = "has no macro-F1" if wanted else "was trained"
        who = "the synthetic condition" if wanted else "no student on synthetic texts alone"
        return [f"{base} on {items}; {who} {why}."]
    made = f"{best.generator}, {best.strategy}"
    sentence = (
        f"{base}; on the best synthetic texts ({made}) it reaches {spell(best.macro_f1.value)}, "
        f"on the same {items}."
    )
    return [sentence, *_spell_difference(best.to_real.get("macro_f1"), "real")]


def _spell_difference(difference: Difference | None, other: str) -> list[str]:
    if difference is None:
        return [f"The difference to {other} was not computed."]
    value = difference.value
    p = "" if difference.p_holm is None else f", p after Holm {_spell_p(difference.p_holm)}"
    number = f"{format_value(value, SIGNED)}{p}"
    if value.low <= 0 <= value.high:
        return [
            f"The difference to {other} is {number}: the interval holds zero, so these data show "
            "neither a gain nor a loss. That is not proof of equality."
        ]
    word = "lower" if value.high < 0 else "higher"
    return [f"That is {word} than {other}: {number}."]


def _compare_with_pool(
    data: ReportData, task: TaskPart, conditions: Sequence[Condition]
) -> list[str]:
    pool = find_best(conditions, "pool")
    combined = [one for one in conditions if one.source == "pool+synthetic"]
    if pool is None or pool.macro_f1.value is None or not combined:
        return []
    fair = [one for one in combined if not data.find_seen(task, one.generator)]
    sentences = []
    best = find_best(fair, "pool+synthetic")
    if best is not None and best.macro_f1.value is not None:
        sentences.append(
            f"The pool alone ({pool.num_train:,} real texts) gives {spell(pool.macro_f1.value)}; "
            f"with synthetic texts of {best.generator}, {best.strategy} added "
            f"{spell(best.macro_f1.value)}."
        )
        sentences += _spell_difference(best.to_pool.get("macro_f1"), "the pool alone")
    for generator in dict.fromkeys(one.generator for one in combined):
        seen = data.find_seen(task, generator)
        if seen:
            sentences.append(
                f"No conclusion is drawn from pool against pool + synthetic for {generator}: it "
                f"has seen {spell_seen(seen)} of this task, and the pool has {task.num_pool:,}."
            )
    return sentences


def spell_seen(seen: Sequence[Seen]) -> str:
    """Return how many real texts a generator has seen, in words."""
    counts = [one.num_rows for one in seen]
    splits = " and ".join(dict.fromkeys(one.split for one in seen))
    known = [count for count in counts if count is not None]
    if len(known) < len(counts):
        return f"an unknown number of real texts ({splits})"
    return f"{sum(known):,} real texts ({splits})"


def _list_cautions(
    data: ReportData, task: TaskPart, conditions: Sequence[Condition]
) -> list[str]:
    cautions = []
    single = [one for one in conditions if len(one.seeds) == 1]
    if len(single) == len(conditions):
        cautions.append("All numbers rest on one training seed: another seed may move them.")
    elif single:
        names = ", ".join(one.name for one in single)
        cautions.append(f"One training seed only: {names}.")
    made = [one for one in conditions if one.source == "synthetic"]
    if len(made) > 1:
        cautions.append(
            f"The best synthetic condition was picked among {len(made)} on the test items "
            "themselves, so its number leans to the high side."
        )
    used = {(one.generator, one.strategy) for one in conditions if one.is_made}
    for part in data.find_corpora(task.name):
        manifest = part.manifest
        if not manifest.complete and (manifest.generator, manifest.strategy) in used:
            why = manifest.shortfall or "rows are missing"
            cautions.append(f"The corpus of {part.name} is incomplete: {why}.")
    if task.num_test < SMALL_TEST:
        cautions.append(f"Only {task.num_test:,} test items: intervals are wide.")
    cautions += _list_undefined(conditions)
    return cautions


def _list_undefined(conditions: Sequence[Condition]) -> list[str]:
    return [
        f"{one.name}: macro-F1 is undefined ({one.macro_f1.reason or 'no value'})."
        for one in conditions
        if one.macro_f1.value is None
    ]


def spell(value: Interval) -> str:
    """Return a number with its interval, as tables spell it."""
    return format_value(value, SCORE)


def _spell_p(p: float) -> str:
    text = format_value(p, P_VALUE)
    return text if text.startswith("<") else f"= {text}"
