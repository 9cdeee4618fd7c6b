"""The ablation as a table: generator x strategy x shots x size, what it cost beside what it gave.

Pure. One row per student that was trained on synthetic texts alone, smaller cuts of a corpus
included, repeats of it left out; what reads nothing and what was not trained stands elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from synth_local.curate.cost import Cost, cost_of
from synth_local.evaluate.summary import Condition as Trained
from synth_local.report import columns as col
from synth_local.report.conditions import Condition, read_conditions
from synth_local.report.data import ReportData
from synth_local.report.html import heading, paragraph, terms
from synth_local.report.section import KB, Page, Section
from synth_local.report.tables import (
    Columns,
    Table,
    Undefined,
    Value,
    group_rows,
    make_table,
    or_undefined,
)
from synth_local.train.students import BASELINE_STUDENTS, GENERATOR_AS_CLASSIFIER

NOTHING = (
    "No student was trained on synthetic texts alone: sources: [real, synthetic] in the run file, "
    "with more than one generator, strategy or learning_curve size, makes an ablation."
)
DEVICES = {"cpu": "CPU", "cuda": "GPU"}
MEANINGS = (
    ("cost", "of the rows that were trained on: what the corpus cost, refused texts included, "
     "shared evenly over its accepted rows"),
    ("seconds", "of generation, summed over shards and GPUs; on a CPU those of the whole machine, "
     "so that they compare on like machines only"),
    ("seconds per useful row", "per accepted row: refused texts and texts beyond the number that "
     "was asked for make it higher"),
    ("refused", "share of the texts of the whole corpus that were dropped, surplus not counted"),
    ("training seconds", "mean over seeds; steps follow from the rows trained on"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Share:
    """What the rows that a student was trained on cost, as the table has it."""

    tokens: Value = None
    device: Value = None
    seconds: Value = None
    seconds_per_row: Value = None
    refused_share: Value = None


def make_ablation_table(data: ReportData) -> Table:
    """Return one row per task, student, generator, strategy and number of rows."""
    costs = {part.names: cost_of(part.manifest) for part in data.corpora}
    repeats = _list_repeats(data)
    shown = [
        condition
        for condition in read_conditions(data, with_cuts=True)
        if condition.source == "synthetic"
        and condition.student not in (*BASELINE_STUDENTS, GENERATOR_AS_CLASSIFIER)
        and condition.strategy not in repeats
    ]
    # as they come, by task and student; within these by corpus and size
    places = {key: place for place, key in enumerate(costs)}
    groups = {(one.task, one.student): place for place, one in reversed(list(enumerate(shown)))}
    shown.sort(
        key=lambda one: (groups[one.task, one.student], places.get(_key(one), -1), one.num_train)
    )
    columns: Columns[tuple[Condition, Share]] = (
        *col.names(("task", "student", "generator", "strategy"), lambda row: row[0]),
        col.count("shots", "Shots", lambda row: data.shots.get(row[0].strategy)),
        col.count("num_train", "Rows", lambda row: row[0].num_train),
        col.interval("macro_f1", "Macro-F1", lambda row: _score(row[0])),
        col.difference("difference", "Difference to real", lambda row: _difference(row[0])),
        col.count("tokens", "Generated tokens", lambda row: row[1].tokens),
        col.text("device", "On", lambda row: row[1].device),
        col.number("seconds", "Seconds", lambda row: row[1].seconds),
        col.number("seconds_per_row", "Seconds per useful row", lambda row: row[1].seconds_per_row),
        col.score("refused_share", "Refused", lambda row: row[1].refused_share),
        col.number(
            "train_seconds",
            "Training seconds",
            lambda row: data.train_seconds.get(_trained(row[0])),
        ),
    )
    caption = (
        "Synthetic texts alone: what they gave and what they cost. Differences are "
        "synthetic minus real, the same student."
    )
    rows = [(one, _share_cost(costs.get(_key(one)), one.num_train)) for one in shown]
    return make_table("ablation", caption, columns, rows, num_headers=6)


def _key(one: Condition) -> tuple[str, str, str]:
    return one.task, one.generator, one.strategy


def _trained(one: Condition) -> Trained:
    return Trained(
        task=one.task,
        source=one.source,
        generator=one.generator,
        strategy=one.strategy,
        student=one.student,
        num_train=one.num_train,
    )


def _list_repeats(data: ReportData) -> set[str]:
    """Return the strategies that repeat a corpus: a section of their own compares them."""
    return {corpus.strategy for repeat in data.found.repeats for corpus in repeat.corpora[1:]}


def _score(one: Condition) -> Value:
    return or_undefined(one.macro_f1.value, one.macro_f1.reason)


def _difference(one: Condition) -> Value:
    difference = one.find_difference("macro_f1")
    return difference.interval if difference else None  # of a cut the learning curve tells more


def _share_cost(cost: Cost | None, num_rows: int) -> Share:
    """Return what so many rows of a corpus cost."""
    if cost is None:
        return Share()
    if cost.tokens is None or cost.seconds is None:
        nothing = Undefined("brought along")
        return Share(nothing, None, nothing, nothing, cost.refused_share)
    share = num_rows / cost.accepted if cost.accepted else 0.0
    return Share(
        tokens=round(cost.tokens * share),
        device=DEVICES.get(cost.device, cost.device),
        seconds=cost.seconds * share,
        seconds_per_row=cost.seconds_per_row,
        refused_share=cost.refused_share,
    )


def render(data: ReportData, page: Page) -> list[Markup]:
    """Return a table for each task and student."""
    table = make_ablation_table(data)
    if not table.rows:
        return [paragraph(NOTHING, "undefined")]
    blocks = []
    for task, of_task in group_rows(table).items():
        for student, rows in group_rows(of_task).items():
            blocks += [heading(f"{task}, {student}"), page.show("ablation", rows)]
    return [*blocks, page.blocks.fold("How to read these costs", terms(MEANINGS))]


SECTION = Section(
    id="ablation",
    title="Ablation",
    lead="What did each generator, strategy and size cost, and what did it give?",
    render=render,
    tables=lambda data: [make_ablation_table(data)],
    room={"ablation": 200 * KB},
)
