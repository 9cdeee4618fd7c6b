"""What a report is made of: frozen records that the pipeline fills from the store.

This module holds data and the few facts that follow from it. It knows nothing about files, HTML or
drawing, and it computes no statistics: those come ready from ``evaluate`` and ``measure``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synth_local.evaluate.summary import Summary
from typing import Any as CorpusMeasures
from synth_local.records import Result
from synth_local.store.corpus import Manifest


@dataclass(frozen=True, slots=True)
class TaskPart:
    """One task and the sizes of its splits.

    Attributes:
        name: the task's name.
        digest: identity of the task file and its data.
        labels: names, in the task's order.
        num_train: real training rows, pool included, verbatim test matches removed.
        num_validation: rows that steer no training and are nobody's training data.
        num_pool: the small real set, part of the training rows.
        num_test: test items.
        num_test_matches: training rows removed because the test split has them verbatim.
        num_other_labels: rows left out because the task does not have their label.
        language: as the task file states it.
        kind: what one text is, such as ``text message``.
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


@dataclass(frozen=True, slots=True)
class Seen:
    """Task data that a model's training had; ``num_rows`` is ``None`` where nobody counted."""

    task: str
    split: str
    num_rows: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ModelPart:
    """A generator, student or embedder: what its card and its folder say.

    Attributes:
        name: the card's name.
        role: ``generator``, ``student`` or ``embedder``.
        weights: digest of the weights; empty where the model has no folder.
        tokenizer: digest of the tokenizer's files.
        template: digest of the chat template.
        total: digest of all of it.
        license: as the card states it; empty where it states none.
        has_seen: task data that its training had.
        is_simulated: a stand-in that was trained to play a generator.
        notes: what else a reader should know.
    """

    name: str
    role: str
    weights: str = ""
    tokenizer: str = ""
    template: str = ""
    total: str = ""
    license: str = ""
    has_seen: tuple[Seen, ...] = ()
    is_simulated: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One synthetic text; real texts beside it appear only in a report that asks for them.

    Attributes:
        label: the label's name.
        text: the synthetic text.
        exemplars: the real texts that its prompt showed.
        nearest: the nearest real training text, or empty.
    """

    label: str
    text: str
    exemplars: tuple[str, ...] = ()
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class CorpusPart:
    """One corpus: its manifest, its measures where there are any, a few of its texts."""

    manifest: Manifest
    measures: CorpusMeasures | None = None
    samples: tuple[Sample, ...] = ()

    @property
    def name(self) -> str:
        """Return ``<generator> <strategy>``, as tables and figures spell it."""
        return f"{self.manifest.generator} {self.manifest.strategy}"


@dataclass(frozen=True, slots=True)
class RunPart:
    """What was run.

    Attributes:
        name: the run directory's name.
        fingerprint: identity of everything that decides the results.
        created: ISO 8601, UTC: when the results were finished, not when this report was written.
        yaml: the resolved run file.
        seconds: time spent, by stage.
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
        results: the rows of results.csv.
        summary: conditions, intervals and comparisons; ``None`` where nothing was evaluated.
        missing: a line for everything that was planned and is not there.
    """

    run: RunPart
    tasks: tuple[TaskPart, ...]
    corpora: tuple[CorpusPart, ...] = ()
    models: tuple[ModelPart, ...] = ()
    results: tuple[Result, ...] = ()
    summary: Summary | None = None
    missing: tuple[str, ...] = ()

    def find_corpora(self, task: str) -> tuple[CorpusPart, ...]:
        """Return the corpora of one task."""
        return tuple(part for part in self.corpora if part.manifest.task == task)

    def find_seen(self, task: TaskPart, generator: str) -> tuple[Seen, ...]:
        """Return what a generator has seen of a task, where that is more than the pool has.

        Both the card of today and the manifests of the corpora count. A number of rows that
        nobody knows is taken as more than the pool; the pool itself is not.
        """
        mine = [one for one in self.list_seen(generator) if one.task == task.name]
        if all(one.split == "pool" for one in mine):
            return ()
        if all(one.num_rows is not None for one in mine):
            total = sum(one.num_rows or 0 for one in mine)
            return tuple(mine) if total > task.num_pool else ()
        return tuple(mine)

    def list_seen(self, generator: str) -> list[Seen]:
        """Return all that a generator has seen, one entry per task and split.

        Where card and manifests disagree, the higher count stands.
        """
        entries = [one for model in self.models if model.name == generator for one in model.has_seen]
        for part in self.corpora:
            if part.manifest.generator == generator:
                entries += [read_seen(value) for value in part.manifest.has_seen]
        merged: dict[tuple[str, str], Seen] = {}
        for one in entries:
            known = merged.get((one.task, one.split))
            if known is None or (one.num_rows or 0) > (known.num_rows or 0):
                merged[one.task, one.split] = one
        return list(merged.values())


def read_seen(value: Mapping[str, Any]) -> Seen:
    """Return an entry of a manifest's ``has_seen``."""
    rows = value.get("num_rows", value.get("rows"))
    return Seen(
        task=str(value.get("task", "")),
        split=str(value.get("split", "")),
        num_rows=None if rows is None else int(rows),
        note=str(value.get("note", "")),
    )
