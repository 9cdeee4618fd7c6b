"""The ablation as a table: generator x strategy x shots x size, what it cost beside what it gave.

Pure. One row per student that was trained on synthetic texts alone, smaller cuts of a corpus
included, repeats of it left out; what reads nothing and what was not trained stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from synth_local.curate.cost import Cost, cost_of
from synth_local.evaluate.summary import Condition as Trained
from synth_local.report.conditions import Condition, read_conditions
from synth_local.report.data import ReportData
from synth_local.report.html import Blocks, Section, heading, paragraph, terms
from synth_local.report.tables import (
    Column,
    Table,
    Undefined,
    Value,
    drop_empty_columns,
    group_rows,
)
from synth_local.train.students import GENERATOR_ITSELF, READ_NOTHING

KIND = "ablation"
TITLE, LEAD = "Ablation", "What did each generator, strategy and size cost, and what did it give?"
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


def make_ablation_table(data: ReportData) -> Table:
    """Return one row per task, student, generator, strategy and number of rows."""
    costs = {part.names: cost_of(part.manifest) for part in data.corpora}
    repeats = _list_repeats(data)
    shown = [
        one
        for one in read_conditions(data, with_cuts=True)
        if one.source == "synthetic"
        and one.student not in (*READ_NOTHING, GENERATOR_ITSELF)
        and one.strategy not in repeats
    ]
    # as they come, by task and student; within these by corpus and size
    places = {key: place for place, key in enumerate(costs)}
    groups = {(one.task, one.student): place for place, one in reversed(list(enumerate(shown)))}
    shown.sort(
        key=lambda one: (groups[one.task, one.student], places.get(_key(one), -1), one.num_train)
    )
    return Table(
        name="ablation",
        caption="Synthetic texts alone: what they gave and what they cost. Differences are "
        "synthetic minus real, the same student.",
        columns=(
            Column("task", "Task"),
            Column("student", "Student"),
            Column("generator", "Generator"),
            Column("strategy", "Strategy"),
            Column("shots", "Shots", "count"),
            Column("num_train", "Rows", "count"),
            Column("macro_f1", "Macro-F1", "interval"),
            Column("difference", "Difference to real", "interval", is_signed=True),
            Column("tokens", "Generated tokens", "count"),
            Column("device", "On"),
            Column("seconds", "Seconds", "number"),
            Column("seconds_per_row", "Seconds per useful row", "number"),
            Column("refused_share", "Refused", "score"),
            Column("train_seconds", "Training seconds", "number"),
        ),
        rows=tuple(_make_row(data, one, costs.get(_key(one))) for one in shown),
        num_headers=6,
    )


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
    repeats = data.analysis.repeats if data.analysis else ()
    return {corpus.strategy for one in repeats for corpus in one.corpora[1:]}


def _make_row(data: ReportData, one: Condition, cost: Cost | None) -> tuple[Value, ...]:
    difference = one.find_difference("macro_f1")
    return (
        *(one.task, one.student, one.generator, one.strategy),
        data.shots.get(one.strategy),
        one.num_train,
        one.macro_f1.value or Undefined(one.macro_f1.reason),
        difference.value if difference else None,  # of a cut the learning curve tells more
        *_share_costs(cost, one.num_train),
        data.train_seconds.get(_trained(one)),
    )


def _share_costs(cost: Cost | None, num_rows: int) -> tuple[Value, ...]:
    """Return tokens, device, seconds, seconds per row and refused share of so many rows."""
    if cost is None:
        return (None,) * 5
    if cost.tokens is None or cost.seconds is None:
        nothing = Undefined("brought along")
        return nothing, None, nothing, nothing, cost.refused_share
    share = num_rows / cost.accepted if cost.accepted else 0.0
    return (
        round(cost.tokens * share),
        DEVICES.get(cost.device, cost.device),
        cost.seconds * share,
        cost.seconds_per_row,
        cost.refused_share,
    )


def write_ablation(
    data: ReportData, blocks: Blocks, fit: Callable[[str, Markup, str], Markup]
) -> Section:
    """Return the section; ``fit`` leaves out what the page has no room for."""
    table = make_ablation_table(data)
    if not table.rows:
        return Section(KIND, TITLE, LEAD, (paragraph(NOTHING, "undefined"),))
    found = []
    for task, of_task in group_rows(table, 0):
        for student, rows in group_rows(of_task, 0):
            body = blocks.table(drop_empty_columns(rows))
            found += [heading(f"{task}, {student}"), fit(KIND, body, f"tables/{table.name}.csv")]
    found.append(blocks.fold("How to read these costs", terms(MEANINGS)))
    return Section(KIND, TITLE, LEAD, tuple(found))
