"""The report's section about subjectivity: tables first, then figures, then what they mean.

Pure. Where nothing can be said, the section says why and stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from synth_local.analyze.judgements.records import JudgedTasks
from synth_local.analyze.summary import SHARED_NOTE, Analysis
from synth_local.report.data import ReportData
from synth_local.report.html import heading, paragraph, terms
from synth_local.report.panels import Panel, share_range
from synth_local.report.section import KB, Page, Section
from synth_local.report.sections.subjectivity import (
    agreement,
    curves,
    gaps,
    judged,
    over_tasks,
    panel,
)
from synth_local.report.tables import Table, drop_empty_columns, drop_undefined_rows, list_undefined

NO_PANEL = (
    "No generator was asked for the labels of the test texts: generator-itself under students does "
    "so, and its probabilities are the votes of a panel of machines."
)
CURVES = "Threshold curves, as in the study"
NO_TRENDS = (
    "No gap can be set against agreement: that takes several people's labels of the test items, "
    "and one student trained on real and on synthetic texts."
)
NO_ACROSS = (
    "No gap can be set against how objective tasks are: that takes four tasks with a gap, and "
    "people's agreement on their items or judgements of the tasks."
)
NO_CURVES = "They need several people's labels of the test items."
TABLES = (
    agreement.make_task_table,
    gaps.make_trend_table,
    gaps.make_across_table,
    over_tasks.make_over_table,
    gaps.make_level_table,
    curves.make_curve_table,
    curves.make_line_table,
    judged.make_ranking_table,
    judged.make_pair_table,
    panel.make_panel_table,
)


def make_panels(data: ReportData) -> Mapping[str, Sequence[Panel]]:
    """Return the gap by level of agreement, and the threshold curves; each kind has one axis."""
    return {
        "gaps": share_range(gaps.make_gap_panels(data.found)),
        "curves": share_range(curves.make_curve_panels(data.found)),
    }


def render(data: ReportData, page: Page) -> list[Markup]:
    """Return who agrees, the gap beside it, judgements of tasks, the panel, threshold curves."""
    analysis = data.analysis
    if analysis is None:
        return [paragraph("Nothing was analyzed.")]
    return [
        *_show_defined(agreement.make_task_table(analysis), "pair_agreement", page),
        *(paragraph(line, "undefined") for line in analysis.missing),
        *(paragraph(line, "key") for line in analysis.notes),
        *(_write_judged(analysis, analysis.judged, page) if analysis.judged else ()),
        *_write_trends(analysis, page),
        *_write_panel(analysis, page),
        *_write_across(analysis, page),
        *_write_curves(analysis, page),
        page.blocks.fold("How to read this", terms(_list_meanings(analysis))),
    ]


def _show_defined(table: Table, key: str, page: Page) -> list[Markup]:
    """Return the rows that have a value, and lines for what has none."""
    shown = drop_undefined_rows(table, key)
    missing = [paragraph(line, "undefined") for line in list_undefined(table, key)]
    return [page.show("subjectivity", shown), *missing] if shown.rows else missing


def _write_judged(analysis: Analysis, found: JudgedTasks, page: Page) -> list[Markup]:
    votes = page.blocks.table(judged.make_pair_table(analysis))
    folded = page.blocks.fold("The votes on each pair", votes)
    return [
        heading("Which tasks are more objective, as people judge them"),
        page.show("subjectivity", judged.make_ranking_table(analysis)),
        *(paragraph(line, "key") for line in judged.describe(found)),
        page.blocks.caution("Majorities that run in a circle", judged.list_cycles(found)),
        page.fit("subjectivity", folded, "tables/task_pairs.csv"),
    ]


def _write_trends(analysis: Analysis, page: Page) -> list[Markup]:
    title = heading("The gap to real, item by item")
    if not analysis.trends:
        return [title, paragraph(NO_TRENDS, "undefined")]
    levels = page.blocks.table(drop_empty_columns(gaps.make_level_table(analysis)))
    folded = page.blocks.fold("By level of agreement", levels)
    return [
        title,
        *_show_defined(gaps.make_trend_table(analysis), "slope", page),
        page.draw("gaps"),
        page.fit("subjectivity", folded, "tables/agreement_levels.csv"),
    ]


def _write_panel(analysis: Analysis, page: Page) -> list[Markup]:
    title = heading("A panel of machines")
    if not analysis.panel:
        return [title, paragraph(NO_PANEL, "undefined")]
    return [title, page.show("subjectivity", panel.make_panel_table(analysis))]


def _write_across(analysis: Analysis, page: Page) -> list[Markup]:
    blocks = [heading("From task to task")]
    if any(one.slope is not None for one in analysis.across):
        blocks += _show_defined(gaps.make_across_table(analysis), "slope", page)
    else:  # rows that all say the same are no table
        lines = dict.fromkeys(f"by {one.measure}: {one.reason}" for one in analysis.across)
        blocks += [paragraph(line, "undefined") for line in lines or (NO_ACROSS,)]
    if analysis.over:
        table = over_tasks.make_over_table(analysis)
        blocks.append(page.show("subjectivity", table, fold=over_tasks.TITLE))
    return blocks


def _write_curves(analysis: Analysis, page: Page) -> list[Markup]:
    lines = _show_defined(curves.make_line_table(analysis), "slope", page)
    if any(curve.slope is not None for curve in analysis.curves):
        parts = (paragraph(SHARED_NOTE, "key"), page.draw("curves"), *lines)
        return [page.blocks.fold(CURVES, Markup().join(parts))]
    return [heading(CURVES), *(lines or [paragraph(NO_CURVES, "undefined")])]


def _list_meanings(analysis: Analysis) -> tuple[tuple[str, str], ...]:
    return (
        *agreement.MEANINGS,
        *(judged.MEANINGS if analysis.judged else ()),
        *(panel.MEANINGS if analysis.panel else ()),
    )


SECTION = Section(
    id="subjectivity",
    title="Subjectivity",
    lead="Is synthetic text worse where people disagree?",
    render=render,
    tables=lambda data: [make(data.found) for make in TABLES],
    panels=make_panels,
    room={"subjectivity": 300 * KB},
    figure_room={"gaps": 200 * KB, "curves": 120 * KB},
)
