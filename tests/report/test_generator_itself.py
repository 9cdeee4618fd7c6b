"""What the report says of generators that classify themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from synth_local.models.card import Card, HasSeen
from synth_local.report.conditions import Condition, Measured
from synth_local.report.data import ModelPart, ReportData, RunPart
from synth_local.report.sections.results.generator_itself import format_student, list_cautions
from synth_local.train.students import GENERATOR_AS_CLASSIFIER
from tests.report.made_report import make_task

NONE = Measured(None)


def test_what_a_generator_has_seen_limits_its_own_scores() -> None:
    task = make_task()
    own = Condition(
        task.name, "", "tiny", "zero_shot", GENERATOR_AS_CLASSIFIER, 0, (0,), NONE, NONE
    )
    student = replace(own, student="majority")

    def caution(split: Literal["train", "test"], num_rows: int) -> tuple[str, ...]:
        seen = (HasSeen(task=task.name, split=split, num_rows=num_rows),)
        models = (ModelPart(Card(name="tiny", has_seen=seen)),)
        data = ReportData(RunPart("run", "0"), (task,), models=models)
        assert list_cautions(data, task, [student]) == ()
        return list_cautions(data, task, [own, own])

    [found] = caution("train", 2816)
    assert "tiny has seen 2,816 real texts (train)" in found
    [found] = caution("test", 10)
    assert "may remember answers" in found
    assert caution("train", 10) == ()


def test_headings_name_the_generator_itself() -> None:
    assert format_student(GENERATOR_AS_CLASSIFIER) == "the generator itself"
    assert format_student("majority") == "student majority"
