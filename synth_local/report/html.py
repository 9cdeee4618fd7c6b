"""Rendering: records become escaped HTML through jinja2.

Everything from outside is data: autoescape is always on, and only drawings and blocks that were
rendered here pass unescaped. Knows how a block looks, not which blocks a report has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from synth_local.records import Interval
from synth_local.report.data import Sample
from synth_local.report.headline import Headline
from synth_local.report.table_text import clean_text, format_value
from synth_local.report.tables import Column, Table, Undefined

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
SUFFIXES = ("html", "html.j2")
SIGNS = {"as_good": "✓", "helps": "▲", "worse": "▼", "harms": "▼", "open": "?", "none": "◌"}
MAX_TEXT = 5000
MAX_KEPT = 40  # characters of a row's name that stay on one line


@dataclass(frozen=True, slots=True)
class SpelledInterval:
    """An interval as three strings."""

    point: str
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One cell of a confusion matrix: its count and the classes that shade it."""

    count: str
    classes: str


@dataclass(frozen=True, slots=True)
class PagePart:
    """One section, rendered, as the template takes it.

    Attributes:
        lead: the question that it answers.
        blocks: rendered already.
        is_folded: closed until a reader opens it.
    """

    id: str
    title: str
    lead: str
    blocks: tuple[Markup, ...]
    is_folded: bool = True


@dataclass(frozen=True, slots=True)
class Document:
    """The page as the template takes it."""

    title: str
    name: str
    scope: str
    fingerprint: str
    created: str
    privacy: str
    sections: tuple[PagePart, ...]


def make_environment() -> Environment:
    """Return the environment of the HTML templates: autoescape on, unknown names are errors."""
    environment = Environment(
        loader=PackageLoader("synth_local.report"),
        autoescape=select_autoescape(enabled_extensions=SUFFIXES, default=True),
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        spell=_format_interval, format_plain=format_value, trusted_svg=_trust_svg, cut=shorten
    )
    environment.tests.update(
        undefined_value=lambda value: isinstance(value, Undefined),
        interval=lambda value: isinstance(value, Interval),
        short=lambda value: isinstance(value, str) and len(value) <= MAX_KEPT,
    )
    return environment


def _finalize(value: Any) -> Any:
    """Return what is printed: text without control characters and not endlessly long."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return shorten(clean_text(value), MAX_TEXT)
    return value


def shorten(text: str, limit: int) -> str:
    """Return ``text``, cut to ``limit`` characters with a note of what was cut."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … [{len(text) - limit:,} more characters]"


def _format_interval(value: Interval, column: Column[Any]) -> SpelledInterval:
    return SpelledInterval(
        *(format_value(number, column) for number in (value.point, value.low, value.high))
    )


def _trust_svg(svg: str) -> Markup:
    """Let a drawing of ``figures`` through; its labels were escaped when it was drawn."""
    return Markup(svg)  # noqa: S704 - drawn here


class Blocks:
    """The parts that a page is made of; each method returns escaped HTML."""

    def __init__(self) -> None:
        self._environment = make_environment()
        self._macros: Any = self._environment.get_template("blocks.html.j2").module
        self._num_ids = 0

    def table(self, table: Table) -> Markup:
        """Return a table in a region that scrolls by keyboard."""
        return Markup(self._macros.table(table, self._make_id()))  # noqa: S704

    def matrix(
        self, caption: str, labels: Sequence[str], counts: Sequence[Sequence[int]]
    ) -> Markup:
        """Return a confusion matrix; cells are shaded by their share of the gold label."""
        rows = [_shade(row, gold) for gold, row in enumerate(counts)]
        return Markup(self._macros.matrix(caption, labels, rows, self._make_id()))  # noqa: S704

    def figures(self, drawings: Sequence[Any]) -> Markup:
        """Return drawings side by side where there is room."""
        if not drawings:
            return Markup("")
        body = Markup("").join(Markup(self._macros.figure(drawing)) for drawing in drawings)  # noqa: S704
        return Markup('<div class="plots">{}</div>').format(body)

    def fold(self, title: str, body: Markup) -> Markup:
        """Return a part that is closed until a reader opens it."""
        return Markup(self._macros.fold(title, body))  # noqa: S704

    def samples(self, samples: Sequence[Sample], *, show_real: bool, limit: int) -> Markup:
        """Return texts by label, each cut to ``limit``; real ones only where asked for."""
        labels = dict.fromkeys(sample.label for sample in samples)
        groups = [
            (label, [sample for sample in samples if sample.label == label]) for label in labels
        ]
        return Markup(self._macros.samples(groups, show_real, limit))  # noqa: S704

    def caution(self, title: str, lines: Sequence[str]) -> Markup:
        """Return a marked list, or nothing where there are no lines."""
        return Markup(self._macros.caution(title, lines))  # noqa: S704

    def answer(self, cards: Sequence[tuple[Headline, Markup, Markup]]) -> Markup:
        """Return the answers as cards: each with its figure and its table."""
        template = self._environment.get_template("answer.html.j2")
        return Markup(template.render(cards=cards, signs=SIGNS))  # noqa: S704

    def page(self, page: Document) -> str:
        """Return the whole document."""
        template = self._environment.get_template("report.html.j2")
        html = template.render(page=page, policy=POLICY).lstrip()
        return re.sub(r"\n{3,}", "\n\n", html)

    def _make_id(self) -> str:
        self._num_ids += 1
        return f"table-{self._num_ids}"


def heading(text: str, level: int = 3) -> Markup:
    """Return an escaped heading."""
    return Markup("<h{0}>{1}</h{0}>").format(level, clean_text(text))


def paragraph(text: str, classes: str = "") -> Markup:
    """Return an escaped paragraph."""
    return Markup('<p class="{}">{}</p>').format(classes, clean_text(text))


def side_by_side(bodies: Sequence[Markup]) -> Markup:
    """Return blocks in a row that wraps."""
    return Markup('<div class="matrices">{}</div>').format(Markup("").join(bodies))


def preformatted(text: str, limit: int) -> Markup:
    """Return escaped text as it stands."""
    body = escape(shorten(clean_text(text), limit))
    return Markup('<pre tabindex="0"><code>{}</code></pre>').format(body)


def terms(pairs: Sequence[tuple[str, str]]) -> Markup:
    """Return words with their meanings."""
    rows = (
        Markup("<dt>{}</dt><dd>{}</dd>").format(clean_text(word), clean_text(meaning))
        for word, meaning in pairs
    )
    return Markup('<dl class="terms">{}</dl>').format(Markup("").join(rows))


def _shade(row: Sequence[int], gold: int) -> list[HeatCell]:
    total = sum(row)
    cells = []
    for place, count in enumerate(row):
        level = -(-5 * count // total) if total else 0  # 0 for none, 1 to 5 by fifths
        classes = [f"h{level}"] if level else []
        classes += ["right"] if place == gold else []
        cells.append(HeatCell(f"{count:,}", " ".join(classes)))
    return cells
