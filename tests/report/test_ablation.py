"""What each corpus cost stands beside what it gave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from synth_local.analyze.summary import Analysis, CorpusScore, RepeatedCorpora
from synth_local.evaluate.summary import Condition
from synth_local.report.data import CorpusPart, ReportData
from synth_local.report.sections.ablation import make_ablation_table
from synth_local.report.tables import Undefined
from synth_local.report.write import render_files
from tests.report.made_report import make_data, make_task


def make_small(**changes: Any) -> ReportData:
    data = make_data((make_task(),), ("g",), ("zero_shot", "few_shot"), ("s", "majority"))
    corpora = []
    for part in data.corpora:
        manifest = replace(
            part.manifest,
            complete=True,
            admitted={"ham": 300, "spam": 500},
            accepted={"ham": 300, "spam": 300},
            drops={"ham": {}, "spam": {"duplicate": 120, "surplus": 80}},
            tokens={"prompt": 1, "generated": 12_000},
            seconds=30.0,
            **changes,
        )
        corpora.append(CorpusPart(manifest))
    return replace(data, corpora=tuple(corpora), shots={"zero_shot": 0, "few_shot": 4})


def list_rows(data: ReportData) -> list[dict[str, Any]]:
    table = make_ablation_table(data)
    return [
        dict(zip((column.key for column in table.columns), row, strict=True)) for row in table.rows
    ]


def test_each_corpus_stands_with_its_costs_and_its_score() -> None:
    trained = Condition(
        task="sms_spam",
        source="synthetic",
        generator="g",
        strategy="few_shot",
        student="s",
        num_train=600,
    )
    rows = list_rows(replace(make_small(), train_seconds={trained: 12.5}))
    assert [(row["strategy"], row["shots"], row["student"]) for row in rows] == [
        ("zero_shot", 0, "s"),
        ("few_shot", 4, "s"),
    ]
    first, last = rows
    assert (first["tokens"], first["seconds"], first["device"]) == (12_000, 30.0, "CPU")
    assert first["seconds_per_row"] == pytest.approx(30 / 600)
    assert first["refused_share"] == pytest.approx(120 / 800)  # surplus is no refusal
    assert (first["train_seconds"], last["train_seconds"]) == (None, 12.5)
    assert first["macro_f1"].point == pytest.approx(0.97 - 0.19)
    assert first["difference"].point == pytest.approx(-0.19)


def test_a_smaller_cut_costs_its_share() -> None:
    data = make_small()
    small = Condition(
        task="sms_spam",
        source="synthetic",
        generator="g",
        strategy="zero_shot",
        student="s",
        num_train=150,
    )
    summary = data.summary
    assert summary is not None
    score = next(one for one in summary.scores if one.condition.source == "synthetic")
    data = replace(
        data, summary=replace(summary, scores=(*summary.scores, replace(score, condition=small)))
    )
    row = list_rows(data)[0]
    assert (row["num_train"], row["tokens"], row["seconds"]) == (150, 3000, 7.5)
    assert row["difference"] is None


def test_repeats_of_a_corpus_are_left_out() -> None:
    corpora = tuple(
        CorpusScore(strategy=name, num_rows=600, macro_f1=0.7, sd=None, gap=None)
        for name in ("zero_shot", "few_shot")
    )
    name = "sms_spam__synthetic__g__zero_shot__s"
    repeated = RepeatedCorpora(
        condition=name,
        corpora=corpora,
        mean=0.7,
        sd=None,
        sd_seeds=None,
        macro_f1=None,
        real=None,
        gap=None,
    )
    rows = list_rows(replace(make_small(), analysis=Analysis(repeats=(repeated,))))
    assert [row["strategy"] for row in rows] == ["zero_shot"]


def test_seconds_are_those_of_all_gpus() -> None:
    engine = {"name": "vllm", "device": "cuda", "num_devices": 4, "grade": "seeded"}
    row = list_rows(make_small(engine=engine))[0]
    assert (row["seconds"], row["device"]) == (120.0, "GPU")


def test_texts_brought_along_cost_nothing_here() -> None:
    data = make_small(brought={"file": "f.csv", "digest": "0", "rows": 1})
    row = list_rows(data)[0]
    assert row["tokens"] == row["seconds_per_row"] == Undefined("brought along")


def test_a_report_without_students_on_synthetic_texts_says_what_makes_an_ablation() -> None:
    files = render_files(replace(make_small(), summary=None, results=()))
    assert "makes an ablation" in files["report.html"]
    assert "tables/ablation.csv" not in files
