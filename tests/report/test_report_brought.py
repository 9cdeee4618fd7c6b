"""What the report concludes of a corpus that was brought along: nothing that needs its origin."""

from __future__ import annotations

from dataclasses import replace

from synth_local.report.conditions import read_conditions
from synth_local.report.data import NOTHING_KNOWN, ReportData
from synth_local.report.sections.curation import make_corpus_table
from synth_local.report.sections.results.scores import make_pool_table
from synth_local.report.sections.seen import make_seen_table
from synth_local.report.tables import Undefined
from tests.report.made_report import make_data, make_task


def make_brought() -> ReportData:
    """Return a report whose only corpus was brought along: no model stands behind it."""
    data = make_data((make_task(),), ("old-chat",), ("brought",), ("bert",))
    brought = {"file": "old.csv", "digest": "ab" * 32, "rows": 700}
    parts = tuple(
        replace(part, manifest=replace(part.manifest, brought=brought, has_seen=[]))
        for part in data.corpora
    )
    return replace(data, corpora=parts, models=())


def test_the_pool_table_has_the_word_of_the_verdict_and_no_conclusion_of_its_own() -> None:
    data = make_brought()
    rows = make_pool_table(data, read_conditions(data)).rows
    assert [row[-1] for row in rows] == ["Open"]
    alone = make_pool_table(replace(data, verdicts=()), read_conditions(data)).rows
    assert [row[-1] for row in alone] == [None]


def test_what_it_has_seen_and_cost_is_said_to_be_unknown() -> None:
    data = make_brought()
    [seen] = make_seen_table(data).rows
    assert seen[0] == "old-chat"
    assert NOTHING_KNOWN in seen
    [row] = make_corpus_table(data).rows
    assert sum(isinstance(value, Undefined) for value in row) == 3
