"""What the report shows, read from the store into the report's own records."""

from __future__ import annotations

import importlib.metadata
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from synth_local.analyze.summary import Analysis
from synth_local.core.files import read_json
from synth_local.core.tables import read_parquet
from synth_local.curate.reference import Reference
from synth_local.engines.embed.hashed import HASHED
from synth_local.evaluate.summary import Condition, Summary
from synth_local.measure.audit_records import Discrimination, LabelAudit
from synth_local.measure.measures import CorpusMeasures, MeasureRow, UndefinedRow
from synth_local.models import load_card
from synth_local.records import Cell, Interval
from synth_local.report.data import (
    CorpusPart,
    Line,
    ModelPart,
    ReportData,
    RunPart,
    Sample,
    TaskPart,
)
from synth_local.report.tables import Undefined
from synth_local.run.human.files import load_said
from synth_local.run.models import Models
from synth_local.run.splits import SplitFacts
from synth_local.run.state import State
from synth_local.run.verdict_file import load_verdicts
from synth_local.store.markers import read_failures
from synth_local.store.records import load
from synth_local.store.results import read_results
from synth_local.store.run_dir import CorpusKey
from synth_local.task import Splits, Task
from synth_local.version import __version__

SAMPLES_PER_LABEL = 3
PACKAGES = ("torch", "transformers", "accelerate", "datasets", "evaluate", "scikit-learn", "numpy")


def read_report_data(state: State, *, show_real: bool) -> ReportData:
    """Return everything the report shows of a run, with what is missing named.

    Raises:
        DataError: another version stored the results in another form.
    """
    run, tasks, data = state.run, state.sources.tasks, state.data
    summary = load(run.summary, Summary, "summary")
    results = read_results(run.results.read_text(encoding="utf-8")) if run.results.is_file() else []
    measures = {key: load(run.measures(key), CorpusMeasures, "measures") for key in state.manifests}
    parts = [
        CorpusPart(
            manifest,
            _list_lines(key, measures[key]),
            list_samples(
                run.corpus(key),
                tasks[key.task].labels,
                data.splits(tasks[key.task]) if show_real else None,
            ),
            # versions before 3 stored neither
            load(run.measures(key), LabelAudit, "audit"),
            load(run.measures(key), Discrimination, "likeness"),
        )
        for key, manifest in state.manifests.items()
    ]
    embedder = next((measured.embedder for measured in measures.values() if measured), "")
    seconds = _read_train_seconds(state)
    strategies = state.identities.corpora.strategies
    said: list[dict[str, Any]] = (read_json(run.analysis) or {}).get("files", [])
    return ReportData(
        run=_run_part(state, embedder, sum(seconds.values())),
        tasks=tuple(task_part(task, data.facts(task)) for task in tasks.values()),
        corpora=tuple(parts),
        models=tuple(list_models(state.sources.models)),
        results=tuple(results),
        summary=summary,
        verdicts=load_verdicts(run) if summary else (),
        missing=tuple(_list_missing(state)),
        analysis=load(run.analysis, Analysis, "analysis"),
        shots={name: plan.shots for name, plan in strategies.items()},
        train_seconds=_average_seeds(seconds),
        said=tuple((file.task, file.facts) for file in load_said(said)),
    )


def task_part(task: Task, facts: SplitFacts) -> TaskPart:
    """Return a task with the sizes of its splits."""
    return TaskPart(
        task.name,
        task.digest,
        task.labels,
        sum(facts.train.values()),
        sum(facts.validation.values()),
        sum(facts.pool.values()),
        sum(facts.test.values()),
        facts.num_test_matches,
        facts.num_other_labels,
        task.spec.language,
        task.spec.kind,
        facts.read_files,
    )


def list_models(models: Models) -> Iterable[ModelPart]:
    """Yield the generators, students and the embedder of a run."""
    for generator in models.generators.values():
        yield ModelPart(generator.card, models.digest(generator))
    for name, student in models.students.items():
        card = student.card if student else load_card(name, None)
        yield ModelPart(card, models.digest(student) if student else None)
    if models.embedder is not None:
        card = models.embedder.card.model_copy(update={"role": "embedder"})
        yield ModelPart(card, models.digest(models.embedder))


def list_samples(corpus: Path, labels: Sequence[str], splits: Splits | None) -> tuple[Sample, ...]:
    """Return a few texts of each label, the same ones each time.

    Args:
        corpus: its folder.
        splits: the real texts, to be shown beside them; ``None``: not asked for.
    """
    columns = ["id", "text", "label", "exemplar_ids"]
    rows = read_parquet(corpus / "train.parquet", columns)
    real = {example.id: example.text for example in splits.train} if splits else {}
    reference = Reference.build(splits.train, splits.validation, ()) if splits else None
    samples = []
    for label in labels:
        own = [row for row in rows if row["label"] == label]
        for row in random.Random(0).sample(own, min(SAMPLES_PER_LABEL, len(own))):  # noqa: S311
            near = reference.find_copied(row["text"]) if reference else None
            exemplars = tuple(real[name] for name in row["exemplar_ids"] if name in real)
            nearest = real.get(near.id, "") if near else ""
            samples.append(Sample(label, row["text"], exemplars, nearest))
    return tuple(samples)


def _run_part(state: State, embedder: str, train_seconds: float) -> RunPart:
    run, manifests = state.run, state.manifests.values()
    seconds = {
        "generate": sum(manifest.seconds for manifest in manifests),
        "train": train_seconds,
    }
    versions = {"synth-local": __version__}
    versions |= {name: importlib.metadata.version(name) for name in PACKAGES}
    created = max((manifest.created for manifest in manifests), default="")
    return RunPart(
        run.root.name,
        state.identities.run_file,
        created,
        run.run_file.read_text(encoding="utf-8"),
        {stage: round(value, 1) for stage, value in seconds.items()},
        versions,
        embedder,
    )


def _read_train_seconds(state: State) -> dict[Cell, float]:
    """Return the seconds of training of each cell that has predictions."""
    seconds = {}
    for plan in state.trained_cells:
        report = (read_json(state.run.cell_marker(plan.cell)) or {}).get("report", {})
        if "seconds" in report:
            seconds[plan.cell] = float(report["seconds"])
    return seconds


def _average_seeds(seconds: Mapping[Cell, float]) -> dict[Condition, float]:
    found: dict[Condition, list[float]] = {}
    for cell, value in seconds.items():
        found.setdefault(Condition.of(cell), []).append(value)
    return {key: sum(values) / len(values) for key, values in found.items()}


def _list_missing(state: State) -> Iterable[str]:
    for key in state.open_corpora:
        yield f"the corpus {key} is not finished"
    for one in state.untrained:
        yield one.message
    for plan in state.open_cells:
        yield f"the cell {plan.cell.name} has no predictions"
    for failure in read_failures(state.run):
        yield f"{failure.job} failed: {failure.what}"


def _list_lines(key: CorpusKey, measures: CorpusMeasures | None) -> tuple[Line, ...] | None:
    """Return one line per metric: the synthetic value with the real one beside it."""
    if measures is None:
        return None
    rows: list[MeasureRow | UndefinedRow] = [*measures.rows, *measures.undefined]
    sides: dict[tuple[str, str, str], dict[str, MeasureRow | UndefinedRow]] = {}
    for row in rows:
        sides.setdefault((row.view, row.label, row.metric), {})[row.side] = row
    lines = []
    for (view, label, metric), found in sides.items():
        synthetic, real = found.get("synthetic"), found.get("real")
        if synthetic is not None:
            lines.append(
                Line(
                    *(key.task, key.generator, key.strategy, view, label, metric),
                    _value(synthetic),
                    None if real is None else _value(real),
                    synthetic.num_texts,
                    is_surface=measures.embedder == HASHED,
                )
            )
    return tuple(lines)


def _value(row: MeasureRow | UndefinedRow) -> Interval | float | Undefined:
    return row.value if isinstance(row, MeasureRow) else Undefined(row.why)
