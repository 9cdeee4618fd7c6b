"""What a section of the report is, and the page that its blocks are written to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from synth_local.report.data import ReportData
from synth_local.report.html import Blocks, paragraph
from synth_local.report.panels import Panel
from synth_local.report.svg import Drawing
from synth_local.report.tables import Table, drop_empty_columns

KB = 1000


class Page:
    """The page while it is written: makes blocks, and leaves out what it has no room for.

    Args:
        drawings: by kind.
        room: bytes of each kind of block.
        figure_room: bytes of each kind of figure.
        show_real: whether real texts stand beside the samples.
    """

    def __init__(
        self,
        drawings: Mapping[str, Sequence[Drawing]],
        room: Mapping[str, int],
        figure_room: Mapping[str, int],
        *,
        show_real: bool = False,
    ) -> None:
        self.blocks = Blocks()
        self.show_real = show_real
        self._left = {kind: list(group) for kind, group in drawings.items()}
        self._room = dict(room)
        self._figure_room = dict(figure_room)

    def fit(self, kind: str, body: Markup, where: str) -> Markup:
        """Return ``body``, or a line that names the file that has it where room has run out."""
        size = len(body.encode())
        if size > self._room[kind]:
            return paragraph(f"Left out to keep this page small: see {where}.", "undefined")
        self._room[kind] -= size
        return body

    def show(
        self, kind: str, table: Table, *, fold: str = "", has_empty_columns: bool = False
    ) -> Markup:
        """Return a table, or a line that names its file where room has run out.

        Args:
            fold: the title of the fold that it stands in, where it does.
            has_empty_columns: also columns that apply to none of its rows.
        """
        body = self.blocks.table(table if has_empty_columns else drop_empty_columns(table))
        body = self.blocks.fold(fold, body) if fold else body
        return self.fit(kind, body, f"tables/{table.name}.csv")

    def draw(self, kind: str, names: Collection[str] = ()) -> Markup:
        """Return the figures of one kind that fit: those named, or all not yet asked for."""
        waiting = self._left.get(kind, [])
        wanted = [drawing for drawing in waiting if not names or drawing.name in names]
        self._left[kind] = [drawing for drawing in waiting if drawing not in wanted]
        shown = []
        for drawing in wanted:
            size = len(drawing.fragment.encode())
            if size <= self._figure_room[kind]:
                self._figure_room[kind] -= size
                shown.append(drawing)
        rest = len(wanted) - len(shown)
        note = paragraph(f"{rest} more figures: see the folder figures.", "key") if rest else ""
        return self.blocks.figures(shown) + note


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section: its part of the page, its tables and figures, and the room that they have.

    Attributes:
        lead: the question that it answers.
        render: its blocks of the page.
        nothing: what stands there, without the lead, where there are no blocks.
        tables: whole and unrounded; one without rows is not written.
        panels: what it draws, by kind.
        room: bytes of each kind of its blocks.
        figure_room: bytes of each kind of its figures: the many of one part leave room for those
            of the next.
        is_folded: closed until a reader opens it.
    """

    id: str
    title: str
    lead: str = ""
    render: Callable[[ReportData, Page], Sequence[Markup]]
    nothing: str = ""
    tables: Callable[[ReportData], Iterable[Table]] = lambda _data: ()
    panels: Callable[[ReportData], Mapping[str, Sequence[Panel]]] = lambda _data: {}
    room: Mapping[str, int] = field(default_factory=dict)
    figure_room: Mapping[str, int] = field(default_factory=dict)
    is_folded: bool = True
