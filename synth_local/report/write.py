"""The thin edge of the report: records in, files out.

Files are written atomically and always have the same bytes for the same records: no date, no path
of this machine, no random id.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from synth_local.core.files import write_text
from synth_local.report.data import ReportData
from synth_local.report.figures import draw_panel
from synth_local.report.page import SECTIONS, render_report
from synth_local.report.panels import Panel
from synth_local.report.svg import Drawing
from synth_local.report.table_text import to_csv, to_latex
from synth_local.report.tables import Table, drop_details, drop_empty_columns


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
    files = {"report.html": render_report(data, drawings, show_real=show_real)}
    for drawing in (one for group in drawings.values() for one in group):
        files[f"figures/{drawing.name}.svg"] = drawing.file
    for table in list_tables(data):
        files[f"tables/{table.name}.csv"] = to_csv(table)
        if not table.is_long:
            files[f"tables/{table.name}.tex"] = to_latex(drop_empty_columns(drop_details(table)))
    return files


def list_tables(data: ReportData) -> tuple[Table, ...]:
    """Return every table of the report that has rows, whole and unrounded."""
    tables = (table for section in SECTIONS for table in section.tables(data))
    return tuple(table for table in tables if table.rows)


def list_panels(data: ReportData) -> dict[str, Sequence[Panel]]:
    """Return what the report draws, by kind."""
    panels: dict[str, Sequence[Panel]] = {}
    for section in SECTIONS:
        panels |= section.panels(data)
    return panels


def draw_figures(data: ReportData) -> dict[str, tuple[Drawing, ...]]:
    """Return the report's figures by kind; those of one kind share their axis."""
    return {
        kind: tuple(draw_panel(panel, f"{kind}-{i}") for i, panel in enumerate(group))
        for kind, group in list_panels(data).items()
    }
