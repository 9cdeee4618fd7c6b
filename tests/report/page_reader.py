"""Reads a page with the standard library's parser, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "input", "link"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def find(self, tag: str) -> list[Element]:
        found = [self] if self.tag == tag else []
        return found + [one for child in self.children for one in child.find(tag)]

    def all_text(self) -> str:
        return self.text + "".join(child.all_text() for child in self.children)

    def all(self) -> list[Element]:
        return [self] + [one for child in self.children for one in child.all()]


class PageReader(HTMLParser):
    """Builds the tree and notes every tag that does not fit."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("root", {})
        self.problems: list[str] = []
        self._open = [self.root]
        self.feed(html)
        self.close()
        if len(self._open) > 1:
            self.problems.append(f"never closed: {[one.tag for one in self._open[1:]]}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "p" and any(one.tag == "p" for one in self._open):
            self.problems.append("a paragraph inside a paragraph")
        element = self._add(tag, attrs)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._add(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._open[-1].tag == tag:
            self._open.pop()
        else:
            self.problems.append(f"</{tag}> closes <{self._open[-1].tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(Element("#text", {}, data))

    def _add(self, tag: str, attrs: list[tuple[str, str | None]]) -> Element:
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            self.problems.append(f"an attribute stands twice in <{tag}>")
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        return element
