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
from synth_local.report.cautions import list_cautions
from synth_local.report.conditions import Condition, Difference, find_best, find_partner
from synth_local.report.data import NOTHING_KNOWN, ReportData, TaskPart
from synth_local.report.seen import spell_seen
from synth_local.report.tables import Column, format_value

SCORE = Column("", "", "interval")
SIGNED = Column("", "", "interval", is_signed=True)
P_VALUE = Column("", "", "p")
NO_BREAK = "\N{NO-BREAK SPACE}"
#: Of a p value after Holm's correction, as everywhere in the report.
ALPHA = 0.05
Verdict = Literal["below", "above", "open", "blind", "none"]

VERDICTS: dict[Verdict, str] = {
    "below": "Synthetic falls short of real",
    "above": "Synthetic is ahead of real",
    "open": "No difference to real was shown",
    "blind": "No verdict: this student learnt nothing",
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
        difference: of the two with its interval, spelled; empty where there is none.
        figures: large numbers, from real to pool+synthetic.
        sentences: the findings.
        cautions: what limits them.
    """

    task: str
    student: str
    verdict: Verdict
    difference: str
    figures: tuple[Figure, ...]
    sentences: tuple[str, ...]
    cautions: tuple[str, ...]


def write_headline(data: ReportData, task: TaskPart, conditions: Sequence[Condition]) -> Headline:
    """Put the conditions of one task and student into words.

    Args:
        data: the whole report, for corpora and what generators have seen.
        task: the conditions' task.
        conditions: at least one; all of the same student.

    Returns:
        The findings and what limits them.
    """
    best = find_best(conditions, "synthetic")
    real = find_partner(conditions, best) if best else find_best(conditions, "real")
    return Headline(
        task=task.name,
        student=conditions[0].student,
        verdict=_judge(best, real),
        difference=_spell_headline(best, real),
        figures=tuple(_list_figures(data, task, conditions, real)),
        sentences=(
            *_compare_with_real(task, real, best, conditions),
            *_compare_with_pool(data, task, conditions),
        ),
        cautions=tuple(list_cautions(data, task, conditions)),
    )


def _judge(best: Condition | None, real: Condition | None) -> Verdict:
    if real is not None and real.only_label:
        return "blind"
    difference = best.to_real.get("macro_f1") if best else None
    if difference is None:
        return "none"
    if difference.value.high < 0:
        return "below"
    is_above = difference.value.low > 0 and not _is_chance(difference)
    return "above" if is_above else "open"


def _is_chance(difference: Difference) -> bool:
    """Return whether the best of several may stand out by having been picked."""
    return difference.p_holm is not None and difference.p_holm > ALPHA


def _spell_headline(best: Condition | None, real: Condition | None) -> str:
    difference = best.to_real.get("macro_f1") if best else None
    if real is not None and real.only_label:
        return ""
    return "" if difference is None else f"{_spell_signed(difference.value)} macro-F1"


def _list_figures(
    data: ReportData, task: TaskPart, conditions: Sequence[Condition], real: Condition | None
) -> list[Figure]:
    fair = _keep_fair(data, task, conditions)
    chosen = {
        "real": real,
        "best synthetic": find_best(conditions, "synthetic"),
        "pool alone": find_best(conditions, "pool"),
        "best pool + synthetic": find_best(fair, "pool+synthetic"),
        "best real + synthetic": find_best(conditions, "real+synthetic"),
    }
    found = []
    for label, one in chosen.items():
        if one is None or one.macro_f1.value is None:
            continue
        made = " · ".join(part for part in (one.generator, one.strategy) if part)
        note = f"{made + ', ' if made else ''}{one.num_train:,} rows"
        found.append(Figure(label, f"{one.macro_f1.value.point:.3f}", note))
    return found


def _keep_fair(
    data: ReportData, task: TaskPart, conditions: Sequence[Condition]
) -> list[Condition]:
    """Return the conditions whose generator may be set against the pool alone."""
    return [
        one
        for one in conditions
        if not data.find_seen(task, one.generator) and one.generator not in data.brought
    ]


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
    if real.only_label:
        return [
            f"{base}: it calls all {items} {real.only_label}. So no difference to it says anything "
            "of the texts. Train for longer (train.epochs, train.learning_rate), on more rows "
            "(per_label), or take another student."
        ]
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
    number = f"{_spell_signed(value)}{p}"
    if value.low <= 0 <= value.high:
        return [
            f"The difference to {other} is {number}: the interval holds zero, so these data show "
            "neither a gain nor a loss. That is not proof of equality."
        ]
    if value.low > 0 and _is_chance(difference):
        return [
            f"The difference to {other} is {number}: it was picked among several, and after the "
            "correction for all of them it is within chance."
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
    sentences = []
    best = find_best(_keep_fair(data, task, combined), "pool+synthetic")
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
        elif generator in data.brought:
            sentences.append(
                f"No conclusion is drawn from pool against pool + synthetic for {generator}: it "
                f"was brought along, and {NOTHING_KNOWN}."
            )
    return sentences


def spell(value: Interval) -> str:
    """Return a number with its interval, as tables spell it, on one line."""
    return format_value(value, SCORE).replace(" ", NO_BREAK)


def _spell_signed(value: Interval) -> str:
    return format_value(value, SIGNED).replace(" ", NO_BREAK)


def _spell_p(p: float) -> str:
    text = format_value(p, P_VALUE)
    return text if text.startswith("<") else f"= {text}"
