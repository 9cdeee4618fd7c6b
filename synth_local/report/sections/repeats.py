"""Corpora repeated from further seeds: tables and a section on an interval over corpora.

Pure. Where nothing was repeated, the section says what to write into the run file.
"""

from __future__ import annotations

from markupsafe import Markup

from synth_local.analyze.summary import Analysis, CorpusScore, RepeatedCorpora
from synth_local.records import Cell
from synth_local.report import columns as col
from synth_local.report.data import ReportData
from synth_local.report.html import paragraph, terms
from synth_local.report.section import KB, Page, Section
from synth_local.report.tables import Columns, Table, make_table, or_undefined

NOTHING = (
    "No corpus was repeated, so nothing here says how far another one of the same settings would "
    "lie: corpus_seeds: [1, 2, 3, 4] in the run file generates each corpus again from these seeds."
)
NOTE = (
    "Repeats stand here, in results.csv and among the corpora; results, comparisons and the gap "
    "by item above rest on the first corpora alone."
)
MEANINGS = (
    ("interval over corpora", "95 %, Student's t, corpora - 1 degrees of freedom. One value a "
     "corpus: its students' mean over training seeds. It says where the mean of many corpora of "
     "these settings lies, on these test items, with this pool and these training seeds; the "
     "intervals of the other parts resample test items and hold one corpus fixed"),
    ("gap to real", "the score of the real rows that the first corpus is compared with, minus the "
     "mean over corpora. The real score is held fixed: what moves it is not in this interval"),
    ("SD (corpora)", "standard deviation between the corpora's means. Chance in training is in it "
     "as well: corpora that are alike would lie about SD (seeds) / √seeds apart"),
    ("SD (seeds)", "standard deviation between training seeds on one corpus, averaged over the "
     "corpora"),
    ("a repeat", "the same settings, another seed of generation. Few-shot repeats draw their "
     "exemplars anew from the same pool, and the interval covers that"),
)  # fmt: skip


def make_repeat_table(analysis: Analysis) -> Table:
    """Return one row per condition: its mean over corpora, the spread and the gap to real."""
    columns: Columns[RepeatedCorpora] = (
        *col.condition(),
        col.count("num_corpora", "Corpora", lambda one: len(one.corpora)),
        col.interval(
            "macro_f1",
            "Macro-F1 (interval over corpora)",
            lambda one: or_undefined(one.macro_f1, one.reason),
        ),
        col.score("sd_corpora", "SD (corpora)", lambda one: one.sd),
        col.score("sd_seeds", "SD (seeds)", lambda one: one.sd_seeds),
        col.score("real", "Real, held fixed", lambda one: one.real),
        col.difference(
            "gap",
            "Gap to real (interval over corpora)",
            lambda one: None if one.real is None else or_undefined(one.gap, one.reason),
        ),
    )
    caption = "Macro-F1 over repeated corpora, with 95 % intervals over corpora."
    return make_table("repeats", caption, columns, analysis.repeats, num_headers=5)


def make_corpus_table(analysis: Analysis) -> Table:
    """Return one row per condition and corpus."""
    columns: Columns[tuple[RepeatedCorpora, CorpusScore]] = (
        *col.names(col.CONDITION[:-1], lambda pair: Cell.parse(pair[0].condition)),
        col.text("strategy", "Strategy", lambda pair: pair[1].strategy),
        col.count("num_train", "Rows", lambda pair: pair[1].num_rows),
        col.score("macro_f1", "Macro-F1", lambda pair: pair[1].macro_f1),
        col.score("macro_f1_sd", "SD (seeds)", lambda pair: pair[1].sd),
        col.score("gap", "Gap to real", lambda pair: pair[1].gap, is_signed=True),
    )
    caption = "The corpora behind the intervals, the first one of each condition first."
    pairs = [(repeat, corpus) for repeat in analysis.repeats for corpus in repeat.corpora]
    return make_table("repeated_corpora", caption, columns, pairs, num_headers=5, is_long=True)


def render(data: ReportData, page: Page) -> list[Markup]:
    """Return a row for each condition, and every corpus."""
    if not data.found.repeats:
        return [paragraph(NOTHING, "undefined")]
    return [
        paragraph(NOTE, "key"),
        page.show("repeats", make_repeat_table(data.found)),
        page.show("repeats", make_corpus_table(data.found), fold="Every corpus"),
        page.blocks.fold("How to read these figures", terms(MEANINGS)),
    ]


SECTION = Section(
    id="repeats",
    title="Corpora repeated",
    lead="Would another corpus of the same settings have said the same?",
    render=render,
    tables=lambda data: [make_repeat_table(data.found), make_corpus_table(data.found)],
    room={"repeats": 150 * KB},
)
