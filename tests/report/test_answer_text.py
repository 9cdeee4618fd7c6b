"""The answer in a terminal: at most a dozen lines, none too long, each task's verdict first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synth_local.evaluate.verdicts.verdict import Verdict
from synth_local.report.answer_text import MOST_LINES, NOTHING, write_answer_text


def make_verdict(task: str, student: str, **changes: object) -> Verdict:
    made = Verdict(
        task=task,
        student=student,
        question="instead_of_real",
        verdict="worse",
        condition=f"{task}__synthetic__g__few_shot__{student}__n600",
        partner=f"{task}__real__-__-__{student}__n600",
        gap=0.1,
        low=0.05,
        high=0.15,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(("num_tasks", "num_students"), [(1, 1), (2, 4), (2, 5), (10, 5), (15, 1)])
def test_there_are_a_dozen_lines_at_most_and_none_is_wider_than_the_terminal(
    num_tasks: int, num_students: int, width: int
) -> None:
    reasons = ("a reason that is told at length, " * 12,)
    verdicts = [
        make_verdict(
            f"task_{n}_with_a_long_name", f"bert-base-{m}", verdict="none", reasons=reasons
        )
        for n in range(num_tasks)
        for m in range(num_students)
    ]
    lines = write_answer_text(verdicts, width)
    assert len(lines) <= MOST_LINES
    assert max(len(line) for line in lines) <= width
    shown = sum("no verdict" in line for line in lines)
    if shown < len(verdicts):
        assert lines[-1] == f"and {len(verdicts) - shown} more answers: see the report"


def test_a_line_has_answer_and_interval_and_the_head_says_what_they_mean() -> None:
    one, other = make_verdict("sms", "bert"), make_verdict("sms", "t", verdict="as_good")
    assert write_answer_text([one, other]) == [
        "macro-F1, synthetic minus partner; as good: within 0.02; for this corpus",
        "task  student  synthetic        answer   difference",
        "sms   bert     instead of real  worse    -0.100 [-0.150, -0.050]",
        "sms   t        instead of real  as good  -0.100 [-0.150, -0.050]",
    ]


def test_the_only_student_is_named_once() -> None:
    assert write_answer_text([make_verdict("sms", "bert")], 120) == [
        "macro-F1, synthetic minus partner; as good: within 0.02; for this corpus; student bert",
        "task  synthetic        answer  difference",
        "sms   instead of real  worse   -0.100 [-0.150, -0.050]",
    ]


def test_every_task_has_its_line_before_other_students_have_theirs() -> None:
    verdicts = [make_verdict(task, student) for task in "ab" for student in "st"]
    lines = write_answer_text(verdicts)
    assert [line.split()[:2] for line in lines[2:]] == [
        ["a", "s"], ["b", "s"], ["a", "t"], ["b", "t"],
    ]  # fmt: skip


def test_no_verdict_has_its_reason_below_and_no_difference() -> None:
    one = make_verdict("a", "s", verdict="none", reasons=("1 of 2 trainings failed",))
    assert write_answer_text([one], 120)[2:] == [
        "a     instead of real  no verdict  -",
        "    1 of 2 trainings failed",
    ]


def test_an_open_question_has_what_would_settle_it_below() -> None:
    one = make_verdict("a", "s", verdict="open", low=-0.1, settles=("about 9 seeds (there are 2)",))
    assert write_answer_text([one], 120)[3] == "    about 9 seeds (there are 2) would settle it"


def test_a_run_without_verdicts_says_so() -> None:
    assert write_answer_text([]) == [NOTHING]
