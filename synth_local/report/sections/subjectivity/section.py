"""The report's section about subjectivity: tables first, then figures, then what they mean.

Pure. Where nothing can be said, the section says why and stays.
"""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from synth_local.analyze.summary import SHARED_NOTE, Analysis
from synth_local.report.html import Blocks, Section, heading, paragraph, terms
from synth_local.report.sections.subjectivity import agreement, judged, over_tasks, panel
from synth_local.report.tables import Table, drop_empty_columns, drop_undefined_rows, list_undefined

KIND = "subjectivity"
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
TITLE, LEAD = "Subjectivity", "Is synthetic text worse where people disagree?"


def write_subjectivity(
    analysis: Analysis | None,
    blocks: Blocks,
    fit: Callable[[str, Markup, str], Markup],
    draw: Callable[[str], Markup],
) -> Section:
    """Return the section.

    Args:
        analysis: what was found; ``None`` where nothing was analyzed.
        fit: leaves out what the page has no room for.

    Returns:
        A section, in any case.
    """
    if analysis is None:
        return Section(KIND, TITLE, LEAD, (paragraph("Nothing was analyzed."),))

    def show(table: Table) -> Markup:
        body = blocks.table(drop_empty_columns(table))
        return fit(KIND, body, f"tables/{table.name}.csv")

    def show_defined(table: Table, key: str) -> list[Markup]:
        """Return the rows that have a value, and lines for what has none."""
        shown = drop_undefined_rows(table, key)
        missing = [paragraph(line, "undefined") for line in list_undefined(table, key)]
        return [show(shown), *missing] if shown.rows else missing

    found = show_defined(agreement.make_task_table(analysis), "pair_agreement")
    found += [paragraph(line, "undefined") for line in analysis.missing]
    found += [paragraph(line, "key") for line in analysis.notes]
    if analysis.judged:
        pairs = blocks.fold(
            "The votes on each pair", blocks.table(judged.make_pair_table(analysis))
        )
        found += [
            heading("Which tasks are more objective, as people judge them"),
            show(judged.make_ranking_table(analysis)),
            *(paragraph(line, "key") for line in judged.describe(analysis.judged)),
            blocks.caution("Majorities that run in a circle", judged.list_cycles(analysis.judged)),
            fit(KIND, pairs, "tables/task_pairs.csv"),
        ]
    found.append(heading("The gap to real, item by item"))
    if analysis.trends:
        levels = agreement.make_level_table(analysis)
        folded = blocks.fold("By level of agreement", blocks.table(drop_empty_columns(levels)))
        found += show_defined(agreement.make_trend_table(analysis), "slope")
        found += [draw("gaps"), fit(KIND, folded, "tables/agreement_levels.csv")]
    else:
        found.append(paragraph(NO_TRENDS, "undefined"))
    found += _show_panel(analysis, show)
    found += _show_across(analysis, show_defined)
    if analysis.over:
        table = drop_empty_columns(over_tasks.make_over_table(analysis))
        folded = blocks.fold(over_tasks.TITLE, blocks.table(table))
        found.append(fit(KIND, folded, f"tables/{table.name}.csv"))
    lines = show_defined(agreement.make_curve_line_table(analysis), "slope")
    if any(one.slope is not None for one in analysis.curves):
        parts = (paragraph(SHARED_NOTE, "key"), draw("curves"), *lines)
        found.append(blocks.fold(CURVES, Markup().join(parts)))
    else:
        found += [heading(CURVES), *(lines or [paragraph(NO_CURVES, "undefined")])]
    meanings = agreement.MEANINGS + (judged.MEANINGS if analysis.judged else ())
    meanings += panel.MEANINGS if analysis.panel else ()
    found.append(blocks.fold("How to read this", terms(meanings)))
    return Section(KIND, TITLE, LEAD, tuple(found))


def _show_across(analysis: Analysis, show: Callable[[Table, str], list[Markup]]) -> list[Markup]:
    found = [heading("From task to task")]
    if any(one.slope is not None for one in analysis.across):
        return [*found, *show(agreement.make_across_table(analysis), "slope")]
    # rows that all say the same are no table
    lines = dict.fromkeys(f"by {one.measure}: {one.reason}" for one in analysis.across)
    return found + [paragraph(line, "undefined") for line in lines or (NO_ACROSS,)]


def _show_panel(analysis: Analysis, show: Callable[[Table], Markup]) -> list[Markup]:
    title = heading("A panel of machines")
    if not analysis.panel:
        return [title, paragraph(NO_PANEL, "undefined")]
    return [title, show(panel.make_panel_table(analysis))]
