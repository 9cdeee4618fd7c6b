"""The part of the report on repeated corpora."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from synth_local.analyze.summary import Analysis, CorpusScore, RepeatedCorpora
from synth_local.records import Interval
from synth_local.report.page import start_page
from synth_local.report.sections.repeats import make_corpus_table, make_repeat_table, render
from synth_local.report.table_text import to_csv
from synth_local.report.tables import Table
from synth_local.report.write import render_files
from tests.report.made_report import make_data

FOUND = RepeatedCorpora(
    condition="sms_spam__synthetic__tiny-sms__zero_shot__scratch-bert",
    corpora=(
        CorpusScore(strategy="zero_shot", num_rows=600, macro_f1=0.81, sd=0.012, gap=0.13),
        CorpusScore(strategy="zero_shot.c7", num_rows=600, macro_f1=0.85, sd=0.014, gap=0.09),
    ),
    mean=0.83,
    sd=0.0283,
    sd_seeds=0.013,
    macro_f1=Interval(0.83, 0.5759, 1.0841),
    real=0.94,
    gap=Interval(0.11, -0.1441, 0.3641),
)
ALONE = replace(
    FOUND,
    corpora=FOUND.corpora[:1],
    sd=None,
    macro_f1=None,
    gap=None,
    reason="an interval over corpora needs 2, there is 1",
)


def read_rows(table: Table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(table))))


def test_a_condition_has_one_row_with_its_intervals_over_corpora() -> None:
    (row,) = read_rows(make_repeat_table(Analysis(repeats=(FOUND,))))
    assert (row["strategy"], row["num_corpora"], row["real"]) == ("zero_shot", "2", "0.94")
    assert [row[f"gap{end}"] for end in ("", "_low", "_high")] == ["0.11", "-0.1441", "0.3641"]


def test_every_corpus_stands_in_a_table_of_its_own() -> None:
    rows = read_rows(make_corpus_table(Analysis(repeats=(FOUND, ALONE))))
    assert [(row["strategy"], row["macro_f1"]) for row in rows] == [
        ("zero_shot", "0.81"), ("zero_shot.c7", "0.85"), ("zero_shot", "0.81"),
    ]  # fmt: skip


def test_what_has_no_interval_says_why() -> None:
    (row,) = read_rows(make_repeat_table(Analysis(repeats=(ALONE,))))
    assert (
        row["macro_f1"]
        == row["gap"]
        == ("undefined (an interval over corpora needs 2, there is 1)")
    )
    assert row["sd_corpora"] == ""


def test_without_repeats_the_part_says_how_to_get_them() -> None:
    for analysis in (None, Analysis()):
        (block,) = render(replace(make_data(), analysis=analysis), start_page({}))
        assert "corpus_seeds: [1, 2, 3, 4]" in block


def test_the_report_has_the_part_and_its_files() -> None:
    files = render_files(replace(make_data(), analysis=Analysis(repeats=(FOUND,))))
    assert "tables/repeated_corpora.csv" in files
    assert "tables/repeated_corpora.tex" not in files
    assert "+0.110 " in files["tables/repeats.tex"]
    page = files["report.html"]
    assert "Corpora repeated" in page
    assert "held fixed" in page
    assert "corpus_seeds:" not in page
