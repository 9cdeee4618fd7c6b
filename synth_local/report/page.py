"""What stands on the page, in which order: the list of sections, and the document around them.

Pure: records in, one HTML document out. What is left out is named, with the file that has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synth_local.report.conditions import read_conditions
from synth_local.report.data import ReportData
from synth_local.report.html import Document, PagePart, paragraph
from synth_local.report.section import Page, Section
from synth_local.report.sections import (
    ablation,
    answer,
    curation,
    diversity,
    label_audit,
    learning,
    likeness,
    missing,
    provenance,
    repeats,
    samples,
    seen,
)
from synth_local.report.sections.results import section as results
from synth_local.report.sections.subjectivity import section as subjectivity
from synth_local.report.svg import Drawing

SECTIONS = (
    answer.SECTION,
    results.SECTION,
    subjectivity.SECTION,
    learning.SECTION,
    ablation.SECTION,
    repeats.SECTION,
    label_audit.SECTION,
    likeness.SECTION,
    diversity.SECTION,
    curation.SECTION,
    seen.SECTION,
    samples.SECTION,
    provenance.SECTION,
    missing.SECTION,
)


def start_page(drawings: Mapping[str, Sequence[Drawing]], *, show_real: bool = False) -> Page:
    """Return an empty page with the room of all sections; together they stay under 5 MB."""
    room = {kind: size for section in SECTIONS for kind, size in section.room.items()}
    figures = {kind: size for section in SECTIONS for kind, size in section.figure_room.items()}
    return Page(drawings, room, figures, show_real=show_real)


def render_report(
    data: ReportData, drawings: Mapping[str, Sequence[Drawing]], *, show_real: bool = False
) -> str:
    """Put all sections together.

    Args:
        drawings: by kind.
        show_real: also show real texts beside the samples.

    Returns:
        One HTML document that needs no other file.
    """
    page = start_page(drawings, show_real=show_real)
    document = Document(
        title=f"{data.run.name}: synthetic against real training text",
        name=data.run.name,
        scope=" · ".join(_list_scope(data)),
        fingerprint=data.run.fingerprint,
        created=data.run.created,
        privacy=_format_privacy(data, show_real=show_real),
        sections=tuple(_render_section(section, data, page) for section in SECTIONS),
    )
    return page.blocks.page(document)


def _render_section(section: Section, data: ReportData, page: Page) -> PagePart:
    blocks = tuple(section.render(data, page))
    lead = section.lead if blocks else ""
    blocks = blocks or (paragraph(section.nothing),)
    return PagePart(section.id, section.title, lead, blocks, section.is_folded)


def _format_privacy(data: ReportData, *, show_real: bool) -> str:
    privacy = (
        "This report shows real texts: treat it like the data themselves."
        if show_real
        else "This report shows synthetic texts only; real texts are not shown."
    )
    if data.brought:
        privacy += f" Texts brought along ({', '.join(data.brought)}) are shown as they came."
    return privacy


def _list_scope(data: ReportData) -> list[str]:
    generators = [model.name for model in data.models if model.card.role == "generator"]
    students = dict.fromkeys(condition.student for condition in read_conditions(data))
    scope = [f"Tasks: {', '.join(task.name for task in data.tasks)}"]
    scope += [f"generators: {', '.join(generators)}"] if generators else []
    scope += [f"corpora brought along: {', '.join(data.brought)}"] if data.brought else []
    scope += [f"students: {', '.join(students)}"] if students else []
    return scope
