"""Measures that compare spelling are called so; a value without an interval is a number."""

from __future__ import annotations

from synth_local.records import Interval
from synth_local.report.data import AFTER, Line
from synth_local.report.sections.diversity import (
    list_meanings,
    make_diversity_matrix,
    make_diversity_panels,
    make_diversity_table,
)
from synth_local.report.table_text import to_csv

KEY = ("sms", "g", "few_shot", AFTER, "")


def make_lines(*, is_surface: bool) -> list[Line]:
    spread = Interval(0.8, 0.7, 0.9)
    return [
        Line(*KEY, "remote_clique", spread, spread, 50, is_surface),
        Line(*KEY, "chamfer", 0.4, 0.5, 50, is_surface),
        Line(*KEY, "distinct_1", spread, spread, 50, is_surface),
    ]


def test_without_an_embedder_names_say_surface_in_tables_figures_and_meanings() -> None:
    for is_surface in (True, False):
        lines = make_lines(is_surface=is_surface)
        tables = (make_diversity_table(lines), make_diversity_matrix(lines))
        shown = [str(value) for table in tables for row in table.rows for value in row]
        shown += [panel.title for panel in make_diversity_panels("sms", lines)]
        shown += [panel.x_label for panel in make_diversity_panels("sms", lines)]
        shown += [title for title, _ in list_meanings(lines)]
        named = [text for text in shown if "Chamfer" in text or "Remote Clique" in text]
        assert len(named) == 10
        assert all(text.startswith("Surface ") == is_surface for text in named)
        assert "distinct 1" in shown  # counts words, with any embedder
        assert all("1 - cosine" in table.caption for table in tables)


def test_a_value_without_an_interval_is_a_number_and_a_mark() -> None:
    lines = make_lines(is_surface=True)
    row = next(one for one in to_csv(make_diversity_table(lines)).splitlines() if "Chamfer" in one)
    assert row.split(",")[6:] == ["0.4", "", "", "0.5", "", "", "50"]
    panel = next(one for one in make_diversity_panels("sms", lines) if "Chamfer" in one.title)
    assert "g few_shot: 0.400;" in f"{panel.alt};".replace(".;", ";")
    assert "interval" not in panel.alt
