"""What a figure shows, as data: rows of dots with intervals, stacked bars, or lines.

Pure: ``figures`` draws these and knows nothing else. Every panel carries the sentence that stands
in for it where it cannot be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from synth_local.records import Interval

MAX_BARS = 30


@dataclass(frozen=True, slots=True)
class Dot:
    """One row of a dot plot.

    Attributes:
        group: decides marker and colour; a source, or ``real``.
        value: the filled mark with its interval; ``None`` leaves the row empty.
        before: a hollow mark, such as the value before curation.
        seeds: small dots, one for each training seed that did not fail.
        failed: crosses: seed and value of each training that failed.
        note: written where there is no value.
    """

    label: str
    group: str
    value: Interval | None
    before: Interval | None = None
    seeds: tuple[float, ...] = ()
    failed: tuple[tuple[int, float], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class DotPanel:
    """A dot plot.

    Attributes:
        floor: of a dotted line: the score of one that has learnt nothing.
        x_range: ends of the axis, where it is shared with others; ``None`` fits it to the dots.
    """

    name: str
    title: str
    x_label: str
    dots: tuple[Dot, ...]
    reference: float | None = None
    floor: float | None = None
    x_range: tuple[float, float] | None = None

    @property
    def alt(self) -> str:
        """Return the plot in words."""
        floor = "" if self.floor is None else f"; floor {self.floor:.3f}"
        return f"{self.title}. {'; '.join(_describe_dot(dot) for dot in self.dots)}{floor}."

    @property
    def values(self) -> list[float]:
        """Return everything that has to lie on the axis."""
        found = [one for one in (self.reference, self.floor) if one is not None]
        for dot in self.dots:
            for interval in (dot.value, dot.before):
                found += [interval.low, interval.point, interval.high] if interval else []
            found += [*dot.seeds, *(value for _, value in dot.failed)]
        return found


def _describe_dot(dot: Dot) -> str:
    if dot.value is None:
        return f"{dot.label}: {dot.note or 'no value'}"
    value = dot.value
    text = f"{dot.label}: {value.point:.3f}"
    if value.low < value.high:
        text += f" (interval {value.low:.3f} to {value.high:.3f})"
    for seed, score in dot.failed:
        text += f", training of seed {seed} failed at {score:.3f}"
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


def share_range(panels: Sequence[DotPanel]) -> tuple[DotPanel, ...]:
    """Return dot plots of one kind with one axis, so that equal lengths mean the same.

    Rows without a value are left out, and so are plots with fewer than two rows: there is nothing
    to see in them that a number does not say.
    """
    kept = [
        replace(panel, dots=tuple(dot for dot in panel.dots if dot.value is not None))
        for panel in panels
    ]
    kept = [one for one in kept if len(one.dots) > 1]
    values = [value for one in kept for value in one.values]
    if not values:
        return ()
    edge = 0.04 * (max(values) - min(values) or 1.0)
    shared = (min(values) - edge, max(values) + edge)
    return tuple(replace(one, x_range=shared) for one in kept)
