"""Corpora repeated from further seeds: tables and a section on an interval over corpora.

Pure. Where nothing was repeated, the section says what to write into the run file.
"""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from synth_local.analyze.summary import Analysis, RepeatedCorpora
from synth_local.records import Interval
from synth_local.report.html import Blocks, Section, paragraph, terms
from synth_local.report.sections.results import CONDITION_NAMES
from synth_local.report.sections.subjectivity.agreement import split_condition
from synth_local.report.tables import Column, Table, Undefined, Value, drop_empty_columns

KIND = "repeats"
TITLE = "Corpora repeated"
LEAD = "Would another corpus of the same settings have said the same?"
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
    return Table(
        name="repeats",
        caption="Macro-F1 over repeated corpora, with 95 % intervals over corpora.",
        columns=(
            *CONDITION_NAMES,
            Column("num_corpora", "Corpora", "count"),
            Column("macro_f1", "Macro-F1 (interval over corpora)", "interval"),
            Column("sd_corpora", "SD (corpora)", "score"),
            Column("sd_seeds", "SD (seeds)", "score"),
            Column("real", "Real, held fixed", "score"),
            Column("gap", "Gap to real (interval over corpora)", "interval", is_signed=True),
        ),
        rows=tuple(_repeat_row(one) for one in analysis.repeats),
        num_headers=5,
    )


def _repeat_row(one: RepeatedCorpora) -> tuple[Value, ...]:
    return (
        *split_condition(one.condition),
        len(one.corpora),
        _or_reason(one.macro_f1, one.reason),
        one.sd,
        one.sd_seeds,
        one.real,
        None if one.real is None else _or_reason(one.gap, one.reason),
    )


def _or_reason(value: Interval | None, reason: str) -> Value:
    return Undefined(reason) if value is None else value


def make_corpus_table(analysis: Analysis) -> Table:
    """Return one row per condition and corpus."""
    return Table(
        name="repeated_corpora",
        caption="The corpora behind the intervals, the first one of each condition first.",
        columns=(
            *CONDITION_NAMES,
            Column("num_train", "Rows", "count"),
            Column("macro_f1", "Macro-F1", "score"),
            Column("macro_f1_sd", "SD (seeds)", "score"),
            Column("gap", "Gap to real", "score", is_signed=True),
        ),
        rows=tuple(
            (
                *split_condition(one.condition)[:4],
                corpus.strategy,
                corpus.num_rows,
                corpus.macro_f1,
                corpus.sd,
                corpus.gap,
            )
            for one in analysis.repeats
            for corpus in one.corpora
        ),
        num_headers=5,
    )


def write_repeats(
    analysis: Analysis | None, blocks: Blocks, fit: Callable[[str, Markup, str], Markup]
) -> Section:
    """Return the section.

    Args:
        analysis: what was found; ``None`` where nothing was analyzed.
        fit: leaves out what the page has no room for.

    Returns:
        A section, in any case.
    """
    if analysis is None or not analysis.repeats:
        return Section(KIND, TITLE, LEAD, (paragraph(NOTHING, "undefined"),))
    table, corpora = make_repeat_table(analysis), make_corpus_table(analysis)
    body = blocks.table(drop_empty_columns(table))
    folded = blocks.fold("Every corpus", blocks.table(drop_empty_columns(corpora)))
    found = (
        paragraph(NOTE, "key"),
        fit(KIND, body, f"tables/{table.name}.csv"),
        fit(KIND, folded, f"tables/{corpora.name}.csv"),
        blocks.fold("How to read these figures", terms(MEANINGS)),
    )
    return Section(KIND, TITLE, LEAD, found)
