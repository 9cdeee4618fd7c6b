"""The report on judgements of whole tasks: ranks, circles, strengths, and what is missing."""

from __future__ import annotations

from dataclasses import asdict, replace

from synth_local.analyze.judgements.ranking import measure_judgements
from synth_local.analyze.judgements.records import Judgement
from synth_local.analyze.summary import (
    JUDGED,
    SHARED_NOTE,
    AcrossTasks,
    Analysis,
    Curve,
    TaskSubjectivity,
    Trend,
)
from synth_local.records import Interval
from synth_local.report.write import render_files
from synth_local.store.records import parse
from tests.report.made_report import make_data
from tests.report.page_reader import Element, PageReader

CIRCLE = ("sms>irony", "irony>humor", "humor>sms", "sms>agnews", "irony>agnews", "humor>agnews")


def judge(*wins: str, tasks: tuple[str, ...] = ("agnews", "sms", "irony", "humor")) -> Analysis:
    judgements = [Judgement("ann", *win.split(">")) for win in wins]
    return Analysis(judged=measure_judgements(tasks, judgements))


def render(analysis: Analysis) -> dict[str, str]:
    return render_files(replace(make_data(), analysis=analysis))


def read_section(files: dict[str, str]) -> Element:
    page = PageReader(files["report.html"]).root
    return next(one for one in page.find("section") if one.attributes["id"] == "subjectivity")


def test_ranks_strengths_and_circles_are_shown() -> None:
    files = render(judge(*CIRCLE))
    text = read_section(files).all_text()
    assert "6 judgements by 1 annotator on 6 of 6 pairs; 0 tied" in text
    assert "Intervals take judgements for independent" in text
    assert "circle 1: sms, irony, humor. No order agrees with every majority" in text
    rows = files["tables/task_ranking.csv"].splitlines()
    assert rows[0].startswith("task,rank,cycle,strength,strength_low,strength_high")
    assert sorted(row.split(",")[:3] for row in rows[1:4]) == [
        ["humor", "1 to 3", "1"],
        ["irony", "1 to 3", "1"],
        ["sms", "1 to 3", "1"],
    ]
    assert rows[4].startswith("agnews,4,,-")
    assert files["tables/task_pairs.csv"].splitlines()[1] == "agnews,sms,0,1,sms"


def test_what_is_not_linked_is_undefined_on_the_page() -> None:
    text = read_section(render(judge("sms>agnews", "irony>humor"))).all_text()
    assert "undefined (no judgement links agnews, sms; irony, humor)" in text
    assert "Agreement between annotators is undefined: no pair has two judgements" in text


def test_without_judgements_the_page_says_what_would_help() -> None:
    files = render(Analysis(missing=("nobody says; fill in annotate/task_pairs.csv",)))
    assert "fill in annotate/task_pairs.csv" in read_section(files).all_text()
    assert "tables/task_ranking.csv" not in files


def test_the_two_measures_of_objectivity_have_rows_of_their_own() -> None:
    slope = Interval(-0.1, -0.2, -0.05)
    across = tuple(
        AcrossTasks(
            condition="synthetic__g__few_shot__s",
            num_tasks=10,
            slope=slope,
            spearman=-0.8,
            measure=measure,
        )
        for measure in ("pair agreement", JUDGED)
    )
    rows = render(Analysis(across=across))["tables/gap_across_tasks.csv"].splitlines()
    assert [row.split(",")[0] for row in rows] == ["measure", "pair agreement", JUDGED]
    assert parse(asdict(Analysis(across=across)), Analysis).across == across


def test_threshold_curves_say_that_their_points_share_items_and_have_no_p_value() -> None:
    curve = Curve(
        condition="sms__real__-__-__s__n10",
        thresholds=(0.6, 0.8, 1.0),
        accuracies=(0.7, 0.8, 0.9),
        counts=(90, 60, 30),
        slope=0.5,
    )
    files = render(Analysis(curves=(curve,)))
    text = read_section(files).all_text()
    assert SHARED_NOTE in " ".join(text.split())
    columns = files["tables/threshold_curves.csv"].splitlines()[0].split(",")
    assert not {"p", "slope_low", "slope_high"} & set(columns)


def test_rows_that_would_all_say_the_same_are_one_line() -> None:
    reason = "a trend over tasks needs 4 tasks, there are 2"
    across = tuple(
        AcrossTasks(condition=f"synthetic__g{n}__few_shot__s", num_tasks=2, reason=reason)
        for n in range(5)
    )
    text = " ".join(read_section(render(Analysis(across=across))).all_text().split())
    assert text.count(f"by pair agreement: {reason}") == 1


def test_what_is_undefined_takes_no_row_and_no_figure_but_one_line() -> None:
    name = "sms__{}__-__-__s__n10"
    whole = Curve(
        condition=name.format("real"),
        thresholds=(0.6, 0.8, 1.0),
        accuracies=(0.7, 0.8, 0.9),
        counts=(90, 60, 30),
        slope=0.5,
        r_squared=0.9,
        spearman=1.0,
    )
    point = [
        Curve(
            condition=name.format(f"synthetic{n}"),
            thresholds=(1.0,),
            accuracies=(0.9,),
            counts=(90,),
        )
        for n in range(4)
    ]
    same = "the gap does not vary"
    trends = (
        Trend(
            condition=name.format("synthetic0"),
            partner="real",
            ties=False,
            num_items=90,
            mean_gap=0.1,
            slope=Interval(-0.1, -0.3, 0.1),
        ),
        Trend(
            condition=name.format("synthetic1"),
            partner="real",
            ties=False,
            num_items=90,
            reason=same,
        ),
    )
    tasks = (
        TaskSubjectivity(
            task="sms", num_items=90, num_rated=90, num_ties=0, mean_share=0.9, pair_agreement=0.8
        ),
        TaskSubjectivity(task="irony", num_items=80, reason="nobody"),
    )
    files = render(Analysis(tasks=tasks, trends=trends, curves=(whole, *point)))
    section = read_section(files)
    cells = [cell.all_text() for cell in section.find("td")]
    assert not any("three levels" in cell or same in cell or "nobody" in cell for cell in cells)
    text = " ".join(section.all_text().split())
    assert text.count("Slope of the line undefined for 4 of 5 rows (sms): fewer than three") == 1
    assert f"Slope undefined for 1 of 2 rows (sms): {same}" in text
    assert "Pair agreement undefined for 1 of 2 rows (irony): nobody" in text
    assert [one for one in files if "curve__" in one] == [
        "figures/curve__sms__real__-__-__s__n10.svg"
    ]
    # the files beside the page keep every row
    assert files["tables/threshold_lines.csv"].count("undefined") >= 4
    alone = " ".join(read_section(render(Analysis(curves=(point[0],)))).all_text().split())
    assert "Slope of the line undefined for 1 of 1 rows (sms)" in alone


def test_what_cannot_be_said_stays_with_what_it_takes() -> None:
    text = " ".join(read_section(render(Analysis())).all_text().split())
    for title, need in (
        ("The gap to real, item by item", "No gap can be set against agreement"),
        ("From task to task", "that takes four tasks with a gap"),
        ("Threshold curves, as in the study", "several people's labels of the test items"),
    ):
        assert title in text
        assert need in text
    page = render_files(replace(make_data(), summary=None))["report.html"]
    assert "Nobody tried" not in page  # nothing was trained at all


def test_the_line_through_a_threshold_curve_is_on_the_page() -> None:
    name = "sms__real__-__-__s__n10"
    curve = Curve(
        condition=name,
        thresholds=(0.6, 0.8, 1.0),
        accuracies=(0.7, 0.8, 0.9),
        counts=(90, 60, 30),
        slope=0.5,
        r_squared=0.987,
        spearman=1.0,
    )
    files = render(Analysis(curves=(curve,)))
    (part,) = [one for one in read_section(files).children if one.tag == "details"]
    (fold,) = [one for one in part.find("details")[1:] if "Threshold" in one.all_text()]
    assert "R squared" in fold.all_text()
    assert "0.987" in fold.all_text()
    assert SHARED_NOTE in " ".join(fold.all_text().split())
    assert "0.987" in files["tables/threshold_lines.csv"]
    assert "0.987" in files["tables/threshold_lines.tex"]
