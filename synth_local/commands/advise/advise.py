"""Put together what there is to say of a task: agreement, verdicts of runs, what would help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from synth_local.analyze.agreement import measure_task
from synth_local.analyze.panel import PanelTask
from synth_local.analyze.summary import LearningCurve, TaskSubjectivity
from synth_local.commands.advise.evidence import Evidence, read_evidence
from synth_local.commands.advise.task_seen import look_at_task
from synth_local.errors import UndefinedMetricError
from synth_local.evaluate.verdicts.advice import Finding, answer_elsewhere, decide
from synth_local.records import Cell, Example
from synth_local.run.human.ratings import FILE
from synth_local.store.run_dir import RunDir


@dataclass(frozen=True, slots=True)
class AdvicePage:
    """What ``advise`` shows.

    Attributes:
        agreement: how much its annotators agree, by a run on the same test texts or else by the
            task file; ``None`` where nobody says.
        panel: how sure machines are of its test texts, by a run on the same; ``None`` where none
            was asked. It stays out of the answers.
        answers: the finding that decides each question, or one that says that nobody tried.
        here: findings on this task, on the same test texts.
        left_out: what counts for nothing, a sentence each: runs with a task of this name and
            other test texts, and runs without an answer.
        curves: learning curves on this task.
        surer: what would make the answer surer, one sentence each.
    """

    task: str
    num_test: int
    agreement: TaskSubjectivity | None
    panel: PanelTask | None
    answers: tuple[Finding, ...]
    here: tuple[Finding, ...]
    elsewhere: tuple[Finding, ...]
    left_out: tuple[str, ...]
    curves: tuple[LearningCurve, ...]
    surer: tuple[str, ...]


def advise_task(task_file: Path, runs: Sequence[Path], margin: float | None = None) -> AdvicePage:
    """Return what can be said of a task.

    Args:
        task_file: of the task; where it or its data are not here, a run of it stands for them.
        margin: the largest gap of macro-F1 that is small enough; ``None`` keeps that of each run.

    Raises:
        ConfigError: the task file is wrong, or missing and no run keeps it.
        DataError: a run cannot be read, or the task's data cannot and no run keeps their facts.
    """
    evidence = [read_evidence(run) for run in dict.fromkeys(runs)]
    task = look_at_task(task_file, [RunDir(run) for run in dict.fromkeys(runs)])
    same = [one for one in evidence if one.test_digests.get(task.name) == task.test_digest]
    here, elsewhere = [], []
    for one in evidence:
        here += [found for found in one.findings if found.verdict.task == task.name and one in same]
        elsewhere += [found for found in one.findings if found.verdict.task != task.name]
    answers = decide(here, margin)
    if not answers:
        answers = [Finding(answer_elsewhere(task.name, elsewhere, margin))]
    curves = [
        curve
        for one in same
        for curve in one.curves
        if Cell.parse(curve.condition).task == task.name
    ]
    return AdvicePage(
        task.name,
        task.num_test,
        _find_agreement(task.name, task.test, same),
        next((one.panel[task.name] for one in same if task.name in one.panel), None),
        tuple(answers),
        tuple(here),
        tuple(elsewhere),
        tuple(_list_left_out(task.name, evidence, same)),
        tuple(curves),
        tuple(_list_surer(answers, curves)),
    )


def _list_left_out(
    task: str, evidence: Sequence[Evidence], same: Sequence[Evidence]
) -> Iterator[str]:
    for one in evidence:
        if task in one.test_digests and one not in same:
            yield f"{one.run} has a task of this name with other test texts"
        for found in one.findings:
            verdict = found.verdict
            if verdict.verdict == "none" and verdict.reasons:
                who = f"{verdict.task}, {verdict.student}"
                yield f"{one.run}, {who}: {verdict.reasons[0]}"


def _find_agreement(
    task: str, test: Sequence[Example], same: Sequence[Evidence]
) -> TaskSubjectivity | None:
    """Return how far people agree: by a run's own file of labels before the task's columns.

    A run that has such a file used it in place of the columns, and so do its findings.
    """
    told = [one.people[task] for one in same if task in one.people]
    if told:
        return next((one for one in told if one.origin == FILE), told[0])
    try:
        return measure_task([one.annotations for one in test])
    except UndefinedMetricError:
        return None


def _list_surer(answers: Sequence[Finding], curves: Sequence[LearningCurve]) -> Iterator[str]:
    """Yield what would make the answers surer: what settles them, then what was not tried."""
    yield from dict.fromkeys(text for answer in answers for text in answer.verdict.settles)
    asked = {answer.verdict.question for answer in answers if answer.run}
    if asked and "instead_of_all_real" not in asked:
        yield "real_all and synthetic_all under sources: what all the texts that you have would do"
    if asked and not asked & {"with_all_real", "with_pool"}:
        yield "pool, pool_balanced and pool+synthetic under sources: what synthetic texts add"
    if asked and any(answer.verdict.num_corpora == 1 for answer in answers):
        yield "corpus_seeds in the run file: would another corpus of the same settings do as well?"
    if asked and not curves:
        yield "learning_curve in the run file: are more rows worth it?"
