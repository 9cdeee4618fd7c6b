"""The figures of scores: one per task and student.

Pure: conditions in, panels out.
"""

from __future__ import annotations

from collections.abc import Sequence

from synth_local.report.conditions import Condition, group_conditions, read_conditions
from synth_local.report.data import ReportData
from synth_local.report.panels import Dot, DotPanel, share_range
from synth_local.report.sections.results.generator_itself import format_student
from synth_local.report.table_text import slugify
from synth_local.train.students import BASELINE_STUDENTS


def name_score_panel(task: str, student: str) -> str:
    """Return the name of the figure of one task and student."""
    return f"macro_f1__{slugify(task)}__{slugify(student)}"


def make_score_panel(
    task: str, student: str, conditions: Sequence[Condition], floor: float | None = None
) -> DotPanel:
    """Return macro-F1 per condition of one task and student, real as the dashed line.

    Args:
        floor: macro-F1 of one that has learnt nothing.
    """
    real = [condition.macro_f1.value for condition in conditions if condition.source == "real"]
    generators = {condition.generator for condition in conditions if condition.generator}
    only = generators.pop() if len(generators) == 1 else ""
    dots = tuple(
        Dot(
            label=_label(condition, names_generator=not only),
            group=condition.source,
            value=condition.macro_f1.value,
            seeds=_list_trained(condition),
            failed=_list_failed(condition),
        )
        for condition in conditions
    )
    return DotPanel(
        name=name_score_panel(task, student),
        title=f"Macro-F1: {task}, {format_student(student).removeprefix('student ')}"
        + (f", texts of {only}" if only else ""),
        x_label="macro-F1 on real test items",
        dots=dots,
        reference=real[0].point if real and real[0] else None,
        floor=floor,
    )


def _label(one: Condition, *, names_generator: bool) -> str:
    """Return a row's name with its training rows; the title names a generator that is alone."""
    generator = one.generator if names_generator else ""
    parts = (one.source, generator, one.strategy, f"{one.num_train:,} rows")
    return " · ".join(part for part in parts if part)


def _list_trained(one: Condition) -> tuple[float, ...]:
    """Return the scores of the trainings that did not fail; none where there is one alone."""
    if one.num_trainings < 2:
        return ()
    failed = {training.seed for training in one.failed}
    pairs = zip(one.seeds, one.macro_f1.by_seed, strict=False)  # repeats: those of the first corpus
    return tuple(value for seed, value in pairs if seed not in failed)


def _list_failed(one: Condition) -> tuple[tuple[int, float], ...]:
    failed = {training.seed for training in one.failed}
    pairs = zip(one.seeds, one.macro_f1.by_seed, strict=False)
    return tuple((seed, value) for seed, value in pairs if seed in failed)


def make_score_panels(data: ReportData) -> tuple[DotPanel, ...]:
    """Return one figure per task and student; what reads nothing is the floor of the others."""
    floors = {floor.task: floor.value for floor in data.summary.floors} if data.summary else {}
    return share_range(
        [
            make_score_panel(task, student, group, floors.get(task))
            for (task, student), group in group_conditions(read_conditions(data)).items()
            if student not in BASELINE_STUDENTS
        ]
    )
