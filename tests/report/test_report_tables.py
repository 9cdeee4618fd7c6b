"""Tables become CSV and LaTeX text that neither lies nor runs."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_local.records import Interval
from synth_local.report.table_text import escape_latex, format_value, slugify, to_csv, to_latex
from synth_local.report.tables import (
    Column,
    Columns,
    Table,
    Undefined,
    drop_empty_columns,
    group_rows,
    select_columns,
)

SCORE: Column[Any] = Column("f1", "F1", "score")
SIGNED: Column[Any] = Column("d", "D", "interval", is_signed=True)
TABLE = Table(
    name="small",
    caption="Two rows & one interval.",
    columns=(
        Column("source", "Source"),
        Column("macro_f1", "Macro-F1", "interval"),
        Column("difference", "Difference", "interval", is_signed=True),
        Column("rows", "Rows", "count"),
        Column("p", "p", "p"),
    ),
    rows=(
        ("real", Interval(0.97012345, 0.96, 0.98), None, 6000, None),
        ("synthetic_x", Undefined("no items"), Interval(-0.1, -0.125, 0.0001), 1200, 0.0002),
    ),
)


def test_a_csv_holds_full_precision_and_the_interval_in_three_columns() -> None:
    assert to_csv(TABLE) == (
        "source,macro_f1,macro_f1_low,macro_f1_high,difference,difference_low,difference_high,"
        "rows,p\n"
        "real,0.97012345,0.96,0.98,,,,6000,\n"
        "synthetic_x,undefined (no items),,,-0.1,-0.125,0.0001,1200,0.0002\n"
    )


def test_a_latex_table_is_booktabs_and_rounded() -> None:
    assert to_latex(TABLE) == (
        "\\begin{table}\n"
        "\\centering\n"
        "\\caption{Two rows \\& one interval.}\n"
        "\\label{tab:small}\n"
        "\\begin{tabular}{lrrrr}\n"
        "\\toprule\n"
        "Source & Macro-F1 & Difference & Rows & p \\\\\n"
        "\\midrule\n"
        "real & 0.970 {[}0.960, 0.980{]} &  & 6,000 &  \\\\\n"
        "synthetic\\_x & undefined (no items) & $-$0.100 {[}$-$0.125, 0.000{]} & 1,200 & "
        "\\textless{} 0.001 \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}\n"
        "\\end{table}\n"
    )


@pytest.mark.parametrize(
    ("value", "column", "expected"),
    [
        (0.8705, SCORE, "0.871"),
        (0.0, SCORE, "0.000"),
        (-0.0, Column("d", "D", "score", is_signed=True), "0.000"),
        (-0.00001, Column("d", "D", "score", is_signed=True), "0.000"),
        (0.05, Column("d", "D", "score", is_signed=True), "+0.050"),
        (Interval(-0.1, -0.12, -0.08), SIGNED, "−0.100 [−0.120, −0.080]"),  # noqa: RUF001
        (float("nan"), SCORE, "undefined"),
        (Undefined("one label"), SCORE, "undefined (one label)"),
        (None, SCORE, ""),
        (0.0009, Column("p", "p", "p"), "< 0.001"),
        (12345, Column("n", "n", "count"), "12,345"),
        (83.44, Column("s", "s", "number"), "83.440"),
        (1830.44, Column("s", "s", "number"), "1,830.4"),
    ],
)
def test_values_are_spelled_for_readers(value: object, column: Column[Any], expected: str) -> None:
    assert format_value(value, column) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "formula",
    ['=cmd|"/C calc"!A0', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "  =1", "|dde", "\r=1", "\uff1d1"],
)
def test_no_text_in_a_csv_starts_a_formula(formula: str) -> None:
    table = Table("x", "", (Column(formula, "T"),), ((formula,),))
    for row in csv.reader(io.StringIO(to_csv(table))):
        assert row[0].startswith("'")


def test_a_negative_number_in_a_csv_stays_a_number() -> None:
    table = Table("x", "", (Column("a", "A", "number"),), ((-0.5,), (-3,)))
    assert to_csv(table) == "a\n-0.5\n-3\n"


@given(st.text())
def test_latex_text_has_no_command_but_the_known_ones(text: str) -> None:
    escaped = escape_latex(text)
    known = (
        "textbackslash{}", "{", "}", "$", "&", "#", "textasciicircum{}", "_", "textasciitilde{}",
        "%", "textless{}", "textgreater{}", "textbar{}", "textasciigrave{}",
    )  # fmt: skip
    for part in escaped.split("\\")[1:]:
        assert part.startswith(known)
    assert "\n" not in escaped
    bare = escaped.replace("$-$", "").replace("{[}", "").replace("{]}", "").replace("{''}", "")
    for mark in "$&#_%":
        assert bare.count(mark) == bare.count(f"\\{mark}")


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_every_cell_of_a_csv_comes_back(cells: list[str]) -> None:
    columns: Columns[Any] = tuple(Column(f"c{i}", "") for i in range(len(cells)))
    rows = list(csv.reader(io.StringIO(to_csv(Table("x", "", columns, (tuple(cells),))))))
    assert len(rows) == 2
    assert len(rows[1]) == len(cells)


@given(st.text())
def test_a_slug_is_a_safe_file_name(text: str) -> None:
    slug = slugify(text)
    assert slug
    assert "/" not in slug
    assert not slug.startswith(".")


def test_columns_that_never_apply_are_left_out_and_headers_counted_anew() -> None:
    table = Table(
        "x", "", (Column("a", "A"), Column("b", "B"), Column("c", "C", "count")),
        ((None, "y", 0), ("", "z", 1)), num_headers=2,
    )  # fmt: skip
    slim = drop_empty_columns(table)
    assert [column.key for column in slim.columns] == ["b", "c"]
    assert slim.rows == (("y", 0), ("z", 1))
    assert slim.num_headers == 1


def test_rows_are_grouped_in_the_order_they_came() -> None:
    table = Table("x", "", (Column("t", "T"), Column("v", "V", "count")),
                  (("b", 1), ("a", 2), ("b", 3)), num_headers=1)  # fmt: skip
    groups = group_rows(table).items()
    assert [(key, rows.rows) for key, rows in groups] == [("b", ((1,), (3,))), ("a", ((2,),))]


def test_selected_columns_keep_the_order_of_the_table() -> None:
    slim = select_columns(TABLE, ["rows", "source"])
    assert [column.key for column in slim.columns] == ["source", "rows"]
