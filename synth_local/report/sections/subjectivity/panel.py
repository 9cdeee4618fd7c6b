"""Table of the panel of machines, named as a machine's judgement. Pure."""

from __future__ import annotations

from synth_local.analyze.panel import PanelTask
from synth_local.analyze.summary import Analysis
from synth_local.report.tables import Column, Table, Undefined, Value

MEANINGS = (
    ("panel of machines", "generators that classified the test texts themselves, one member for "
     "each of their prompts. Their label probabilities are averaged, each generator counting the "
     "same; a text's figure is the highest of these. It is a machine's judgement: a model may be "
     "sure where people disagree"),
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
        rows=tuple(_task_row(one) for one in analysis.panel),
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
