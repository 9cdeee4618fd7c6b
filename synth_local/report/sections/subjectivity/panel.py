"""Table of the panel of machines, named as a machine's judgement. Pure."""

from __future__ import annotations

from collections.abc import Callable

from synth_local.analyze.panel import PanelTask
from synth_local.analyze.summary import Analysis
from synth_local.report import columns as col
from synth_local.report.tables import Columns, Table, Value, make_table, or_undefined

MEANINGS = (
    ("panel of machines", "generators that classified the test texts themselves, one member for "
     "each of their prompts. Their label probabilities are averaged, each generator counting the "
     "same; a text's figure is the highest of these. It is a machine's judgement: a model may be "
     "sure where people disagree"),
)  # fmt: skip


def make_panel_table(analysis: Analysis) -> Table:
    """Return one row per task: how sure the panel is, and how far it follows people."""
    columns: Columns[PanelTask] = (
        col.text("task", "Task", lambda one: one.task),
        col.count("members", "Members", lambda one: len(one.members)),
        col.score(
            "mean_probability",
            "Mean highest probability",
            lambda one: or_undefined(one.mean_share, one.reason),
        ),
        col.count("num_items", "Test items", lambda one: one.num_items),
        col.count("num_compared", "Rated by people", lambda one: one.num_compared),
        col.score(
            "spearman",
            "Spearman with people's agreement",
            _compare(lambda one: one.spearman),
            is_signed=True,
        ),
        col.score(
            "same_label", "Share of people's majorities", _compare(lambda one: one.same_label)
        ),
    )
    caption = "Machine judgements: how sure a panel of generators is of the test items' labels."
    return make_table("panel", caption, columns, analysis.panel)


def _compare(get: Callable[[PanelTask], float | None]) -> Callable[[PanelTask], Value]:
    """Return what reads a comparison with people; empty where nobody rated the items."""
    return lambda one: or_undefined(get(one), "no variation") if one.num_compared else get(one)
