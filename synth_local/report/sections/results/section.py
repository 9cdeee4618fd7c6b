"""The section on results: scores by task and student, with figures, labels and confusions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from synth_local.report.conditions import Condition, group_conditions, read_conditions
from synth_local.report.data import ReportData
from synth_local.report.html import heading, paragraph, terms
from synth_local.report.section import KB, Page, Section
from synth_local.report.sections.results.figure import make_score_panels
from synth_local.report.sections.results.generator_itself import format_student, list_cautions
from synth_local.report.sections.results.labels import (
    make_confusion_table,
    make_label_differences,
    make_label_table,
    write_confusions,
    write_labels,
)
from synth_local.report.sections.results.paired import TITLES, make_pair_table, write_pairs
from synth_local.report.sections.results.scores import make_pool_table, make_results_table
from synth_local.report.sections.results.study import make_study_table
from synth_local.report.tables import Table, drop_details, group_rows

STUDY = "Tasks from objective to subjective"
NO_POOL = "Nobody tried: that takes sources: [pool, pool+synthetic] in the run file."
TERMS = (
    ("macro-F1", "mean of the F1 over the task's labels: every label counts the same, however "
     "rare"),
    ("interval", "95 %, over other test items, other training seeds and, where there are repeats, "
     "other corpora; test items only: for these very students"),
    ("SD over seeds", "standard deviation over training seeds: how far chance in training alone "
     "moves the number; a deterministic student has none and is trained once"),
    ("failed training", "one that did not learn its own rows, calls all test items the same or "
     "lies far below its siblings; it stays in the mean, and conditions with one have no verdict"),
    ("Brier score", "how good the probabilities are: half the squared distance between them and "
     "the gold label, a mean over items; 0 is best, always 1/2 for each of two labels gives 0.25"),
    ("p (Holm)", "paired permutation test by test item, corrected over synthetic against real of "
     "this task, student and metric; about these very students"),
    ("pool", "the small real set that exemplars come from and that one might already have"),
)  # fmt: skip


def make_tables(data: ReportData) -> Iterator[Table]:
    """Yield the tables of scores, of labels and of pairs."""
    conditions = read_conditions(data)
    yield make_study_table(conditions, data.analysis)
    yield make_results_table(conditions, data.summary)
    yield make_pool_table(data, conditions)
    yield make_label_table(conditions)
    yield make_label_differences(data.summary)
    yield from (make_pair_table(data.summary, kind) for kind in TITLES)
    yield make_confusion_table(data, conditions)


def render(data: ReportData, page: Page) -> list[Markup]:
    """Return the blocks: by task and student a table, then what stands outside of these."""
    conditions = read_conditions(data)
    if not conditions:
        return [paragraph("No results.")]
    blocks = [page.draw("scores")]
    study = make_study_table(conditions, data.analysis)
    if study.rows:
        blocks += [heading(STUDY), page.show("results", study)]
    groups = group_conditions(conditions)
    shown = drop_details(make_results_table(conditions, data.summary))
    for task, of_task in group_rows(shown).items():
        part = next((one for one in data.tasks if one.name == task), None)
        for student, rows in group_rows(of_task).items():
            group = groups[task, student]
            blocks.append(heading(f"{task}, {format_student(student)}"))
            cautions = list_cautions(data, part, group) if part else ()
            if cautions:
                blocks.append(page.blocks.caution("What this generator has seen", cautions))
            blocks.append(page.show("results", rows))
            blocks += write_confusions(part.labels if part else (), group, page)
        blocks += write_labels(data.summary, task, page)
    blocks += _write_pool(data, conditions, page)
    blocks += write_pairs(data.summary, page)
    return [*blocks, page.blocks.fold("How to read these numbers", terms(TERMS))]


def _write_pool(data: ReportData, conditions: Sequence[Condition], page: Page) -> list[Markup]:
    title = heading("Does synthetic text help a small real set?")
    pool = make_pool_table(data, conditions)
    if not pool.rows:
        return [title, paragraph(NO_POOL, "undefined")]
    return [title, page.show("results", pool, has_empty_columns=True)]


SECTION = Section(
    id="results",
    title="Results",
    lead="Every training condition on the same real test items.",
    render=render,
    tables=make_tables,
    panels=lambda data: {"scores": make_score_panels(data)},
    room={"results": 740 * KB, "labels": 350 * KB, "confusions": 350 * KB},
    figure_room={"scores": 450 * KB},
)
