"""Diversity and similarity of the corpora: each measure beside that of real texts.

Pure: says what each measure means, puts the lines into tables and draws them. Computes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from synth_local.records import Interval
from synth_local.report import columns as col
from synth_local.report.data import AFTER, BEFORE, Line, ReportData
from synth_local.report.html import heading, paragraph, terms
from synth_local.report.panels import Dot, DotPanel, Panel, share_range
from synth_local.report.section import KB, Page, Section
from synth_local.report.table_text import slugify
from synth_local.report.tables import Columns, Table, Undefined, Value, group_rows, make_table


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
KEY = (
    "Filled marks: after curation, with the same deduplication applied to the real texts; hollow "
    "marks: before it. Bars are intervals from subsampling without replacement; some have none."
)
# metrics that have a figure of their own
DRAWN = ("remote_clique", "chamfer", "similarity_to_real")
#: One measure of a corpus, before and after curation.
Stages = dict[str, Line]


def list_meanings(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Return what each measure of the lines is called and means, the lexical ones left out."""
    used = {line.metric: line.is_surface for line in lines if line.metric in METRICS}
    return [
        (format_metric(metric, is_surface=is_surface), METRICS[metric].meaning)
        for metric, is_surface in used.items()
    ]


def read_lines(data: ReportData) -> tuple[Line, ...]:
    """Return every measure of every corpus, in the corpora's order."""
    return tuple(line for part in data.corpora for line in part.measures or ())


def make_diversity_table(lines: Sequence[Line]) -> Table:
    """Return one row per corpus, metric and stage: the value and the real texts beside it."""
    columns: Columns[Line] = (
        *col.names((*col.CORPUS, "label")),
        col.text("metric", "Measure", _format_line),
        col.text("stage", "Stage", lambda line: line.stage),
        col.interval("synthetic", "Synthetic", lambda line: line.value),
        col.interval("real", "Real", lambda line: line.real),
        col.count("num_texts", "Texts", lambda line: line.num_texts),
    )
    return make_table("diversity", CAPTION, columns, lines, num_headers=6)


def _format_line(line: Line) -> str:
    return format_metric(line.metric, is_surface=line.is_surface)


def make_diversity_matrix(lines: Sequence[Line]) -> Table:
    """Return one row per measure and corpus: synthetic and real, before and after curation."""
    stages: dict[tuple[str, ...], Stages] = {}
    for line in lines:
        key = (line.task, line.metric, line.generator, line.strategy, line.label)
        stages.setdefault(key, {})[line.stage] = line
    metrics = list(dict.fromkeys(line.metric for line in lines))
    tasks = list(dict.fromkeys(line.task for line in lines))
    order = sorted(stages, key=lambda key: (tasks.index(key[0]), metrics.index(key[1])))
    columns: Columns[Stages] = (
        *col.names(("task",), _pick_shown),
        col.text("metric", "Measure", lambda found: _format_line(_pick_shown(found))),
        *col.names(("generator", "strategy", "label"), _pick_shown),
        col.interval("before", "Synthetic, before", _read(BEFORE, lambda line: line.value)),
        col.interval("before_real", "Real, before", _read(BEFORE, lambda line: line.real)),
        col.interval("after", "Synthetic, after curation", _read(AFTER, lambda line: line.value)),
        col.interval("after_real", "Real, after", _read(AFTER, lambda line: line.real)),
        col.count("num_texts", "Texts", lambda found: _pick_shown(found).num_texts),
    )
    return make_table("diversity", CAPTION, columns, [stages[key] for key in order], num_headers=5)


def _pick_shown(stages: Stages) -> Line:
    return stages.get(AFTER) or stages[BEFORE]


def _read(stage: str, get: Callable[[Line], Value]) -> Callable[[Stages], Value]:
    """Return what reads a value of the line of one stage; empty where there is none."""
    return lambda stages: get(stages[stage]) if stage in stages else None


def format_metric(metric: str, *, is_surface: bool) -> str:
    """Return a metric's name for readers; ``surface`` where vectors count characters."""
    if metric not in METRICS:
        return metric.replace("_", " ")  # lexical: no vectors
    title = METRICS[metric].title
    return f"Surface {title.replace('Similarity', 'similarity')}" if is_surface else title


def make_diversity_panels(task: str, lines: Sequence[Line]) -> tuple[DotPanel, ...]:
    """Return one panel per drawn metric: real texts and every corpus, over all labels."""
    panels = []
    for metric in DRAWN:
        mine = [line for line in lines if line.metric == metric and not line.label]
        dots = _pair_lines(mine)
        if dots:
            name = format_metric(metric, is_surface=mine[0].is_surface)
            panels.append(
                DotPanel(
                    name=f"{metric}__{slugify(task)}",
                    title=f"{name}: {task}",
                    x_label=f"{name} ({METRICS[metric].short})",
                    dots=dots,
                )
            )
    return tuple(panels)


def _pair_lines(lines: Sequence[Line]) -> tuple[Dot, ...]:
    """Return one row per corpus, and the real texts that stand beside it."""
    dots = []
    for name in dict.fromkeys(line.name for line in lines):
        found = {line.stage: line for line in lines if line.name == name}
        shown = found.get(AFTER) or found.get(BEFORE)
        if shown is None:
            continue
        before = found[BEFORE] if AFTER in found and BEFORE in found else None
        for group, label, attribute in (("real", f"real, beside {name}", "real"),
                                        ("synthetic", name, "value")):  # fmt: skip
            value = getattr(shown, attribute)
            earlier = getattr(before, attribute) if before else None
            if value is None:
                continue
            note = str(value) if isinstance(value, Undefined) else ""
            dots.append(Dot(label, group, _mark(value), before=_mark(earlier), note=note))
    return tuple(dots)


def _mark(value: Interval | float | Undefined | None) -> Interval | None:
    """Return what is drawn: a value without an interval is a mark without a bar."""
    if value is None or isinstance(value, Undefined):
        return None
    return value if isinstance(value, Interval) else Interval(value, value, value)


def make_panels(data: ReportData) -> Mapping[str, Sequence[Panel]]:
    """Return the figures of all tasks; those of one metric have one axis."""
    lines = read_lines(data)
    panels: list[Panel] = []
    for metric in DRAWN:
        mine = [line for line in lines if line.metric == metric]
        drawn = [
            panel
            for part in data.tasks
            for panel in make_diversity_panels(
                part.name, [line for line in mine if line.task == part.name]
            )
        ]
        panels += share_range(drawn)
    return {"diversity": panels}


def render(data: ReportData, page: Page) -> list[Markup]:
    """Return the measures of every corpus beside those of real texts."""
    lines = read_lines(data)
    if not lines:
        return []
    matrix = make_diversity_matrix([line for line in lines if not line.label])
    by_label = group_rows(make_diversity_matrix([line for line in lines if line.label]))
    name = data.run.embedder
    blocks = [paragraph(f"Embedder: {name}." if name else "The embedder is not named.", "key")]
    if any(line.is_surface for line in lines):
        blocks.append(paragraph(SURFACE_NOTE, "key"))
    blocks += [page.draw("diversity"), paragraph(KEY, "key")]
    for task, rows in group_rows(matrix).items():
        blocks += [heading(task), page.show("diversity", rows)]
        if task in by_label:
            blocks.append(page.show("diversity", by_label[task], fold="By label"))
    return [*blocks, page.blocks.fold("What these measure", terms(list_meanings(lines)))]


SECTION = Section(
    id="diversity",
    title="Diversity beside real",
    lead="Are the synthetic texts as varied as real ones, and how close are they?",
    render=render,
    nothing="No corpus was measured.",
    tables=lambda data: [make_diversity_table(read_lines(data))],
    panels=make_panels,
    room={"diversity": 250 * KB},
    figure_room={"diversity": 200 * KB},
)
