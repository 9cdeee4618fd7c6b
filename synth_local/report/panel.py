"""Tables of the panel of machines, each named as a machine's judgement. Pure."""

from __future__ import annotations

from synth_local.analyze.panel import PanelTask, PanelTrend
from synth_local.analyze.summary import Analysis
from synth_local.report.result_tables import CONDITION_NAMES
from synth_local.report.subjectivity import split_condition
from synth_local.report.tables import Column, Table, Undefined, Value

MEANINGS = (
    ("panel of machines", "generators that classified the test texts themselves, one member for "
     "each of their prompts. Their label probabilities are averaged, each generator counting the "
     "same; a text's figure is the highest of these. It is a machine's judgement: a model may be "
     "sure where people disagree. A generator never judges its own texts"),
)  # fmt: skip


def make_panel_table(analysis: Analysis) -> Table:
    """Return one row per task: how sure the panel is, and how far it follows people."""
    return Table(
        name="panel",
        caption="Machine judgements: how sure a panel of generators is of the test items' labels.",
        columns=(
            Column("task", "Task"),
            Column("members", "Members", "count"),
            Column("mean_probability", "Mean highest probability", "score"),
            Column("num_items", "Test items", "count"),
            Column("num_compared", "Rated by people", "count"),
            Column("spearman", "Spearman with people's agreement", "score", is_signed=True),
            Column("same_label", "Share of people's majorities", "score"),
        ),
        rows=tuple(_task_row(one) for one in analysis.panel.tasks),
    )


def _task_row(one: PanelTask) -> tuple[Value, ...]:
    nobody = None if one.num_compared == 0 else Undefined("no variation")
    return (
        one.task,
        len(one.members),
        Undefined(one.reason) if one.mean_share is None else one.mean_share,
        one.num_items,
        one.num_compared,
        nobody if one.spearman is None else one.spearman,
        nobody if one.same_label is None else one.same_label,
    )


def make_panel_trend_table(analysis: Analysis) -> Table:
    """Return one row per condition: does its gap fall with how sure the panel is."""
    return Table(
        name="gap_by_panel",
        caption="Machine judgements: does the gap to real fall with how sure the panel is? Item by "
        "item; the panel leaves out the generator that wrote the texts.",
        columns=(
            *CONDITION_NAMES,
            Column("members", "Members", "count"),
            Column("slope", "Slope", "interval", is_signed=True),
            Column("spearman", "Spearman", "score", is_signed=True),
            Column("p", "p", "p"),
            Column("num_items", "Items", "count"),
        ),
        rows=tuple(_trend_row(one) for one in analysis.panel.trends),
        num_headers=5,
    )


def _trend_row(one: PanelTrend) -> tuple[Value, ...]:
    return (
        *split_condition(one.condition),
        len(one.members),
        Undefined(one.reason) if one.slope is None else one.slope,
        one.spearman,
        one.p_value,
        one.num_items,
    )
