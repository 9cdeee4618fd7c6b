from __future__ import annotations

from dataclasses import replace

from synth_local.analyze.summary import Analysis, TaskSubjectivity
from synth_local.evaluate.summary import Condition as Trained
from synth_local.records import Interval
from synth_local.report.conditions import Condition, Measured
from synth_local.report.sections.results.study import make_study_table
from synth_local.report.tables import Undefined
from tests.report.made_report import make_difference

TRAINED = Trained(
    task="any", source="synthetic", generator="g", strategy="few_shot", student="s", num_train=10
)
REAL = Trained(task="any", source="real", generator="-", strategy="-", student="s", num_train=10)


def make_conditions(task: str, real: float, synthetic: float) -> list[Condition]:
    def make(source: str, score: float) -> Condition:
        is_real = source == "real"
        apart = Interval(synthetic - real, -0.5, 0.5)
        measured = Measured(Interval(score, score - 0.1, score + 0.1))
        return Condition(
            task,
            source,
            "" if is_real else "g",
            "" if is_real else "few_shot",
            "s",
            10,
            (0,),
            measured,
            measured,
            ()
            if is_real
            else tuple(
                replace(
                    make_difference(TRAINED, REAL, "real", metric, (0,), 0.0),
                    interval=apart,
                    items_only=apart,
                )
                for metric in ("macro_f1", "accuracy")
            ),
        )

    return [make("real", real), make("synthetic", synthetic)]


CONDITIONS = [
    *make_conditions("unasked", 0.7, 0.6),
    *make_conditions("disputed", 0.6, 0.5),
    *make_conditions("plain", 0.9, 0.8),
]


def test_tasks_stand_from_the_most_to_the_least_agreement() -> None:
    analysis = Analysis(
        tasks=(
            TaskSubjectivity(task="disputed", num_items=10, mean_share=0.9, pair_agreement=0.6),
            TaskSubjectivity(task="plain", num_items=10, mean_share=0.6, pair_agreement=0.9),
            TaskSubjectivity(task="unasked", num_items=10, reason="nobody"),
        )
    )
    table = make_study_table(CONDITIONS, analysis)
    assert [row[0] for row in table.rows] == ["plain", "disputed", "unasked"]
    assert [row[4] for row in table.rows] == [0.9, 0.6, Undefined("nobody says")]
    assert "least agreement" in table.caption
    columns = [column.key for column in table.columns]
    first = dict(zip(columns, table.rows[0], strict=True))
    assert (first["real_macro_f1"], first["macro_f1"]) == (0.9, 0.8)
    assert first["macro_f1_difference"] == Interval(0.8 - 0.9, -0.5, 0.5)


def test_without_any_measure_the_run_file_orders_and_the_caption_says_so() -> None:
    table = make_study_table(CONDITIONS, None)
    assert [row[0] for row in table.rows] == ["unasked", "disputed", "plain"]
    assert all(row[4] is None for row in table.rows)
    assert "as in the run file" in table.caption


def test_a_condition_that_was_not_compared_says_so() -> None:
    alone = [one for one in CONDITIONS if one.source == "synthetic"]
    row = make_study_table([replace(alone[0], differences=())], None).rows[0]
    assert Undefined("no real condition") in row
    assert Undefined("not compared with real") in row


def test_the_partner_is_the_one_that_was_compared_not_one_of_as_many_rows() -> None:
    real, made = make_conditions("t", 0.7, 0.8)
    twin = replace(real, source="real_all", macro_f1=Measured(Interval(0.9, 0.8, 1.0)))
    table = make_study_table([twin, real, made], None)
    row = dict(zip((one.key for one in table.columns), table.rows[0], strict=True))
    assert row["real_macro_f1"] == 0.7
