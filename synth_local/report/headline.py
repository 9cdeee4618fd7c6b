"""The answer to each task, from its verdicts: one sentence, what limits it, the others in a table.

Pure, and judges nothing: every sentence is spelled from a verdict. Knows nothing of HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synth_local.evaluate.verdict import Answer, Verdict
from synth_local.evaluate.verdict_words import (
    ASKED,
    name_answer,
    spell_basis,
    spell_difference,
    spell_reasons,
    spell_verdict,
)
from synth_local.report.data import ReportData
from synth_local.report.tables import Column, Table

#: So many failed trainings are named in an answer; the table of results names all.
MOST_FAILED = 6


@dataclass(frozen=True, slots=True)
class Headline:
    """What a reader should take away for one task.

    Attributes:
        task: the task's name.
        student: whose verdict it is: the first of the run file that was compared.
        asked: the question in words.
        answer: of the verdict.
        claim: the verdict's sentence up to its figures.
        figures: the rest of that sentence.
        basis: what the verdict rests on, a sentence each.
        limits: what limits it, a sentence each.
        failed: trainings of the task that failed, by name.
        others: the task's other verdicts, a row each.
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


def write_headlines(data: ReportData) -> tuple[Headline, ...]:
    """Return the answer to each task that has a verdict, in the order of the tasks."""
    found = []
    for part in data.tasks:
        verdicts = [one for one in data.verdicts if one.task == part.name]
        if verdicts:
            found.append(_write(data, part.name, verdicts))
    return tuple(found)


def pick_main(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict that stands for a task.

    Neither scores nor answers choose it: that would favour what came out well.

    Args:
        verdicts: of one task, at least one, in the run file's order.

    Returns:
        The first that is about a trained condition, else the first.
    """
    return next((one for one in verdicts if one.condition), verdicts[0])


def _write(data: ReportData, task: str, verdicts: Sequence[Verdict]) -> Headline:
    main = pick_main(verdicts)
    claim, _, figures = spell_verdict(main).partition(": ")
    reasons = spell_reasons(main)
    return Headline(
        task=task,
        student=main.student,
        asked=ASKED[main.question],
        answer=main.verdict,
        claim=claim,
        figures=figures,
        basis=spell_basis(main),
        # the first reason for no verdict is the sentence itself
        limits=reasons[1:] if main.verdict == "none" else reasons,
        failed=tuple(_list_failed(data, task)),
        others=_list_others([one for one in verdicts if one != main]),
    )


def _list_failed(data: ReportData, task: str) -> list[str]:
    failed = [
        one for one in (data.summary.failed if data.summary else ()) if one.condition.task == task
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
    return Table(
        name="other_answers",
        caption="Other students and questions. Differences are macro-F1 with the interval that "
        "the answer was taken from; below 0 the synthetic side loses.",
        columns=(
            Column("student", "Student"),
            Column("question", "Question"),
            Column("answer", "Answer"),
            Column("difference", "Difference"),
        ),
        rows=tuple(
            (one.student, ASKED[one.question], name_answer(one), spell_difference(one) or None)
            for one in verdicts
        ),
        num_headers=2,
    )
