"""The section that shows a few texts of every corpus."""

from __future__ import annotations

from markupsafe import Markup

from synth_local.report.data import CorpusPart, ReportData
from synth_local.report.html import paragraph
from synth_local.report.section import KB, Page, Section

MAX_SAMPLE = 1500


def render(data: ReportData, page: Page) -> list[Markup]:
    """Return the texts of each corpus, folded; real ones beside them only where asked for."""
    blocks = [
        page.fit("samples", _write_corpus(part, page), "the corpus itself")
        for part in data.corpora
        if part.samples
    ]
    return blocks or [paragraph("No samples.")]


def _write_corpus(part: CorpusPart, page: Page) -> Markup:
    body = page.blocks.samples(part.samples, show_real=page.show_real, limit=MAX_SAMPLE)
    return page.blocks.fold(f"{part.manifest.task} · {part.name}", body)


SECTION = Section(
    id="samples",
    title="Samples",
    lead="A few synthetic texts of every corpus and label.",
    render=render,
    room={"samples": 350 * KB},
)
