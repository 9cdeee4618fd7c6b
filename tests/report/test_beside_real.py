from __future__ import annotations

import csv
import io
from dataclasses import replace

from synth_local.measure.audit_records import (
    AuditRow,
    Discrimination,
    DoubtedRow,
    LabelAudit,
    Share,
    TellingWord,
)
from synth_local.models.card import Card
from synth_local.records import Interval
from synth_local.report.data import ReportData
from synth_local.report.write import render_files
from tests.report.made_report import HOSTILE, make_data, make_interval, make_task
from tests.report.page_reader import Element, PageReader

SAID = Share(Interval(0.875, 0.861, 0.889), 300)
NONE = Share(None, 0, "there is no accepted row")
ROWS = (
    AuditRow(label="", synthetic=SAID, test=SAID, wrong=SAID, wrong_test=SAID, real=SAID),
    AuditRow(label="ham", synthetic=SAID, test=SAID, wrong=SAID, wrong_test=SAID, real=SAID),
    AuditRow(label="spam", synthetic=NONE, test=SAID, wrong=NONE, wrong_test=SAID, real=SAID),
)
DOUBTED = tuple(
    DoubtedRow(id=f"s{n}", text=text, label="ham", judged="spam", probability=0.01)
    for n, text in enumerate(HOSTILE)
)
AUDIT = LabelAudit(
    rows=ROWS, doubted=DOUBTED, thresholds={"ham": 0.9}, num_train=2816, num_synthetic_train=600
)
WORDS = (TellingWord("furthermore", 2.5, 90, 0), TellingWord("<b>lar", -1.5, 2, 40))
LIKENESS = Discrimination(auc=make_interval(0.912), num_texts=600, num_folds=5, words=WORDS)


def make_audited(*, known: bool = False, brought: bool = False) -> ReportData:
    data = make_data((make_task(),), generators=("tiny-sms",))
    models = [one if one.name != "tiny-sms" else replace(one, card=Card(name="tiny-sms"))
              for one in data.models]  # fmt: skip
    corpora = [replace(part, audit=AUDIT, likeness=LIKENESS) for part in data.corpora]
    if brought:
        file = {"file": "x.csv", "digest": "00", "rows": 600}
        corpora = [replace(one, manifest=replace(one.manifest, brought=file)) for one in corpora]
    return replace(
        data,
        corpora=tuple(corpora),
        models=data.models if known else tuple(models),
        shots={"few_shot": 4, "zero_shot": 0},
    )


def read_section(data: ReportData, name: str) -> Element:
    page = PageReader(render_files(data)["report.html"])
    assert not page.problems
    return next(one for one in page.root.all() if one.attributes.get("id") == name)


def test_shares_stand_in_a_table_and_what_cannot_be_said_in_one_line() -> None:
    section = read_section(make_audited(), "audit")
    text = section.all_text()
    assert "Do the labels hold?" in text
    assert "0.875" in text
    assert "trained on 2,816 real rows" in text
    line = "tiny-sms zero_shot, label spam: 'Judge agrees, synthetic' cannot be said because there"
    assert f"{line} is no accepted row." in text
    assert "undefined" not in text
    assert "easier than real ones" in text


def test_doubted_texts_are_shown_as_text_and_never_as_markup() -> None:
    section = read_section(make_audited(), "audit")
    assert HOSTILE[0] in section.all_text()
    assert not section.find("script")
    assert not section.find("img")
    files = render_files(make_audited())
    rows = list(csv.DictReader(io.StringIO(files["tables/doubted_rows.csv"])))
    assert len(rows) == 2 * len(HOSTILE)
    assert any(row["text"].startswith("'=cmd") for row in rows)


def test_the_words_that_tell_are_named_on_their_side() -> None:
    section = read_section(make_audited(), "likeness")
    text = section.all_text()
    assert "Are the texts of the same kind as real ones?" in text
    assert "0.912" in text
    assert "<b>lar" in text
    assert not section.find("b")
    files = render_files(make_audited())
    rows = list(csv.DictReader(io.StringIO(files["tables/telling_words.csv"])))
    assert [(one["side"], one["word"]) for one in rows[:2]] == [
        ("synthetic", "furthermore"),
        ("real", "<b>lar"),
    ]
    assert "\\textless{}b\\textgreater{}lar" in files["tables/likeness.tex"]
    assert "tables/label_audit.tex" in files


def test_what_the_generator_knew_of_the_judges_rows_is_said() -> None:
    few = "tiny-sms few_shot: prompts showed 4 rows at a time of the pool of 297"
    plain = read_section(make_audited(), "audit").all_text()
    assert few in plain
    assert "tiny-sms zero_shot: prompts" not in plain
    known = read_section(make_audited(known=True), "audit").all_text()
    assert "tiny-sms zero_shot: the generator was trained on rows that the judge was." in known
    brought = read_section(make_audited(brought=True), "audit").all_text()
    assert "brought along; nobody knows which real rows shaped it" in brought


def test_corpora_that_were_not_audited_or_not_told_apart_say_so() -> None:
    data = make_data((make_task(),))
    assert "No corpus was audited." in read_section(data, "audit").all_text()
    unsaid = Discrimination(
        auc=None, num_texts=3, num_folds=5, why="3 text(s) are fewer than the 20"
    )
    data = replace(data, corpora=tuple(replace(one, likeness=unsaid) for one in data.corpora))
    text = read_section(data, "likeness").all_text()
    assert "tiny-sms zero_shot: cannot be said because 3 text(s) are fewer than the 20." in text
    assert "tables/likeness.csv" not in render_files(data)
