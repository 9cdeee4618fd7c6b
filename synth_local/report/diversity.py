"""Diversity and similarity of the corpora as lines: one metric, one corpus, real beside it.

Pure: turns the measures of ``measure`` into what tables and figures show. Computes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synth_local.records import Interval
from synth_local.report.data import ReportData
from synth_local.report.tables import Column, Table, Undefined

BEFORE, AFTER = "before curation", "after curation"


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


@dataclass(frozen=True, slots=True)
class Line:
    """One metric of one corpus.

    Attributes:
        task: the task's name.
        generator: the generator's name.
        strategy: the strategy's name.
        stage: ``before curation`` or ``after curation``.
        label: the label's name; empty over all labels.
        metric: a key of ``METRICS`` or another name.
        value: of the synthetic texts.
        real: of the real texts beside them, or ``None`` where there is no such value.
        num_texts: texts on each side, or ``None`` where nobody says.
    """

    task: str
    generator: str
    strategy: str
    stage: str
    label: str
    metric: str
    value: Interval | Undefined
    real: Interval | Undefined | None = None
    num_texts: int | None = None

    @property
    def name(self) -> str:
        """Return ``<generator> <strategy>``."""
        return f"{self.generator} {self.strategy}"


def read_lines(data: ReportData) -> tuple[Line, ...]:
    """Return every measure of every corpus, in the corpora's order."""
    return ()


def make_diversity_table(lines: Sequence[Line]) -> Table:
    """Return one row per corpus, metric and stage: the value and the real texts beside it."""
    return Table(
        name="diversity",
        caption="Each measure of the synthetic texts beside that of as many real texts with the "
        "same label mix, with intervals in brackets.",
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
                METRICS[line.metric].title if line.metric in METRICS else line.metric,
                line.stage,
                line.value,
                line.real,
                line.num_texts,
            )
            for line in lines
        ),
        num_headers=6,
    )
