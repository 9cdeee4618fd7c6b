"""How tables and their values are spelled: for readers, as CSV and as LaTeX.

CSV keeps full precision; HTML and LaTeX round. Text from outside is escaped for each format.
"""

from __future__ import annotations

import csv
import io
import math
import re
from typing import Any

from synth_local.records import Interval
from synth_local.report.tables import Column, Table, Undefined, Value

DIGITS = 3
_UNPRINTABLE = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f"  # control characters
    "\\u202a-\\u202e\\u2066-\\u2069"  # marks that turn the direction of what follows
    "\\ud800-\\udfff\\ufdd0-\\ufdef\\ufffe\\uffff]"  # no characters at all
)
MINUS = "\N{MINUS SIGN}"


def format_value(value: Value, column: Column[Any]) -> str:
    """Return a value as a reader sees it: rounded, with a true minus sign; empty for ``None``."""
    if value is None:
        return ""
    if isinstance(value, Undefined | str):
        return str(value)
    if isinstance(value, Interval):
        low, high = (_format_number(end, column) for end in (value.low, value.high))
        return f"{_format_number(value.point, column)} [{low}, {high}]"
    return _format_number(value, column)


def _format_number(value: float, column: Column[Any]) -> str:
    if not math.isfinite(value):
        return "undefined"
    if column.kind == "p":
        return "< 0.001" if value < 0.001 else f"{value:.{DIGITS}f}"
    if column.kind == "count":
        return f"{value:,.0f}".replace("-", MINUS)
    digits = DIGITS if column.kind in ("score", "interval") or abs(value) < 100 else 1
    sign = "+" if column.is_signed else ""
    text = f"{value:{sign},.{digits}f}"
    if not float(text.replace(",", "")):  # no sign on what rounds to zero
        text = text.lstrip("+-")
    return text.replace("-", MINUS)


# --------------------------------------------------------------------------------------- CSV


def clean_text(text: str) -> str:
    """Return ``text`` with a replacement mark for what no text file may hold.

    Control characters other than tab and newline, direction overrides (they would turn the
    sentence around a name), lone surrogates and noncharacters.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", lines)


def to_csv(table: Table) -> str:
    """Return the table as CSV, unrounded, safe to open in a spreadsheet.

    Text that a spreadsheet would take for a formula gets a leading apostrophe. (``results.csv``
    of a run is data for programs and is not touched by this.)
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([name for column in table.columns for name in _csv_names(column)])
    for row in table.rows:
        pairs = zip(row, table.columns, strict=True)
        writer.writerow([cell for value, column in pairs for cell in _csv_cells(value, column)])
    return buffer.getvalue()


def _csv_names(column: Column[Any]) -> list[str]:
    ends = ("", "_low", "_high") if column.kind == "interval" else ("",)
    return [neutralise_formula(column.key) + end for end in ends]


def _csv_cells(value: Value, column: Column[Any]) -> list[str]:
    if isinstance(value, Interval):
        return [repr(float(number)) for number in (value.point, value.low, value.high)]
    if value is None:
        text = ""
    elif isinstance(value, str | Undefined):
        text = neutralise_formula(str(value))
    elif isinstance(value, int):
        text = str(int(value))
    else:
        text = repr(float(value)) if math.isfinite(value) else str(Undefined("not finite"))
    return [text, "", ""] if column.kind == "interval" else [text]


def neutralise_formula(text: str) -> str:
    """Return ``text`` with an apostrophe before anything that a spreadsheet would execute."""
    clean = clean_text(text)
    first = clean.lstrip()[:1]
    risky = first and first in "=+-@|\uff1d\uff0b\uff0d\uff20"  # full-width forms count too
    return f"'{clean}" if risky or clean[:1] in ("\t", "\n") else clean


# ------------------------------------------------------------------------------------- LaTeX

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "^": r"\textasciicircum{}",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "%": r"\%",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "{''}",
    "`": r"\textasciigrave{}",
    "[": r"{[}",  # after \\ a bracket would start an optional argument
    "]": r"{]}",
    MINUS: r"$-$",
}
_CONTROL = re.compile(r"[\t\n\u2028\u2029]+")


def escape_latex(text: str) -> str:
    """Return ``text`` so that LaTeX prints it and executes none of it; one line."""
    return "".join(_LATEX.get(char, char) for char in _CONTROL.sub(" ", clean_text(text)))


def to_latex(table: Table) -> str:
    """Return the table as LaTeX for the ``booktabs`` and ``textcomp`` packages."""
    layout = "".join("r" if column.is_numeric else "l" for column in table.columns)
    head = " & ".join(escape_latex(column.title) for column in table.columns)
    body = [
        " & ".join(
            escape_latex(format_value(value, column))
            for value, column in zip(row, table.columns, strict=True)
        )
        for row in table.rows
    ]
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape_latex(table.caption)}}}",
        rf"\label{{tab:{slugify(table.name)}}}",
        rf"\begin{{tabular}}{{{layout}}}",
        r"\toprule",
        rf"{head} \\",
        r"\midrule",
        *(rf"{line} \\" for line in body),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def slugify(text: str) -> str:
    """Return ``text`` as part of a file name or an id: ``[a-z0-9._+-]``, no leading dot."""
    return re.sub(r"[^a-z0-9._+-]+", "-", text.lower()).strip(".-")[:80] or "x"
