"""What finished runs say of the gap to real, read from their files alone.

The reading edge of ``advise``: neither models nor data of those runs have to be on this machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synth_local.analyze.advice import Finding
from synth_local.analyze.panel import PanelTask
from synth_local.analyze.summary import Analysis, LearningCurve, TaskSubjectivity
from synth_local.cards.card import pick_seen
from synth_local.core.files import read_json
from synth_local.errors import DataError
from synth_local.evaluate.summary import Condition, Difference, Summary
from synth_local.records import Interval
from synth_local.report.data import read_seen
from synth_local.store.corpus import Manifest, read_manifest
from synth_local.store.run_dir import CorpusKey, RunDir
from synth_local.train.students import READ_NOTHING


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one run says.

    Attributes:
        run: the directory as the user spelled it.
        findings: one for each task, generator, strategy and student with a gap.
        test_digests: identity of each task's test texts.
        curves: the run's learning curves.
        num_seeds: the fewest training seeds behind a finding; 0 without findings.
        people: how far people agree about each task that they rated.
        panel: what machines say of each task that they were asked about.
        left_out: tasks and students that say nothing of texts, a sentence each.
    """

    run: str
    findings: tuple[Finding, ...]
    test_digests: dict[str, str]
    curves: tuple[LearningCurve, ...]
    num_seeds: int
    people: dict[str, TaskSubjectivity] = field(default_factory=dict)
    panel: dict[str, PanelTask] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def read_evidence(directory: Path) -> Evidence:
    """Return what a finished run says of the gap to real.

    Args:
        directory: of a run whose evaluate stage is done.

    Returns:
        Its findings.

    Raises:
        DataError: it is no run directory, nothing was evaluated, or another version wrote it.
    """
    run = RunDir(directory)
    if not run.run_file.is_file():
        raise DataError("this is no run directory: it has no run.yaml", where=directory)
    try:
        return _read(run, str(directory))
    except (KeyError, TypeError) as error:
        raise DataError(
            f"the results were stored in another form ({error!r} is not as expected)",
            where=directory,
            fix="bring them up to date: `synth-local run` with its run file",
        ) from error


def _read(run: RunDir, name: str) -> Evidence:
    stored = read_json(run.summary)
    if not stored or not stored["summary"]:
        raise DataError(
            "no student of this run was evaluated",
            where=run.root,
            fix="finish it: `synth-local run` with its run file",
        )
    summary = Summary.from_json(stored["summary"])
    analyzed = read_json(run.analysis)
    analysis = Analysis.from_json(analyzed["analysis"]) if analyzed else Analysis()
    people = {one.task: one for one in analysis.tasks if one.mean_share is not None}
    panel = {one.task: one for one in analysis.panel if one.mean_share is not None}
    scores = {
        one.condition: one.interval.point for one in summary.scores if one.metric == "macro_f1"
    }
    only = {one.condition: one.only_label for one in summary.confusions if one.only_label}
    found = [one for one in summary.differences if _is_gap(one)]
    gaps = [one for one in found if one.partner not in only]
    blind = dict.fromkeys(one.partner for one in found if one.partner in only)
    tasks = dict.fromkeys(one.condition.task for one in summary.scores)
    facts = {task: read_json(run.split_facts(task)) or {} for task in tasks}
    findings = tuple(
        Finding(
            task=one.condition.task,
            generator=one.condition.generator,
            strategy=one.condition.strategy,
            student=one.condition.student,
            gap=_turn(one.interval),
            real=scores[one.partner],
            gains=tuple(_list_gains(summary, one.condition)),
            is_tainted=_is_tainted(run, one.condition, facts[one.condition.task]),
            agreement=share.mean_share if (share := people.get(one.condition.task)) else None,
            run=name,
        )
        for one in gaps
    )
    digests = {task: str(about.get("test_digest", "")) for task, about in facts.items()}
    num_seeds = min((len(one.seeds) for one in gaps), default=0)
    left_out = [
        f"{one.task}: trained on {one.num_train} real texts, {one.student} calls all test texts "
        f"{only[one]}"
        for one in blind
    ]
    with_gap = {one.condition.task for one in found}
    left_out += [
        f"{task}: no student was trained on real texts and on synthetic ones alone, so there is no "
        "gap"
        for task in tasks
        if task not in with_gap
    ]
    return Evidence(
        name, findings, digests, analysis.learning, num_seeds, people, panel, tuple(left_out)
    )


def _is_gap(one: Difference) -> bool:
    return (
        one.family == "real"
        and one.metric == "macro_f1"
        and one.condition.source == "synthetic"
        and one.condition.student not in READ_NOTHING
    )


def _turn(difference: Interval) -> Interval:
    """Return real minus synthetic of a difference that is synthetic minus real."""
    return Interval(-difference.point, -difference.high, -difference.low, difference.level)


def _list_gains(summary: Summary, condition: Condition) -> Iterator[Interval]:
    """Yield what the same texts add to real ones, by each of the comparisons there are."""
    wanted = (condition.task, condition.generator, condition.strategy, condition.student)
    for one in summary.differences:
        other = one.condition
        if (other.task, other.generator, other.strategy, other.student) != wanted:
            continue
        added = (other.source, one.family) in {
            ("pool+synthetic", "pool"),
            ("real+synthetic", "real"),
        }
        if added and one.metric == "macro_f1":
            yield one.interval


def _is_tainted(run: RunDir, condition: Condition, facts: dict[str, Any]) -> bool:
    """Return whether texts may carry more real ones of the task than the pool has."""
    key = CorpusKey(condition.task, condition.generator, condition.strategy)
    manifest: Manifest | None = read_manifest(run.corpus(key))
    if manifest is None or manifest.brought is not None:
        return True  # nobody knows what is in them
    seen = [read_seen(value) for value in manifest.has_seen]
    return bool(pick_seen(seen, condition.task, sum(facts.get("pool", {}).values())))
