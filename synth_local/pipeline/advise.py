"""Put together what there is to say of a task: agreement, findings, advice, what would help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from synth_local.analyze.advice import Advice, Finding, decide_here, predict_elsewhere
from synth_local.analyze.agreement import TaskAgreement, measure_task
from synth_local.analyze.panel import PanelTask
from synth_local.analyze.summary import LearningCurve, TaskSubjectivity
from synth_local.errors import UndefinedMetricError
from synth_local.pipeline.evidence import Evidence, read_evidence
from synth_local.pipeline.ratings import FILE
from synth_local.pipeline.task_seen import look_at_task
from synth_local.records import Example
from synth_local.store.run_dir import RunDir

FEW_SEEDS = 3
FEW_ITEMS = 500


@dataclass(frozen=True, slots=True)
class AdvicePage:
    """What ``advise`` shows.

    Attributes:
        task: the task's name.
        num_test: its test texts.
        agreement: how much its annotators agree, by a run on the same test texts or else by the
            task file; ``None`` where nobody says.
        panel: how sure machines are of its test texts, by a run on the same; ``None`` where none
            was asked. It stays out of the advice.
        advice: the answer.
        here: findings on this task, on the same test texts.
        elsewhere: findings on other tasks.
        left_out: what counts for nothing, a sentence each: runs with a task of this name and
            other test texts, and students that learnt nothing.
        curves: learning curves on this task.
        surer: what would make the answer surer, one sentence each.
    """

    task: str
    num_test: int
    agreement: TaskAgreement | TaskSubjectivity | None
    panel: PanelTask | None
    advice: Advice
    here: tuple[Finding, ...]
    elsewhere: tuple[Finding, ...]
    left_out: tuple[str, ...]
    curves: tuple[LearningCurve, ...]
    surer: tuple[str, ...]


def advise_task(task_file: Path, runs: Sequence[Path]) -> AdvicePage:
    """Return what can be said of a task.

    Args:
        task_file: of the task; where it or its data are not here, a run of it stands for them.
        runs: directories of finished runs.

    Returns:
        The page.

    Raises:
        ConfigError: the task file is wrong, or missing and no run keeps it.
        DataError: a run cannot be read, or the task's data cannot and no run keeps their facts.
    """
    evidence = [read_evidence(run) for run in dict.fromkeys(runs)]
    task = look_at_task(task_file, [RunDir(run) for run in dict.fromkeys(runs)])
    digest = task.test_digest
    same = [one for one in evidence if one.test_digests.get(task.name) == digest]
    agreement = _find_agreement(task.name, task.test, same)
    here, elsewhere, left_out = [], [], []
    for one in evidence:
        is_here = one.test_digests.get(task.name) == digest
        here += [found for found in one.findings if found.task == task.name and is_here]
        elsewhere += [found for found in one.findings if found.task != task.name]
        if task.name in one.test_digests and not is_here:
            left_out.append(f"{one.run} has a task of this name with other test texts")
        left_out += [f"{one.run}, {line}" for line in one.left_out]
    share = agreement.mean_share if agreement else None
    advice = decide_here(here) if here else predict_elsewhere(elsewhere, share)
    curves = [
        curve
        for one in evidence
        for curve in one.curves
        if curve.condition.split("__")[0] == task.name and one.test_digests.get(task.name) == digest
    ]
    page = AdvicePage(
        task.name,
        task.num_test,
        agreement,
        next((one.panel[task.name] for one in same if task.name in one.panel), None),
        advice,
        tuple(here),
        tuple(elsewhere),
        tuple(left_out),
        tuple(curves),
        (),
    )
    return _with_surer(page, evidence, share)


def _find_agreement(
    task: str, test: Sequence[Example], same: Sequence[Evidence]
) -> TaskAgreement | TaskSubjectivity | None:
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


def _with_surer(page: AdvicePage, evidence: Sequence[Evidence], share: float | None) -> AdvicePage:
    lines = []
    if not page.here:
        lines.append(
            "a run of your own generator on this task, even of 100 texts per label: "
            "`synth-local run`, then --evidence with its directory"
        )
    elif any(one.is_tainted for one in page.here):
        lines.append(
            "a generator that has not seen more real texts of this task than the pool holds"
        )
    if share is None:
        lines.append(
            "several people's labels for a sample of the test texts: a run of this task writes the "
            "template (docs/run-file.md, analyze.annotations)"
            + ("" if page.panel else "; a panel of machines (generator-itself) is a weak stand-in")
        )
    runs = {one.run for one in page.here}
    if page.here and min(one.num_seeds for one in evidence if one.run in runs) < FEW_SEEDS:
        lines.append(f"at least {FEW_SEEDS} training seeds")
    if page.num_test < FEW_ITEMS:
        lines.append(f"more test texts: there are {page.num_test}")
    if page.here and not page.curves:
        lines.append("a learning curve (learning_curve in the run file): are more rows worth it?")
    if len(page.here) > 1:
        lines.append("a second run with the best condition alone: it was picked on the test texts")
    return replace(page, surer=tuple(lines))
