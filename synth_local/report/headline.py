"""The answer to each task, from its verdicts: one sentence, what limits it, the others in a table.

Pure, and judges nothing: every sentence is spelled from a verdict. Knows nothing of HTML.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from synth_local.evaluate.verdicts.verdict import Answer, Verdict, pick_main
from synth_local.evaluate.verdicts.words import (
    ASKED_SHORT,
    format_asked,
    format_basis,
    format_reasons,
    format_verdict,
    format_why,
    name_answer,
)
from synth_local.records import Interval
from synth_local.report import columns as col
from synth_local.report.data import ReportData
from synth_local.report.table_text import MINUS
from synth_local.report.tables import Columns, Table, drop_empty_columns, make_table

#: So many failed trainings are named in an answer; the table of results names all.
MOST_FAILED = 6
_SIGN = re.compile(r"(?<![\w.-])-(?=\d)")


@dataclass(frozen=True, slots=True)
class Headline:
    """What a reader should take away for one task.

    Attributes:
        student: whose verdict it is: the first of the run file that was compared.
        asked: the question, its best condition and the margin, in words.
        claim: the verdict's sentence up to its figures.
        figures: the rest of that sentence.
        basis: what the verdict rests on, a sentence each.
        limits: what limits it, a sentence each.
        failed: trainings of the task that failed, where the sentence does not name them.
        others: the task's other verdicts, a row each.
        reasons: why these have no answer, or what would settle them.
    """

    task: str
    student: str
    asked: str
    answer: Answer
    claim: str
    figures: str
    basis: tuple[str, ...]
    limits: tuple[str, ...]
    failed: tuple[str, ...]
    others: Table
    reasons: tuple[str, ...]


def write_headlines(data: ReportData) -> tuple[Headline, ...]:
    """Return the answer to each task that has a verdict, in the order of the tasks."""
    found = []
    for part in data.tasks:
        verdicts = [verdict for verdict in data.verdicts if verdict.task == part.name]
        if verdicts:
            found.append(_write(data, part.name, verdicts))
    return tuple(found)


def _write(data: ReportData, task: str, verdicts: Sequence[Verdict]) -> Headline:
    main = pick_main(verdicts)
    others = [verdict for verdict in verdicts if verdict != main]
    claim, _, figures = set_minus(format_verdict(main)).partition(": ")
    told = format_why(main)
    # what the sentence says already is not said again
    limits = tuple(reason for reason in format_reasons(main) if reason != f"{told}.")
    return Headline(
        task=task,
        student=main.student,
        asked=format_asked(main),
        answer=main.verdict,
        claim=claim,
        figures=figures,
        basis=tuple(map(set_minus, format_basis(main))),
        limits=tuple(map(set_minus, limits)),
        failed=tuple(_list_failed(data, main)),
        others=drop_empty_columns(_list_others(others)),
        reasons=_list_reasons(others),
    )


def _list_failed(data: ReportData, main: Verdict) -> list[str]:
    """Return the task's failed trainings by name, but for one that the verdict itself names."""
    told = format_why(main)
    failed = [
        one
        for one in (data.summary.failed if data.summary else ())
        if one.condition.task == main.task
        and not (
            one.condition.name in (main.condition, main.partner)
            and f"(seed {one.seed}: {one.reason})" in told
        )
    ]
    lines = []
    for one in failed[:MOST_FAILED]:
        key = one.condition
        parts = (key.student, key.source, key.generator, key.strategy)
        name = ", ".join(part for part in parts if part != "-")
        lines.append(f"{name}, {key.num_train:,} rows, seed {one.seed}: {one.reason}.")
    more = len(failed) - MOST_FAILED
    return [*lines, f"{more} more: see the table of results."] if more > 0 else lines


def _list_others(verdicts: Sequence[Verdict]) -> Table:
    columns: Columns[Verdict] = (
        col.text("student", "Student", lambda one: one.student),
        col.text("question", "Synthetic", lambda one: ASKED_SHORT[one.question]),
        col.text("answer", "Answer", name_answer),
        col.difference("difference", "Difference", _turn),
    )
    caption = (
        "Other students and questions. Differences are macro-F1 with the interval that "
        "the answer was taken from; below 0 the synthetic side loses."
    )
    return make_table("other_answers", caption, columns, verdicts, num_headers=2)


def _turn(one: Verdict) -> Interval | None:
    """Return condition minus partner, as tables have it; nothing where there is no verdict."""
    if one.verdict == "none" or one.gap is None or one.low is None or one.high is None:
        return None
    return Interval(-one.gap, -one.high, -one.low)


def _list_reasons(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """Return why the others have no answer, or what would settle them; equal ones together."""
    named: dict[str, list[str]] = {}
    for verdict in verdicts:
        why = format_why(verdict)
        if why:
            named.setdefault(why, []).append(f"{verdict.student}, {ASKED_SHORT[verdict.question]}")
    return tuple(set_minus(f"{'; '.join(names)}: {why}.") for why, names in named.items())


def set_minus(text: str) -> str:
    """Return a text with true minus signs before its numbers, as tables have them."""
    return _SIGN.sub(MINUS, text)
