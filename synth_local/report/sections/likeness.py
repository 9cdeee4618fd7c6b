"""What tells synthetic texts from real ones: tables and a section.

Pure. Of real texts it has single words that several of them share, and no text.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from synth_local.measure.audit_records import Discrimination, TellingWord
from synth_local.report import columns as col
from synth_local.report.data import CorpusPart, ReportData
from synth_local.report.html import heading, paragraph, terms
from synth_local.report.section import KB, Page, Section
from synth_local.report.tables import Columns, Table, group_rows, make_table

NOTHING = "No corpus was set against real texts."
KEY = (
    "A classifier of words tries to tell synthetic texts from real training texts, as many of each "
    "label on both sides. AUC .5: it cannot; 1: it always can. It says whether texts are of one "
    "kind, not whether they are of use."
)
MEANINGS = (
    ("AUC", "of a synthetic and a real text drawn at random, how often the synthetic one looks "
     "more synthetic: area under the ROC curve, mean over 5 folds of cross-validation, equal texts "
     "in one fold. The 95 % interval is DeLong's within folds, widened (Nadeau and Bengio) because "
     "folds share training texts"),
    ("words", "those with the largest weights of the classifier, with the number of distinct texts "
     "that have them. A word of synthetic texts stands in at least 3 of them; a word of real texts "
     "in at least 5 different real texts, and is left out where it has a number of three digits, "
     "so that nobody's name or number is shown"),
)  # fmt: skip


def make_likeness_table(data: ReportData) -> Table:
    """Return one row per corpus that texts could be told apart of: AUC and telling words."""
    columns: Columns[tuple[CorpusPart, Discrimination]] = (
        *col.names(col.CORPUS, lambda pair: pair[0].manifest),
        col.interval("auc", "AUC", lambda pair: pair[1].auc),
        col.count("num_texts", "Texts a side", lambda pair: pair[1].num_texts),
        col.text(
            "synthetic_words",
            "Words of synthetic texts",
            lambda pair: _list_words([word for word in pair[1].words if word.weight > 0]),
        ),
        col.text(
            "real_words",
            "Words of real texts",
            lambda pair: _list_words([word for word in pair[1].words if word.weight < 0]),
        ),
    )
    caption = "How well a classifier of words tells synthetic texts from real ones."
    told_apart = [(part, found) for part, found in _list_tried(data) if found.auc]
    return make_table("likeness", caption, columns, told_apart, num_headers=3)


def _list_tried(data: ReportData) -> list[tuple[CorpusPart, Discrimination]]:
    """Return every corpus that was set against real texts, with what was found."""
    return [(part, part.likeness) for part in data.corpora if part.likeness]


def _list_words(words: Sequence[TellingWord]) -> str | None:
    return " ".join(word.word for word in words) or None


def make_word_table(data: ReportData) -> Table:
    """Return one row per corpus and telling word."""
    columns: Columns[tuple[CorpusPart, TellingWord]] = (
        *col.names(col.CORPUS, lambda pair: pair[0].manifest),
        col.text("side", "Speaks for", lambda pair: "synthetic" if pair[1].weight > 0 else "real"),
        col.text("word", "Word", lambda pair: pair[1].word),
        col.number("weight", "Weight", lambda pair: pair[1].weight, is_signed=True),
        col.count("num_synthetic", "Synthetic texts", lambda pair: pair[1].num_synthetic),
        col.count("num_real", "Real texts", lambda pair: pair[1].num_real),
    )
    caption = (
        "Words that tell synthetic texts from real ones, with distinct texts that have "
        "them; words of real texts stand in at least 5."
    )
    words = [(part, word) for part, found in _list_tried(data) for word in found.words]
    return make_table("telling_words", caption, columns, words, num_headers=5, is_long=True)


def render(data: ReportData, page: Page) -> list[Markup]:
    """Return by task: how well texts are told apart, and by which words."""
    tried = _list_tried(data)
    if not tried:
        return [paragraph(NOTHING, "undefined")]
    tables = group_rows(make_likeness_table(data))
    words = group_rows(make_word_table(data))
    blocks = [paragraph(KEY, "key")]
    for task in dict.fromkeys(part.manifest.task for part, _ in tried):
        blocks.append(heading(task))
        if task in tables:
            blocks.append(page.show("likeness", tables[task]))
        unsaid = [
            f"{part.name}: cannot be said because {found.why}."
            for part, found in tried
            if part.manifest.task == task and found.why
        ]
        blocks.append(page.blocks.caution("What cannot be said", unsaid))
        if task in words:
            blocks.append(page.show("likeness", words[task], fold="Every word"))
    return [*blocks, page.blocks.fold("How to read these figures", terms(MEANINGS))]


SECTION = Section(
    id="likeness",
    title="Synthetic or real",
    lead="Are the texts of the same kind as real ones?",
    render=render,
    tables=lambda data: [make_likeness_table(data), make_word_table(data)],
    room={"likeness": 60 * KB},
)
