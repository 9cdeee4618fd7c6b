"""What the report shows, read from the store into the report's own records."""

from __future__ import annotations

import importlib.metadata
import random
from collections.abc import Iterable, Mapping
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
from synth_local.run.context import Context
from synth_local.run.human.files import load_said
from synth_local.run.splits import real_splits, split_facts
from synth_local.run.state import State
from synth_local.run.verdict_file import load_verdicts
from synth_local.store.corpus import Manifest
from synth_local.store.markers import read_failures
from synth_local.store.records import load
from synth_local.store.results import read_results
from synth_local.store.run_dir import CorpusKey
from synth_local.version import __version__

SAMPLES_PER_LABEL = 3
PACKAGES = ("torch", "transformers", "accelerate", "datasets", "evaluate", "scikit-learn", "numpy")


def read_report_data(context: Context, *, show_real: bool) -> ReportData:
    """Return everything the report shows of a run, with what is missing named.

    Raises:
        DataError: another version stored the results in another form.
    """
    state = State(context)
    run = context.run
    summary = load(run.summary, Summary, "summary")
    results = read_results(run.results.read_text(encoding="utf-8")) if run.results.is_file() else []
    measures = {key: load(run.measures(key), CorpusMeasures, "measures") for key in state.manifests}
    parts = [
        CorpusPart(
            manifest,
            _list_lines(key, measures[key]),
            list_samples(context, key, show_real=show_real),
            # versions before 3 stored neither
            load(run.measures(key), LabelAudit, "audit"),
            load(run.measures(key), Discrimination, "likeness"),
        )
        for key, manifest in state.manifests.items()
    ]
    embedder = next((found.embedder for found in measures.values() if found), "")
    seconds = _read_train_seconds(context, state)
    return ReportData(
        run=_run_part(context, state, embedder, sum(seconds.values())),
        tasks=tuple(task_part(context, name) for name in context.tasks),
        corpora=tuple(parts),
        models=tuple(list_models(context)),
        results=tuple(results),
        summary=summary,
        verdicts=load_verdicts(run) if summary else (),
        missing=tuple(_list_missing(context, state)),
        analysis=load(run.analysis, Analysis, "analysis"),
        shots={name: plan.shots for name, plan in context.strategies.items()},
        train_seconds=_average_seeds(seconds),
        said=tuple((one.task, one.facts) for one in load_said(_list_stored(context))),
    )


def _list_stored(context: Context) -> list[dict[str, Any]]:
    stored: list[dict[str, Any]] = (read_json(context.run.analysis) or {}).get("files", [])
    return stored


def task_part(context: Context, name: str) -> TaskPart:
    """Return a task with the sizes of its splits."""
    task = context.tasks[name]
    facts = split_facts(context, task)
    return TaskPart(
        name,
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


def list_models(context: Context) -> Iterable[ModelPart]:
    """Yield the generators, students and the embedder of a run."""
    models = context.models
    for generator in models.generators.values():
        yield ModelPart(generator.card, models.digest(generator))
    for name, student in models.students.items():
        card = student.card if student else load_card(name, None)
        yield ModelPart(card, models.digest(student) if student else None)
    if models.embedder is not None:
        card = models.embedder.card.model_copy(update={"role": "embedder"})
        yield ModelPart(card, models.digest(models.embedder))


def list_samples(context: Context, key: CorpusKey, *, show_real: bool) -> tuple[Sample, ...]:
    """Return a few texts of each label, the same ones each time; real ones only on request."""
    columns = ["id", "text", "label", "exemplar_ids"]
    rows = read_parquet(context.run.corpus(key) / "train.parquet", columns)
    splits = real_splits(context, context.tasks[key.task]) if show_real else None
    real = {one.id: one.text for one in splits.train} if splits else {}
    reference = Reference.build(splits.train, splits.validation, ()) if splits else None
    found = []
    for label in context.tasks[key.task].labels:
        own = [row for row in rows if row["label"] == label]
        for row in random.Random(0).sample(own, min(SAMPLES_PER_LABEL, len(own))):  # noqa: S311
            near = reference.find_copied(row["text"]) if reference else None
            exemplars = tuple(real[one] for one in row["exemplar_ids"] if one in real)
            nearest = real.get(near.id, "") if near else ""
            found.append(Sample(label, row["text"], exemplars, nearest))
    return tuple(found)


def _run_part(context: Context, state: State, embedder: str, train_seconds: float) -> RunPart:
    run = context.run
    seconds = {
        "generate": sum(manifest.seconds for manifest in state.manifests.values()),
        "train": train_seconds,
    }
    versions = {"synth-local": __version__}
    versions |= {name: importlib.metadata.version(name) for name in PACKAGES}
    created = max((manifest.created for manifest in state.manifests.values()), default="")
    return RunPart(
        run.root.name,
        context.fingerprint,
        created,
        run.run_file.read_text(encoding="utf-8"),
        {stage: round(value, 1) for stage, value in seconds.items()},
        versions,
        embedder,
    )


def _read_train_seconds(context: Context, state: State) -> dict[Cell, float]:
    """Return the seconds of training of each cell that has predictions."""
    found = {}
    for plan in state.trained_cells:
        report = (read_json(context.run.cell_marker(plan.cell)) or {}).get("report", {})
        if "seconds" in report:
            found[plan.cell] = float(report["seconds"])
    return found


def _average_seeds(seconds: Mapping[Cell, float]) -> dict[Condition, float]:
    found: dict[Condition, list[float]] = {}
    for cell, value in seconds.items():
        found.setdefault(Condition.of(cell), []).append(value)
    return {key: sum(values) / len(values) for key, values in found.items()}


def _list_missing(context: Context, state: State) -> Iterable[str]:
    for key in state.open_corpora:
        yield f"the corpus {key} is not finished"
    for one in state.untrained:
        yield one.message
    for plan in state.open_cells:
        yield f"the cell {plan.cell.name} has no predictions"
    for failure in read_failures(context.run):
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


def corpus_card_data(context: Context, manifest: Manifest) -> ReportData:
    """Return what the dataset card of one corpus needs."""
    # a corpus brought along has no generator that anything could be said of
    generator = None if manifest.brought else context.models.generators[manifest.generator]
    return ReportData(
        run=RunPart(context.run.root.name, context.fingerprint),
        tasks=(task_part(context, manifest.task),),
        models=(ModelPart(generator.card, context.models.digest(generator)),) if generator else (),
    )
