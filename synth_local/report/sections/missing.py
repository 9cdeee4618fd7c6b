"""The section on everything that was planned or defined and is not there."""

from __future__ import annotations

from markupsafe import Markup

from synth_local.report.data import ReportData, list_gaps
from synth_local.report.html import paragraph
from synth_local.report.section import Page, Section


def render(data: ReportData, page: Page) -> list[Markup]:
    """Return a line for each gap, or that there is none."""
    gaps = list_gaps(data)
    if not gaps:
        return [paragraph("Everything that the run file asks for is in this report.")]
    lines = page.blocks.caution(f"Missing: {len(gaps)}", gaps)
    return [page.fit("provenance", lines, "the run's log")]


SECTION = Section(id="missing", title="What is missing", render=render)
