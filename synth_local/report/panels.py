"""What a figure shows, as data: rows of dots with intervals, stacked bars, or lines.

Pure: ``figures`` draws these and knows nothing else. Every panel carries the sentence that stands
in for it where it cannot be seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from synth_local.records import Interval

MAX_BARS = 30


@dataclass(frozen=True, slots=True)
class Dot:
    """One row of a dot plot.

    Attributes:
        label: of the row.
        group: decides marker and colour; a source, or ``real``.
        value: the filled mark with its interval; ``None`` leaves the row empty.
        before: a hollow mark, such as the value before curation.
        seeds: small strokes, one for each training seed.
        note: written where there is no value.
    """

    label: str
    group: str
    value: Interval | None
    before: Interval | None = None
    seeds: tuple[float, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class DotPanel:
    """A dot plot; ``reference`` draws a dashed line."""

    name: str
    title: str
    x_label: str
    dots: tuple[Dot, ...]
    reference: float | None = None

    @property
    def alt(self) -> str:
        """Return the plot in words."""
        return f"{self.title}. {'; '.join(_describe_dot(dot) for dot in self.dots)}."


def _describe_dot(dot: Dot) -> str:
    if dot.value is None:
        return f"{dot.label}: {dot.note or 'no value'}"
    value = dot.value
    text = f"{dot.label}: {value.point:.3f}"
    if value.low < value.high:
        text += f" (interval {value.low:.3f} to {value.high:.3f})"
    return f"{text}, before curation {dot.before.point:.3f}" if dot.before else text


@dataclass(frozen=True, slots=True)
class Bar:
    """One stacked bar: counts in the order of the panel's parts."""

    label: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BarPanel:
    """Stacked bars; the first part is what was accepted."""

    name: str
    title: str
    x_label: str
    parts: tuple[str, ...]
    bars: tuple[Bar, ...]

    @property
    def alt(self) -> str:
        """Return the plot in words."""
        return f"{self.title}. {'; '.join(self._describe(bar) for bar in self.bars)}."

    def _describe(self, bar: Bar) -> str:
        counts = [
            f"{count} {part}" for part, count in zip(self.parts, bar.counts, strict=True) if count
        ]
        return f"{bar.label}: {', '.join(counts) or 'nothing'}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a line plot.

    Attributes:
        label: in the legend.
        group: decides colour; a source.
        points: x at least 1, rising, with y and its interval.
    """

    label: str
    group: str
    points: tuple[tuple[int, Interval], ...]


@dataclass(frozen=True, slots=True)
class LinePanel:
    """Lines over a logarithmic x axis."""

    name: str
    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]

    @property
    def alt(self) -> str:
        """Return the plot in words."""
        return f"{self.title}. {'; '.join(_describe_line(line) for line in self.lines)}."


def _describe_line(line: Line) -> str:
    points = ", ".join(f"{y.point:.3f} at {x:,}" for x, y in line.points)
    return f"{line.label}: {points}"


Panel = DotPanel | BarPanel | LinePanel
