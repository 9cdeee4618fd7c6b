"""What the report says of generators that are asked for the labels themselves.

Pure. Their rows stand among the results, without a difference: no student of the same kind was
trained on real texts.
"""

from __future__ import annotations

from collections.abc import Sequence

from synth_local.report.conditions import Condition
from synth_local.report.data import ReportData, TaskPart, format_seen
from synth_local.train.students import GENERATOR_AS_CLASSIFIER

NOTE = (
    "The generator itself: each generator was asked for the label of every test text, and nothing "
    "was trained. Seeds draw its exemplars; without exemplars all seeds are one and the same. Its "
    "scores are not compared with real: no generator was trained on real texts. Students of its "
    "texts stand beside it under Results, folded."
)


def format_student(student: str) -> str:
    """Return a student as headings name it."""
    return "the generator itself" if student == GENERATOR_AS_CLASSIFIER else f"student {student}"


def list_cautions(
    data: ReportData, task: TaskPart, conditions: Sequence[Condition]
) -> tuple[str, ...]:
    """Return a sentence for each generator that has seen more of the task than it should.

    Args:
        conditions: of one task; those of students are passed over.
    """
    found = []
    for name in dict.fromkeys(
        condition.generator for condition in conditions if condition.is_generator
    ):
        seen = data.find_seen(task, name)
        if any(one.split == "test" for one in data.list_seen(name) if one.task == task.name):
            found.append(
                f"{name} has seen rows of this task's test split: it may remember answers, and its "
                "scores may be too high."
            )
        elif seen:
            found.append(
                f"{name} has seen {format_seen(seen)} of this task, and the pool has "
                f"{task.num_pool:,}: its scores do not show what a generator does that knows the "
                "pool at most."
            )
    return tuple(found)
