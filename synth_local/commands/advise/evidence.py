"""What finished runs say of a task, read from their files alone.

The reading edge of ``advise``: neither models nor data of those runs have to be on this machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from synth_local.analyze.panel import PanelTask
from synth_local.analyze.summary import Analysis, LearningCurve, TaskSubjectivity
from synth_local.core.files import read_json
from synth_local.errors import DataError
from synth_local.evaluate.summary import Summary
from synth_local.evaluate.verdicts.advice import Finding
from synth_local.evaluate.verdicts.verdict import Verdict
from synth_local.store.records import load
from synth_local.store.run_dir import RunDir


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one run says.

    Attributes:
        run: the directory as the user spelled it.
        test_digests: identity of each task's test texts.
        people: how far people agree about each task that they rated.
        panel: what machines say of each task that they were asked about.
    """

    run: str
    findings: tuple[Finding, ...]
    test_digests: dict[str, str]
    curves: tuple[LearningCurve, ...]
    people: dict[str, TaskSubjectivity] = field(default_factory=dict)
    panel: dict[str, PanelTask] = field(default_factory=dict)


def read_evidence(directory: Path) -> Evidence:
    """Return what a finished run says of the gap to real.

    Args:
        directory: of a run whose evaluate stage is done.

    Raises:
        DataError: it is no run directory, nothing was evaluated, or another version wrote it.
    """
    run = RunDir(directory)
    if not run.run_file.is_file():
        raise DataError("this is no run directory: it has no run.yaml", where=directory)
    summary = load(run.summary, Summary, "summary")
    if summary is None:
        raise DataError(
            "no student of this run was evaluated",
            where=run.root,
            fix="finish it: `synth-local run` with its run file",
        )
    verdicts = load(run.verdicts, tuple[Verdict, ...])
    if verdicts is None:
        raise DataError(
            "the run has no verdicts.json: it is missing, or an earlier version wrote the run",
            where=run.root,
            fix="bring it up to date: `synth-local run` with its run file",
        )
    analysis = load(run.analysis, Analysis, "analysis") or Analysis()
    people = {task.task: task for task in analysis.tasks if task.mean_share is not None}
    panel = {one.task: one for one in analysis.panel if one.mean_share is not None}
    findings = [
        Finding(
            verdict,
            str(directory),
            found.pair_agreement if found else None,
            found.alpha if found else None,
        )
        for verdict in verdicts
        for found in [people.get(verdict.task)]
    ]
    tasks = dict.fromkeys(score.condition.task for score in summary.scores)
    facts = {task: read_json(run.split_facts(task)) or {} for task in tasks}
    digests = {task: str(about.get("test_digest", "")) for task, about in facts.items()}
    return Evidence(str(directory), tuple(findings), digests, analysis.learning, people, panel)
