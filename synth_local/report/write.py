"""The thin edge of the report: records in, files out.

Files are written atomically and always have the same bytes for the same records: no date, no path
of this machine, no random id.
"""

from __future__ import annotations

from pathlib import Path

from synth_local.core.files import write_text
from synth_local.report import figures
from synth_local.report.conditions import group_conditions, read_conditions
from synth_local.report.data import ReportData
from synth_local.report.figures import Drawing
from synth_local.report.page import FIGURE_LIMITS, Composer, render_report
from synth_local.report.panels import DotPanel, Panel, share_range
from synth_local.report.sections import (
    corpora,
    corpus_repeats,
    label_audit,
    learning,
    likeness,
    paired_rows,
    plots,
    results,
)
from synth_local.report.sections.ablation import make_ablation_table
from synth_local.report.sections.diversity import make_diversity_table, read_lines
from synth_local.report.sections.files_read import make_file_table
from synth_local.report.sections.study import make_study_table
from synth_local.report.sections.subjectivity import agreement, judged, over_tasks, panel
from synth_local.report.tables import Table, drop_empty_columns, select_columns, to_csv, to_latex
from synth_local.train.students import READ_NOTHING

# one row per label and condition: for programs, not for paper
LONG = (
    "labels",
    "confusions",
    "threshold_curves",
    "task_pairs",
    "learning_points",
    "repeated_corpora",
    "doubted_rows",
    "telling_words",
)
ANALYSIS_TABLES = (
    agreement.make_task_table,
    agreement.make_trend_table,
    agreement.make_across_table,
    over_tasks.make_over_table,
    agreement.make_level_table,
    agreement.make_curve_table,
    agreement.make_curve_line_table,
    judged.make_ranking_table,
    judged.make_pair_table,
    panel.make_panel_table,
    learning.make_learning_table,
    learning.make_point_table,
    corpus_repeats.make_repeat_table,
    corpus_repeats.make_corpus_table,
)


def write_report(data: ReportData, folder: Path, *, show_real: bool = False) -> list[Path]:
    """Write the report of a run: one page, figures and tables.

    Args:
        folder: the run's ``report`` folder; figures and tables of an earlier report that this one
            does not have are removed from its sub-folders.
        show_real: also show real texts beside the samples; the tables never hold any.

    Returns:
        The files, ``report.html`` first.

    Raises:
        MachineError: the folder cannot be written.
    """
    texts = render_files(data, show_real=show_real)
    for kind in ("figures", "tables"):
        for path in sorted((folder / kind).glob("*")):
            if path.suffix in (".svg", ".csv", ".tex") and f"{kind}/{path.name}" not in texts:
                path.unlink()
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]


def render_files(data: ReportData, *, show_real: bool = False) -> dict[str, str]:
    """Return the report's files as text, by their path in its folder."""
    drawings = draw_figures(data)
    composer = Composer(data, read_conditions(data), read_lines(data), drawings)
    files = {"report.html": render_report(composer, show_real=show_real)}
    for drawing in (one for group in drawings.values() for one in group):
        files[f"figures/{drawing.name}.svg"] = drawing.file
    for table in list_tables(data):
        files[f"tables/{table.name}.csv"] = to_csv(table)
        if table.name not in LONG:
            files[f"tables/{table.name}.tex"] = to_latex(_fit_paper(table))
    return files


def list_tables(data: ReportData) -> tuple[Table, ...]:
    """Return every table of the report that has rows, whole and unrounded."""
    conditions = read_conditions(data)
    tables = (
        make_study_table(conditions, data.analysis),
        results.make_results_table(conditions, data.summary),
        results.make_pool_table(data, conditions),
        results.make_label_table(conditions),
        paired_rows.make_label_differences(data.summary),
        *(paired_rows.make_pair_table(data.summary, kind) for kind in paired_rows.TITLES),
        results.make_confusion_table(data, conditions),
        label_audit.make_audit_table(data),
        label_audit.make_doubted_table(data),
        likeness.make_likeness_table(data),
        likeness.make_word_table(data),
        make_diversity_table(read_lines(data)),
        *(make(data.analysis) for make in ANALYSIS_TABLES if data.analysis),
        make_ablation_table(data),
        corpora.make_curation_table(data),
        corpora.make_corpus_table(data),
        corpora.make_split_table(data),
        make_file_table(data),
        corpora.make_seen_table(data),
        corpora.make_model_table(data),
        corpora.make_engine_table(data),
        corpora.make_seconds_table(data),
        corpora.make_software_table(data),
    )
    return tuple(table for table in tables if table.rows)


def _fit_paper(table: Table) -> Table:
    """Return the columns that a paper has room for."""
    if table.name == "results":
        table = select_columns(table, results.SHOWN)
    return drop_empty_columns(table)


def draw_figures(data: ReportData) -> dict[str, tuple[Drawing, ...]]:
    """Return the report's figures by section; those of one kind share their axis."""
    return {
        kind: tuple(figures.draw_panel(one, f"{kind}-{i}") for i, one in enumerate(group))
        for kind, group in list_panels(data).items()
    }


def list_panels(data: ReportData) -> dict[str, list[Panel]]:
    """Return what the report draws, by section."""
    lines = read_lines(data)
    panels: dict[str, list[Panel]] = {kind: [] for kind in FIGURE_LIMITS}
    panels["scores"] += share_range(_list_scores(data))
    for metric in plots.DRAWN:
        mine = [line for line in lines if line.metric == metric]
        panels["diversity"] += share_range(
            [
                panel
                for part in data.tasks
                for panel in plots.make_diversity_panels(
                    part.name, [line for line in mine if line.task == part.name]
                )
            ]
        )
    for part in data.tasks:
        corpora = data.find_corpora(part.name)
        if corpora:
            panels["curation"].append(plots.make_curation_panel(part.name, corpora))
    if data.analysis:
        panels["gaps"] += share_range(agreement.make_gap_panels(data.analysis))
        panels["curves"] += share_range(agreement.make_curve_panels(data.analysis))
        panels[learning.KIND] += learning.make_learning_panels(data.analysis)
    return panels


def _list_scores(data: ReportData) -> list[DotPanel]:
    """Return one figure per task and student; what reads nothing is the floor of the others."""
    floors = {one.task: one.value for one in data.summary.floors} if data.summary else {}
    return [
        plots.make_score_panel(task, student, group, floors.get(task))
        for (task, student), group in group_conditions(read_conditions(data)).items()
        if student not in READ_NOTHING
    ]
