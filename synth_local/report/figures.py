"""The only door to matplotlib: panels become SVG text.

The same panel gives the same bytes: no date, no random ids, text as text. Labels are data:
mathematics is never parsed and characters that XML forbids are replaced.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from synth_local.records import Interval
from synth_local.report.panels import BarPanel, Dot, DotPanel, LinePanel, Panel
from synth_local.report.svg import (
    ACCEPTED,
    FAILED,
    GRID,
    GROUPS,
    INK,
    PAPER,
    REASONS,
    Drawing,
    label_file,
    make_fragment,
)
from synth_local.report.table_text import clean_text

_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "synth-local",
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10.0,
    "axes.titlesize": 11.0,
    "hatch.linewidth": 1.0,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GRID,
    "xtick.color": INK,
    "ytick.color": INK,
}
_WIDTH = 6.0  # inches
_LINE_ROWS = 8  # height of a line plot, in rows of a dot plot
# several lines of one group differ by dash and marker
_DASHES = (("-", ""), ("--", "s"), (":", "^"), ("-.", "v"), ((0, (6, 1, 1, 1)), "X"))
MAX_LABEL = 48
BELOW = 0.27  # single trainings stand so many rows below their mean


def draw_panel(panel: Panel, prefix: str) -> Drawing:
    """Return a panel as SVG; ``prefix`` makes the fragment's ids unique in its page."""
    if isinstance(panel, DotPanel):
        svg = _render(lambda axes: _draw_dots(axes, panel), len(panel.dots), legend=0.0)
    elif isinstance(panel, LinePanel):
        legend = 0.24 * -(-len(panel.lines) // 2) + 0.1
        svg = _render(lambda axes: _draw_lines(axes, panel), _LINE_ROWS, legend, sides=True)
    else:
        lines = -(-len(panel.parts) // 3)
        svg = _render(lambda axes: _draw_bars(axes, panel), len(panel.bars), 0.24 * lines + 0.1)
    title, alt = clean_label(panel.title, 400), clean_text(panel.alt)
    return Drawing(
        name=panel.name,
        title=title,
        alt=alt,
        file=label_file(svg, title, alt),
        fragment=make_fragment(svg, prefix, title, alt),
    )


def clean_label(text: str, limit: int = MAX_LABEL) -> str:
    """Return a label on one clean line, its middle cut out where it is too long."""
    line = " ".join(clean_text(text).split())
    if len(line) <= limit:
        return line
    tail = limit // 2 - 1
    return f"{line[: limit - tail - 1]}\N{HORIZONTAL ELLIPSIS}{line[-tail:]}"


# ----------------------------------------------------------------------------------- drawing


def _render(draw: Callable[[Axes], None], rows: int, legend: float, *, sides: bool = False) -> str:
    """Return the SVG of one pair of axes, ``rows`` lines high and ``legend`` inches below."""
    # "default" first: a user's own matplotlibrc must not change the report
    with mpl.rc_context({**mpl.rcParamsDefault, "backend": mpl.rcParams["backend"], **_STYLE}):
        figure = Figure(figsize=(_WIDTH, 0.72 + legend + 0.3 * max(rows, 1)), layout="constrained")
        axes = figure.add_subplot()
        draw(axes)
        for side in ("top", "right") if sides else ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.tick_params(length=0)
        axes.set_axisbelow(True)
        axes.grid(axis="both" if sides else "x", color=GRID, linewidth=0.7)
        buffer = io.StringIO()
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
        return buffer.getvalue()


def _name_rows(axes: Axes, labels: list[str]) -> None:
    axes.set_yticks(range(len(labels)), [clean_label(label) for label in labels])
    axes.set_ylim(len(labels) - 0.4, -0.6)  # the first row on top


def _draw_dots(axes: Axes, panel: DotPanel) -> None:
    _name_rows(axes, [dot.label for dot in panel.dots])
    axes.set_xlabel(clean_label(panel.x_label, 90))
    _draw_levels(axes, panel)
    for row, dot in enumerate(panel.dots):
        color, marker = GROUPS.get(dot.group, GROUPS["synthetic"])
        if dot.before is not None:
            _draw_mark(axes, dot.before, row + 0.2, color, marker, is_filled=False)
        if dot.value is not None:
            _draw_mark(axes, dot.value, row, color, marker, is_filled=True)
        _draw_trainings(axes, dot, row + BELOW, color)
    axes.margins(x=0.06)
    if panel.x_range is not None:
        axes.set_xlim(*panel.x_range)
    low, high = axes.get_xlim()
    for row, dot in enumerate(panel.dots):
        if dot.value is None:
            axes.text(low, row, f" {clean_label(dot.note or 'no value', 60)}", va="center")
        _name_failed(axes, dot, row + BELOW, (low + high) / 2)


def _draw_levels(axes: Axes, panel: DotPanel) -> None:
    """Draw the lines that all rows are read against."""
    if panel.reference is not None:
        axes.axvline(panel.reference, color=GROUPS["real"][0], linestyle=(0, (4, 3)), linewidth=1)
    if panel.floor is not None:
        axes.axvline(panel.floor, color=GROUPS["pool"][0], linestyle=(0, (1, 2)), linewidth=1.4)
        axes.annotate(
            "floor",
            (panel.floor, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(3, -1),
            textcoords="offset points",
            va="top",
            fontsize=8,
        )


def _draw_trainings(axes: Axes, dot: Dot, row: float, color: str) -> None:
    """Draw a dot for each training seed, and a cross for each that failed."""
    for value in dot.seeds:
        axes.plot([value], [row], marker="o", color=color, markersize=2.6)
    for _, value in dot.failed:
        axes.plot([value], [row], marker="x", color=FAILED, markersize=6.5, markeredgewidth=1.8)


def _name_failed(axes: Axes, dot: Dot, row: float, middle: float) -> None:
    """Write beside each cross which training it is, towards the middle of the axis."""
    for seed, value in dot.failed:
        is_right = value > middle
        axes.annotate(
            f"seed {seed} failed",
            (value, row),
            xytext=(-6 if is_right else 6, 0),
            textcoords="offset points",
            ha="right" if is_right else "left",
            va="center",
            fontsize=8,
            color=FAILED,
        )


def _draw_mark(
    axes: Axes, value: Interval, row: float, color: str, marker: str, *, is_filled: bool
) -> None:
    width = 1.9 if is_filled else 1.0
    axes.plot([value.low, value.high], [row, row], color=color, linewidth=width)
    face = color if is_filled else "none"
    size = 5.5 if is_filled else 4.5
    axes.plot(
        [value.point], [row], marker=marker, color=color, markerfacecolor=face, markersize=size
    )


def _draw_bars(axes: Axes, panel: BarPanel) -> None:
    _name_rows(axes, [bar.label for bar in panel.bars])
    axes.set_xlabel(clean_label(panel.x_label, 90))
    starts = [0] * len(panel.bars)
    for index, part in enumerate(panel.parts):
        color, hatch = (ACCEPTED, None) if not index else REASONS[(index - 1) % len(REASONS)]
        counts = [bar.counts[index] for bar in panel.bars]
        axes.barh(
            range(len(counts)),
            counts,
            left=starts,
            height=0.64,
            color=color if hatch is None else "none",
            edgecolor=color,
            hatch=hatch,
            linewidth=0.9,
            label=clean_label(part).removeprefix("_"),
        )
        starts = [start + count for start, count in zip(starts, counts, strict=True)]
    axes.margins(x=0.02)
    axes.figure.legend(loc="outside lower left", ncols=3, frameon=False, fontsize=9)


def _draw_lines(axes: Axes, panel: LinePanel) -> None:
    axes.set_xscale("log")
    axes.set_xlabel(clean_label(panel.x_label, 90))
    axes.set_ylabel(clean_label(panel.y_label, 40))
    drawn: dict[str, int] = {}
    for line in panel.lines:
        color, marker = GROUPS.get(line.group, GROUPS["synthetic"])
        number = drawn[line.group] = drawn.get(line.group, -1) + 1
        dash, own_marker = _DASHES[number % len(_DASHES)]
        rows = [x for x, _ in line.points]
        axes.plot(
            rows,
            [y.point for _, y in line.points],
            color=color,
            linestyle=dash,
            marker=own_marker or marker,
            markersize=5,
            label=clean_label(line.label).removeprefix("_"),
        )
        for x, y in line.points:
            axes.plot([x, x], [y.low, y.high], color=color, linewidth=0.9)
    ticks = sorted({x for line in panel.lines for x, _ in line.points})
    axes.set_xticks(_spread_ticks(ticks), minor=False)
    axes.set_xticklabels([f"{x:,}" for x in _spread_ticks(ticks)])
    axes.minorticks_off()
    axes.figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=9)


def _spread_ticks(values: list[int], ratio: float = 1.35) -> list[int]:
    """Return those of rising values whose labels have room on a logarithmic axis."""
    kept: list[int] = []
    for value in values:
        if not kept or value / kept[-1] >= ratio:
            kept.append(value)
    return kept
