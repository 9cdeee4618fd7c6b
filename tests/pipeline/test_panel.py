"""A panel of generators that say the labels themselves, from the run file to the report."""

from __future__ import annotations

import csv
import json

import pytest

from synth_local.analyze.summary import Analysis
from synth_local.store.records import parse
from tests.pipeline.conftest import SmallRun, add_annotators
from tests.pipeline.test_generator_itself import make_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def paneled(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """A finished run of two generators, each asked in two ways; five people rated the texts."""
    small = make_run(
        tmp_path_factory.mktemp("panel"),
        generators=["fake-a", "fake-b"],
        sources=["real", "synthetic"],
        seeds=[0],
    )
    add_annotators(small)
    result = small.run()
    assert result.returncode == 0, result.stderr
    return small


def read_analysis(small: SmallRun) -> Analysis:
    stored = json.loads((small.out / "work" / "analyze" / "analysis.json").read_text())
    return parse(stored["analysis"], Analysis)


def test_every_prompt_of_every_generator_is_a_member(paneled: SmallRun) -> None:
    (task,) = read_analysis(paneled).panel
    assert task.members == (
        "fake-a · zero_shot", "fake-a · few_shot", "fake-b · zero_shot", "fake-b · few_shot",
    )  # fmt: skip
    assert (task.num_items, task.num_compared) == (80, 80)
    assert task.mean_share is not None
    assert 0.5 < task.mean_share <= 1
    # the made generators follow the clue that decides the gold label, and so does the majority
    assert task.same_label is not None
    assert task.same_label > 0.8


def test_it_stays_out_of_what_people_said(paneled: SmallRun) -> None:
    analysis = read_analysis(paneled)
    (people,) = analysis.tasks
    assert people.mean_ratings == 5
    page = (paneled.out / "report" / "report.html").read_text()
    assert "A panel of machines" in page
    with (paneled.out / "report" / "tables" / "panel.csv").open() as handle:
        assert [row["num_compared"] for row in csv.DictReader(handle)] == ["80"]


def test_where_no_generator_was_asked_the_report_says_how(finished_run: SmallRun) -> None:
    page = (finished_run.out / "report" / "report.html").read_text()
    assert "generator-itself under students" in page
