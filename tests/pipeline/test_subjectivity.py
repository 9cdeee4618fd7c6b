"""Tasks and texts that people judged: from templates over filled-in files to the report."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from synth_local.analyze.summary import JUDGED, Analysis
from synth_local.store.records import parse
from tests.pipeline.conftest import SmallRun, make_small_run

pytestmark = pytest.mark.slow
TASKS = ("weather", "mood", "scent")


@dataclass(frozen=True)
class Asked:
    """A run before and after people answered.

    Attributes:
        small: the run, now with answers.
        templates: what the run asked for, by path in ``annotate``.
        before: the analysis without answers.
        page: the report without answers.
        said: what the call with the answers printed.
    """

    small: SmallRun
    templates: dict[str, str]
    before: Analysis
    page: str
    said: str


def read_analysis(small: SmallRun) -> Analysis:
    stored = json.loads((small.out / "work" / "analyze" / "analysis.json").read_text())
    return parse(stored["analysis"], Analysis)


def read_page(small: SmallRun) -> str:
    return (small.out / "report" / "report.html").read_text()


def make_run(folder: Path, tasks: tuple[str, ...]) -> SmallRun:
    small = make_small_run(folder)
    text = yaml.safe_load((small.folder / "weather.yaml").read_text())
    for name in tasks:
        (small.folder / f"{name}.yaml").write_text(yaml.safe_dump(text | {"name": name}))
    small.change(
        tasks=[f"{name}.yaml" for name in tasks],
        strategies=["zero_shot"],
        sources=["real", "synthetic"],
        per_label=10,
        measure={"subsamples": 20},
    )
    return small


def fill_in(template: str, path: Path, answers: dict[str, str], annotator: str) -> None:
    """Append a filled-in copy of a template: what ``answers`` formats from each row."""
    rows = list(csv.DictReader(template.splitlines()))
    is_new = not path.exists()
    with path.open("a", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        if is_new:
            writer.writeheader()
        for row in rows:
            filled = {key: value.format(**row) for key, value in answers.items()}
            writer.writerow(row | filled | {"annotator": annotator})


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    small = make_run(tmp_path_factory.mktemp("asked"), TASKS)
    result = small.run()
    assert result.returncode == 0, result.stdout + result.stderr
    annotate = small.out / "annotate"
    templates = {path.name: path.read_text() for path in annotate.iterdir()}
    before, page = read_analysis(small), read_page(small)
    judged, rated = small.folder / "judged.csv", small.folder / "rated.csv"
    for annotator in ("ann", "bob"):
        fill_in(templates["task_pairs.csv"], judged, {"more_objective": "{first}"}, annotator)
    for number, annotator in enumerate(("ann", "bob", "eve")):
        label = "sunny" if number else "rainy"
        fill_in(templates["mood.csv"], rated, {"label": label}, annotator)
    small.change(analyze={"judgements": "judged.csv", "annotations": {"mood": "rated.csv"}})
    result = small.run()
    assert result.returncode == 0, result.stdout + result.stderr
    return Asked(small, templates, before, page, result.stdout)


def test_templates_are_written_for_what_nobody_said(asked: Asked) -> None:
    wanted = {"task_pairs.csv", "tasks.md", *(f"{name}.csv" for name in TASKS)}
    assert asked.templates.keys() == wanted
    assert len(asked.templates["task_pairs.csv"].splitlines()) == 1 + 3
    test = [json.loads(line) for line in (asked.small.folder / "test.jsonl").open()]
    assert not [row for row in test if row["text"] in asked.templates["tasks.md"]]
    train = [json.loads(line) for line in (asked.small.folder / "train.jsonl").open()]
    assert sum(row["text"] in asked.templates["tasks.md"] for row in train) >= 6
    shown = {row["text"] for row in csv.DictReader(asked.templates["mood.csv"].splitlines())}
    assert shown == {row["text"] for row in test}


def test_without_answers_the_report_names_the_templates(asked: Asked) -> None:
    assert asked.before.judged is None
    assert "fill in annotate/task_pairs.csv" in asked.page
    assert "fill in annotate/mood.csv" in asked.page
    assert "How objective people judge the tasks to be" not in asked.page


def test_answers_redo_the_analysis_and_the_report_and_nothing_else(asked: Asked) -> None:
    said = [line for line in asked.said.splitlines() if line in ("evaluate", "analyze", "report")]
    assert said == ["analyze", "report"]
    assert "train:" not in asked.said
    assert "generate" not in asked.said
    assert "curate" not in asked.said


def test_filled_in_templates_are_read_back(asked: Asked) -> None:
    analysis = read_analysis(asked.small)
    assert analysis.judged is not None
    assert analysis.judged.num_judgements == 6
    assert (analysis.judged.same, analysis.judged.num_annotators) == (1.0, 2)
    assert len(analysis.judged.pairs) == 3
    ratings = {one.task: one for one in analysis.tasks}
    assert ratings["mood"].mean_share == pytest.approx(2 / 3)
    assert (ratings["mood"].num_rated, ratings["mood"].mean_ratings) == (80, 3)
    assert ratings["mood"].origin == "run file"
    assert ratings["weather"].mean_share is None
    assert [one.task for one in analysis.tasks] == list(TASKS)


def test_the_gap_is_set_against_judged_objectivity(asked: Asked) -> None:
    (one,) = [one for one in read_analysis(asked.small).across if one.measure == JUDGED]
    assert one.condition == "synthetic__fake-a__zero_shot__tfidf-logreg"
    assert one.num_tasks == 3
    assert "needs 4 tasks, there are 3" in one.reason


def test_the_mean_gap_over_tasks_is_that_of_the_differences(asked: Asked) -> None:
    (one,) = read_analysis(asked.small).over
    assert one.condition == "synthetic__fake-a__zero_shot__tfidf-logreg"
    stored = json.loads((asked.small.out / "work" / "evaluate" / "summary.json").read_text())
    gaps = [
        -row["interval"]["point"]
        for row in stored["summary"]["differences"]
        if row["metric"] == "macro_f1"
    ]
    assert (one.num_tasks, len(gaps)) == (3, 3)
    assert one.gap == pytest.approx(sum(gaps) / 3)
    assert not one.signs  # no exemplars in this run
    assert "Over all tasks: mean gap, and exemplars against none" in read_page(asked.small)


def test_the_report_shows_ranking_circles_and_strengths(asked: Asked) -> None:
    page = read_page(asked.small)
    assert "How objective people judge the tasks to be" in page
    assert "6 judgements by 2 annotators on 3 of 3 pairs; 0 tied" in page
    assert "fill in annotate/task_pairs.csv" not in page
    # whoever stands first was called more objective, and of three tasks each stands first once
    assert f"circle 1: {', '.join(TASKS)}. No order agrees" in page
    with (asked.small.out / "report" / "tables" / "task_ranking.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert {row["task"] for row in rows} == set(TASKS)
    assert all(float(row["strength_low"]) <= float(row["strength_high"]) for row in rows)


def test_a_template_that_is_there_is_left_alone(asked: Asked) -> None:
    written = asked.small.out / "annotate" / "weather.csv"
    written.write_text("item,annotator,label\nsomebody wrote here\n")
    judged = asked.small.folder / "judged.csv"
    judged.write_text(judged.read_text().replace("\nann,", "\namy,"))
    again = asked.small.run()
    assert again.returncode == 0, again.stderr
    assert "analyze" in again.stdout.splitlines()
    assert "somebody wrote here" in written.read_text()


def test_wrong_files_are_refused_before_any_work(tmp_path: Path) -> None:
    small = make_run(tmp_path, ("weather", "mood"))
    small.change(analyze={"judgements": "nowhere.csv"})
    result = small.run()
    assert result.returncode == 3
    assert "nowhere.csv" in result.stderr
    small.change(analyze={"annotations": {"wether": "rated.csv"}})
    result = small.run()
    assert result.returncode == 2
    assert "did you mean 'weather'?" in result.stderr
    rated = small.folder / "rated.csv"
    rated.write_text("item,annotator,label\ntest-000000,ann,foggy\n")
    small.change(analyze={"annotations": {"weather": "rated.csv"}})
    result = small.call("plan", str(small.run_file))
    assert result.returncode == 3
    assert f"{rated}:2" in result.stderr
    assert not (small.out / "work" / "generate").exists()
