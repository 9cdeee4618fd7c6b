"""Drawings as text: the colours of figures, and SVG for a file and for a page.

A file has fixed colours for papers. A fragment stands in a page: its colours are CSS variables, its
ids carry a prefix, and it names no address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

INK, GRID, PAPER = "#1f2328", "#d3d7dc", "#fffffe"
# group: colour and marker, so that neither is needed to tell two apart
GROUPS = {
    "real": ("#1a5fa0", "D"),
    "real_all": ("#1a5fa2", "d"),
    "real+synthetic": ("#1d7a4f", "P"),
    "pool": ("#66707b", "s"),
    "pool_balanced": ("#66707c", "h"),
    "pool+synthetic": ("#7d44a8", "^"),
    "synthetic": ("#b5540d", "o"),
    "synthetic_all": ("#b5540e", "p"),
}
ACCEPTED = "#1a5fa1"
FAILED = "#a32a2b"
# colour and hatch of each drop reason, in order; they repeat after the last
REASONS = (
    ("#c8741c", "//"),
    ("#8a56ad", "\\\\"),
    ("#3f8f6b", "||"),
    ("#b8475b", "xx"),
    ("#8f8a2c", "--"),
    ("#5b7f95", "++"),
    ("#9a6a4f", "/"),
    ("#7c7c84", "|"),
)
_HEAD = re.compile(r"<svg\b[^>]*>")


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawn panel.

    Attributes:
        file: a whole SVG document with fixed colours.
        fragment: an ``<svg>`` element for a page.
    """

    name: str
    title: str
    alt: str
    file: str
    fragment: str


def label_file(svg: str, title: str, alt: str) -> str:
    """Return a document whose first elements name it, without the drawing program's metadata."""
    body = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    head = _HEAD.search(body)
    assert head is not None  # noqa: S101 - matplotlib wrote it
    names = f"\n <title>{escape(title)}</title>\n <desc>{escape(alt)}</desc>"
    return body[: head.end()] + names + body[head.end() :]


def make_fragment(svg: str, prefix: str, title: str, alt: str) -> str:
    """Return the drawing for a page: themed colours, own ids, no addresses, no prolog."""
    labelled = label_file(svg, title, alt)
    head = _HEAD.search(labelled)
    assert head is not None  # noqa: S101 - matplotlib wrote it
    view = re.search(r'viewBox="([-0-9. ]+)"', head.group(0))
    assert view is not None  # noqa: S101 - matplotlib wrote it
    body = re.sub(r"\s*<style\b.*?</style>", "", labelled[head.end() :], flags=re.DOTALL)
    body = _theme(body)
    # only what stands inside a tag is an id; labels are text and stay as they are
    body = re.sub(r"<[^>]+>", lambda tag: _prefix_ids(tag.group(0), prefix), body)
    body = body.replace("<title>", f'<title id="{prefix}-title">', 1)
    body = body.replace("<desc>", f'<desc id="{prefix}-desc">', 1)
    return (
        f'<svg role="img" viewBox="{view.group(1)}" '
        f'aria-labelledby="{prefix}-title" aria-describedby="{prefix}-desc">{body}'
    )


def _prefix_ids(tag: str, prefix: str) -> str:
    tag = re.sub(r'\bid="', f'id="{prefix}-', tag)
    tag = re.sub(r'(?:xlink:)?href="#', f'href="#{prefix}-', tag)
    return re.sub(r"url\(#", f"url(#{prefix}-", tag)


def _theme(body: str) -> str:
    names = {name: re.sub("[+_]", "-", name) for name in GROUPS}
    variables = {color: f"fig-{names[name]}" for name, (color, _) in GROUPS.items()}
    variables |= {color: f"fig-drop-{index}" for index, (color, _) in enumerate(REASONS)}
    variables |= {GRID: "fig-grid", ACCEPTED: "fig-accepted", FAILED: "bad"}

    def paint(tag: str) -> str:
        tag = tag.replace(INK, "currentColor").replace(PAPER, "none")
        for color, name in variables.items():
            tag = tag.replace(color, f"var(--{name}, {color})")
        return tag

    return re.sub(r"<[^>]+>", lambda tag: paint(tag.group(0)), body)
