"""The first screen of the report: for each task its verdict, one figure, and what limits it.

Pure. What it says is spelled in ``headline``; here it is put together.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from synth_local.report.conditions import read_conditions
from synth_local.report.data import ReportData, list_gaps
from synth_local.report.headline import Headline, write_headlines
from synth_local.report.html import paragraph, terms
from synth_local.report.section import Page, Section
from synth_local.report.sections.results import generator_itself
from synth_local.report.sections.results.figure import name_score_panel
from synth_local.train.students import BASELINE_STUDENTS, GENERATOR_AS_CLASSIFIER

MOST_GAPS = 5
#: More rows than these are folded.
MOST_OTHERS = 8
NOTHING = "No student was evaluated in this run, so there is no answer yet."
FIGURE_KEY = (
    "Figures: marks are means over trainings with 95 % intervals (test items, seeds and, where "
    "they were repeated, corpora), small dots single trainings, crosses failed ones. The dashed "
    "line is real, the dotted line the floor: the score of one that has learnt nothing."
)
READ_NOTHING_NOTE = (
    "The students majority and text-length read nothing; they stand among the results to show what "
    "a score is worth."
)
MEANINGS = (
    ("difference", "macro-F1 of the synthetic side minus that of its partner on the same test "
     "texts: below 0 the synthetic side loses"),
    ("as good within the margin", "the whole interval of the loss lies below the margin of the run "
     "file"),
    ("worse", "the whole interval of the loss lies above the margin"),
    ("helps, harms", "texts were added: the whole interval of the difference is above 0, or below"),
    ("open", "the interval holds both: these data do not tell"),
    ("no verdict", "a training failed, or there is one training only of a student that draws "
     "random numbers, or real texts taught the student nothing, or the generator has seen them"),
    ("for this corpus", "one corpus was made: another of the same settings may do better or worse; "
     "corpus_seeds in the run file repeats it"),
)  # fmt: skip


def render(data: ReportData, page: Page) -> list[Markup]:
    """Return the answers and what all of them share."""
    headlines = write_headlines(data)
    blocks = [_write_cards(headlines, page) if headlines else paragraph(NOTHING)]
    gaps = list_gaps(data)
    if gaps:
        more = len(gaps) - MOST_GAPS
        lines = gaps[:MOST_GAPS] + ([f"and {more} more, listed below"] if more > 0 else [])
        blocks.append(page.blocks.caution("Something is missing from this run", lines))
    students = {condition.student for condition in read_conditions(data)}
    if headlines:
        blocks.append(paragraph(FIGURE_KEY, "key"))
    notes = [READ_NOTHING_NOTE] if students & set(BASELINE_STUDENTS) else []
    notes += [generator_itself.NOTE] if GENERATOR_AS_CLASSIFIER in students else []
    notes += data.summary.notes if data.summary else ()
    if notes:
        body = terms(MEANINGS) + Markup().join(paragraph(note, "key") for note in notes)
        blocks.append(page.blocks.fold("How to read these answers", body))
    return blocks


def _write_cards(headlines: Sequence[Headline], page: Page) -> Markup:
    cards = []
    for headline in headlines:
        others = page.blocks.table(headline.others) if headline.others.rows else Markup("")
        if len(headline.others.rows) > MOST_OTHERS:
            others = page.blocks.fold(f"{len(headline.others.rows)} other answers", others)
        figure = page.draw("scores", [name_score_panel(headline.task, headline.student)])
        cards.append((headline, figure, others))
    return page.blocks.answer(cards)


SECTION = Section(id="answer", title="The answer", render=render, is_folded=False)
