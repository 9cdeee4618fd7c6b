"""What a report is made of: frozen records that the pipeline fills from the store.

This module holds data and the few facts that follow from it. It knows nothing about files, HTML or
drawing, and it computes no statistics: those come ready from ``evaluate`` and ``measure``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synth_local.analyze.summary import Analysis
from synth_local.evaluate.summary import Condition, Summary
from synth_local.evaluate.verdicts.verdict import Verdict
from synth_local.measure.audit_records import Discrimination, LabelAudit
from synth_local.models.card import UNKNOWN_LICENSE, Card, HasSeen, pick_seen
from synth_local.models.digest import ModelDigest
from synth_local.records import Interval, Result
from synth_local.report.tables import Undefined
from synth_local.store.corpus import Manifest
from synth_local.task.file_facts import FileFacts

NOTHING_KNOWN = "nothing is known of what it has seen"
BEFORE, AFTER = "before curation", "after curation"


@dataclass(frozen=True, slots=True)
class TaskPart:
    """One task and the sizes of its splits.

    Attributes:
        digest: identity of the task file and its data.
        labels: names, in the task's order.
        num_train: real training rows, pool included, verbatim test matches removed.
        num_validation: rows that steer no training and are nobody's training data.
        num_pool: the small real set, part of the training rows.
        num_test_matches: training rows removed because the test split has them verbatim.
        num_other_labels: rows left out because the task does not have their label.
        language: as the task file states it.
        kind: what one text is, such as ``text message``.
        files: what became of the rows of the data files.
    """

    name: str
    digest: str
    labels: tuple[str, ...]
    num_train: int
    num_validation: int
    num_pool: int
    num_test: int
    num_test_matches: int = 0
    num_other_labels: int = 0
    language: str = "en"
    kind: str = "text"
    files: tuple[FileFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelPart:
    """A generator, student or embedder: what its card and its folder say.

    Attributes:
        card: its card; ``card.name`` is the name of tables and figures.
        digest: of its folder; ``None`` for a model that needs no folder.
        notes: what else a reader should know.
    """

    card: Card
    digest: ModelDigest | None = None
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the model's name."""
        return self.card.name

    @property
    def license(self) -> str:
        """Return the licence, or nothing where the card states none."""
        return "" if self.card.license == UNKNOWN_LICENSE else self.card.license


@dataclass(frozen=True, slots=True)
class Sample:
    """One synthetic text; real texts beside it appear only in a report that asks for them.

    Attributes:
        exemplars: the real texts that its prompt showed.
        nearest: the nearest real training text, or empty.
    """

    label: str
    text: str
    exemplars: tuple[str, ...] = ()
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One metric of one corpus.

    Attributes:
        stage: ``before curation`` or ``after curation``.
        label: the label's name; empty over all labels.
        metric: a key of ``diversity.METRICS`` or another name.
        real: of the real texts beside them, or ``None`` where there is no such value.
        num_texts: texts on each side, or ``None`` where nobody says.
        is_surface: whether vectors count characters, so that only spelling is compared.
    """

    task: str
    generator: str
    strategy: str
    stage: str
    label: str
    metric: str
    value: Interval | float | Undefined
    real: Interval | float | Undefined | None = None
    num_texts: int | None = None
    is_surface: bool = False

    @property
    def name(self) -> str:
        """Return ``<generator> <strategy>``."""
        return f"{self.generator} {self.strategy}"


@dataclass(frozen=True, slots=True)
class CorpusPart:
    """One corpus: its manifest, what was measured of it where it was, a few of its texts."""

    manifest: Manifest
    measures: tuple[Line, ...] | None = None
    samples: tuple[Sample, ...] = ()
    audit: LabelAudit | None = None
    likeness: Discrimination | None = None

    @property
    def names(self) -> tuple[str, str, str]:
        """Return task, generator and strategy."""
        return self.manifest.task, self.manifest.generator, self.manifest.strategy

    @property
    def name(self) -> str:
        """Return ``<generator> <strategy>``, as tables and figures spell it."""
        return f"{self.manifest.generator} {self.manifest.strategy}"


@dataclass(frozen=True, slots=True)
class RunPart:
    """What was run.

    Attributes:
        fingerprint: identity of everything that decides the results.
        created: ISO 8601, UTC: when the results were finished, not when this report was written.
        versions: software, by name.
        embedder: name of the encoder behind the diversity measures.
    """

    name: str
    fingerprint: str
    created: str = ""
    yaml: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    embedder: str = ""


@dataclass(frozen=True, slots=True)
class ReportData:
    """All that a report shows.

    Attributes:
        run: what was run.
        tasks: in the run file's order.
        corpora: of all tasks, in the run file's order.
        models: generators, students and the embedder.
        summary: conditions, intervals and comparisons; ``None`` where nothing was evaluated.
        verdicts: the answers, in the order of the evaluate stage.
        missing: a line for everything that was planned and is not there.
        analysis: what is said of subjectivity; ``None`` where nothing was analyzed.
        shots: exemplars per prompt, by strategy; 0 for zero-shot ones.
        train_seconds: of one training of a condition, mean over its seeds.
        said: files of what people said, each with its task's name, or with none.
    """

    run: RunPart
    tasks: tuple[TaskPart, ...]
    corpora: tuple[CorpusPart, ...] = ()
    models: tuple[ModelPart, ...] = ()
    results: tuple[Result, ...] = ()
    summary: Summary | None = None
    verdicts: tuple[Verdict, ...] = ()
    missing: tuple[str, ...] = ()
    analysis: Analysis | None = None
    shots: Mapping[str, int] = field(default_factory=dict)
    train_seconds: Mapping[Condition, float] = field(default_factory=dict)
    said: tuple[tuple[str, FileFacts], ...] = ()

    @property
    def found(self) -> Analysis:
        """Return the analysis; an empty one where nothing was analyzed."""
        return self.analysis or Analysis()

    def find_corpora(self, task: str) -> tuple[CorpusPart, ...]:
        """Return the corpora of one task."""
        return tuple(part for part in self.corpora if part.manifest.task == task)

    @property
    def brought(self) -> tuple[str, ...]:
        """Return the names of the corpora brought along: nobody knows what they have seen."""
        names = (part.manifest.generator for part in self.corpora if part.manifest.brought)
        return tuple(dict.fromkeys(names))

    def find_seen(self, task: TaskPart, generator: str) -> tuple[HasSeen, ...]:
        """Return what a generator has seen of a task, where that is more than the pool has.

        Both the card of today and the manifests of the corpora count. A number of rows that
        nobody knows is taken as more than the pool; the pool itself is not.
        """
        return pick_seen(self.list_seen(generator), task.name, task.num_pool)

    def list_seen(self, generator: str) -> list[HasSeen]:
        """Return all that a generator has seen, one entry per task and split.

        Where card and manifests disagree, the higher count stands.
        """
        entries = [
            one for model in self.models if model.name == generator for one in model.card.has_seen
        ]
        for part in self.corpora:
            if part.manifest.generator == generator:
                entries += [read_seen(value) for value in part.manifest.has_seen]
        merged: dict[tuple[str, str], HasSeen] = {}
        for entry in entries:
            known = merged.get((entry.task, entry.split))
            if known is None or (entry.num_rows or 0) > (known.num_rows or 0):
                merged[entry.task, entry.split] = entry
        return list(merged.values())


def read_seen(value: Mapping[str, Any]) -> HasSeen:
    """Return an entry of a manifest's ``has_seen``, which a manifest spells ``rows``."""
    known = {**value, "num_rows": value.get("num_rows", value.get("rows"))}
    return HasSeen(**{key: known[key] for key in HasSeen.model_fields if key in known})


def format_seen(seen: Sequence[HasSeen]) -> str:
    """Return how many real texts a generator has seen, in words."""
    counts = [one.num_rows for one in seen]
    splits = " and ".join(dict.fromkeys(one.split for one in seen))
    known = [count for count in counts if count is not None]
    if len(known) < len(counts):
        return f"an unknown number of real texts ({splits})"
    return f"{sum(known):,} real texts ({splits})"


def list_reasons(corpora: Sequence[CorpusPart]) -> tuple[str, ...]:
    """Return the drop reasons that occur, the most frequent first."""
    totals: dict[str, int] = {}
    for part in corpora:
        for counts in part.manifest.drops.values():
            for reason, count in counts.items():
                totals[reason] = totals.get(reason, 0) + count
    return tuple(sorted((r for r in totals if totals[r]), key=lambda r: (-totals[r], r)))


def list_gaps(data: ReportData) -> list[str]:
    """Return a line for everything that is not there: cells, corpora, comparisons, rows."""
    gaps = list(data.missing)
    for part in data.corpora:
        manifest = part.manifest
        if not manifest.complete:
            why = manifest.shortfall or "rows are missing"
            gaps.append(f"{manifest.task}: the corpus of {part.name} is incomplete: {why}")
        if part.measures is None:
            gaps.append(f"{manifest.task}: the corpus of {part.name} was not measured")
    if data.summary:
        gaps += [f"not compared: {line}" for line in data.summary.omitted]
        gaps += [
            f"{score.condition.name}: {score.metric} has no value on these test items"
            for score in data.summary.scores
            if not math.isfinite(score.interval.point)
        ]
    return list(dict.fromkeys(gaps))
