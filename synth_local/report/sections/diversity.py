"""Diversity and similarity of the corpora as lines: one metric, one corpus, real beside it.

Pure: says what each metric means and puts the lines into a table. Computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synth_local.report.data import AFTER, BEFORE, Line, ReportData
from synth_local.report.tables import Column, Table, Value


@dataclass(frozen=True, slots=True)
class Metric:
    """How a metric is called and what it says; ``short`` says which way is more diverse."""

    title: str
    short: str
    meaning: str


METRICS = {
    "remote_clique": Metric(
        "Remote Clique",
        "higher is more diverse",
        "mean distance (1 - cosine) of a text to all others: how far the texts spread. "
        "Cox et al. 2021, Directed Diversity.",
    ),
    "chamfer": Metric(
        "Chamfer",
        "higher is more diverse",
        "mean distance (1 - cosine) of a text to its nearest other text: how rarely texts repeat "
        "each other. Cox et al. 2021, Directed Diversity.",
    ),
    "similarity_to_real": Metric(
        "Similarity to real",
        "higher is closer",
        "mean of a real text's 5 highest cosines to the synthetic texts; beside it the same "
        "between real texts.",
    ),
}


CAPTION = (
    "Each measure of the synthetic texts beside that of as many real texts with the same label "
    "mix, with intervals in brackets where there are any. Distance is 1 - cosine."
)
SURFACE_NOTE = (
    "No embedder was named, so texts are compared by their characters: what is called surface is "
    "about spelling, not meaning, and is not comparable with values of a sentence embedder."
)


def list_meanings(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Return what each measure of the lines is called and means, the lexical ones left out."""
    used = {line.metric: line.is_surface for line in lines if line.metric in METRICS}
    return [
        (spell_metric(metric, is_surface=is_surface), METRICS[metric].meaning)
        for metric, is_surface in used.items()
    ]


def read_lines(data: ReportData) -> tuple[Line, ...]:
    """Return every measure of every corpus, in the corpora's order."""
    return tuple(line for part in data.corpora for line in part.measures or ())


def make_diversity_table(lines: Sequence[Line]) -> Table:
    """Return one row per corpus, metric and stage: the value and the real texts beside it."""
    return Table(
        name="diversity",
        caption=CAPTION,
        columns=(
            Column("task", "Task"),
            Column("generator", "Generator"),
            Column("strategy", "Strategy"),
            Column("label", "Label"),
            Column("metric", "Measure"),
            Column("stage", "Stage"),
            Column("synthetic", "Synthetic", "interval"),
            Column("real", "Real", "interval"),
            Column("num_texts", "Texts", "count"),
        ),
        rows=tuple(
            (
                line.task,
                line.generator,
                line.strategy,
                line.label or None,
                spell_metric(line.metric, is_surface=line.is_surface),
                line.stage,
                line.value,
                line.real,
                line.num_texts,
            )
            for line in lines
        ),
        num_headers=6,
    )


def make_diversity_matrix(lines: Sequence[Line]) -> Table:
    """Return one row per measure and corpus: synthetic and real, before and after curation."""
    groups: dict[tuple[str, ...], dict[str, Line]] = {}
    for line in lines:
        key = (line.task, line.metric, line.generator, line.strategy, line.label)
        groups.setdefault(key, {})[line.stage] = line
    metrics = list(dict.fromkeys(line.metric for line in lines))
    tasks = list(dict.fromkeys(line.task for line in lines))
    order = sorted(groups, key=lambda key: (tasks.index(key[0]), metrics.index(key[1])))
    return Table(
        name="diversity",
        caption=CAPTION,
        columns=(
            Column("task", "Task"),
            Column("metric", "Measure"),
            Column("generator", "Generator"),
            Column("strategy", "Strategy"),
            Column("label", "Label"),
            Column("before", "Synthetic, before", "interval"),
            Column("before_real", "Real, before", "interval"),
            Column("after", "Synthetic, after curation", "interval"),
            Column("after_real", "Real, after", "interval"),
            Column("num_texts", "Texts", "count"),
        ),
        rows=tuple(_matrix_row(key, groups[key]) for key in order),
        num_headers=5,
    )


def _matrix_row(key: tuple[str, ...], stages: Mapping[str, Line]) -> tuple[Value, ...]:
    task, metric, generator, strategy, label = key
    before, after = stages.get(BEFORE), stages.get(AFTER)
    shown = after or before
    return (
        task,
        spell_metric(metric, is_surface=bool(shown and shown.is_surface)),
        generator,
        strategy,
        label or None,
        *((before.value, before.real) if before else (None, None)),
        *((after.value, after.real) if after else (None, None)),
        shown.num_texts if shown else None,
    )


def spell_metric(metric: str, *, is_surface: bool) -> str:
    """Return a metric's name for readers; ``surface`` where vectors count characters."""
    if metric not in METRICS:
        return metric.replace("_", " ")  # lexical: no vectors
    title = METRICS[metric].title
    return f"Surface {title.replace('Similarity', 'similarity')}" if is_surface else title
