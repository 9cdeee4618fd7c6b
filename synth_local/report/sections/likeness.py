"""What tells synthetic texts from real ones: tables and a section.

Pure. Of real texts it has single words that several of them share, and no text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from synth_local.measure.audit_records import TellingWord
from synth_local.report.data import ReportData
from synth_local.report.html import Blocks, Section, heading, paragraph, terms
from synth_local.report.sections.corpora import CORPUS_NAMES
from synth_local.report.tables import Column, Table, drop_empty_columns, group_rows

KIND = "likeness"
TITLE, LEAD = "Synthetic or real", "Are the texts of the same kind as real ones?"
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
    return Table(
        name="likeness",
        caption="How well a classifier of words tells synthetic texts from real ones.",
        columns=(
            *CORPUS_NAMES,
            Column("auc", "AUC", "interval"),
            Column("num_texts", "Texts a side", "count"),
            Column("synthetic_words", "Words of synthetic texts"),
            Column("real_words", "Words of real texts"),
        ),
        rows=tuple(
            (
                *part.names,
                part.likeness.auc,
                part.likeness.num_texts,
                _list_words([one for one in part.likeness.words if one.weight > 0]),
                _list_words([one for one in part.likeness.words if one.weight < 0]),
            )
            for part in data.corpora
            if part.likeness and part.likeness.auc
        ),
        num_headers=3,
    )


def _list_words(words: Sequence[TellingWord]) -> str | None:
    return " ".join(one.word for one in words) or None


def make_word_table(data: ReportData) -> Table:
    """Return one row per corpus and telling word."""
    return Table(
        name="telling_words",
        caption="Words that tell synthetic texts from real ones, with distinct texts that have "
        "them; words of real texts stand in at least 5.",
        columns=(
            *CORPUS_NAMES,
            Column("side", "Speaks for"),
            Column("word", "Word"),
            Column("weight", "Weight", "number", is_signed=True),
            Column("num_synthetic", "Synthetic texts", "count"),
            Column("num_real", "Real texts", "count"),
        ),
        rows=tuple(
            (
                *part.names,
                "synthetic" if one.weight > 0 else "real",
                *(one.word, one.weight, one.num_synthetic, one.num_real),
            )
            for part in data.corpora
            if part.likeness
            for one in part.likeness.words
        ),
        num_headers=5,
    )


def write_likeness(
    data: ReportData, blocks: Blocks, fit: Callable[[str, Markup, str], Markup]
) -> Section:
    """Return the section.

    Args:
        fit: leaves out what the page has no room for.

    Returns:
        A section, in any case.
    """
    tried = [part for part in data.corpora if part.likeness]
    if not tried:
        return Section(KIND, TITLE, LEAD, (paragraph(NOTHING, "undefined"),))
    tables = dict(group_rows(make_likeness_table(data), 0))
    words = dict(group_rows(make_word_table(data), 0))
    found = [paragraph(KEY, "key")]
    for task in dict.fromkeys(part.manifest.task for part in tried):
        found.append(heading(task))
        if task in tables:
            body = blocks.table(drop_empty_columns(tables[task]))
            found.append(fit(KIND, body, "tables/likeness.csv"))
        unsaid = [
            f"{part.name}: cannot be said because {part.likeness.why}."
            for part in tried
            if part.manifest.task == task and part.likeness and part.likeness.why
        ]
        found.append(blocks.caution("What cannot be said", unsaid))
        if task in words:
            folded = blocks.fold("Every word", blocks.table(drop_empty_columns(words[task])))
            found.append(fit(KIND, folded, "tables/telling_words.csv"))
    found.append(blocks.fold("How to read these figures", terms(MEANINGS)))
    return Section(KIND, TITLE, LEAD, tuple(found))
