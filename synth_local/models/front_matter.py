"""Model cards as files: Markdown below a YAML front matter, in the form that model hubs read.

The front matter is parsed here and not by ``huggingface_hub``, so that reading a card needs
nothing but YAML. Knows nothing about where cards lie.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from synth_local.core.files import write_text
from synth_local.core.section import parse_section
from synth_local.errors import ConfigError
from synth_local.models.card import UNKNOWN_LICENSE, Card

SECTION = "synth_local"
FRONT_MATTER = re.compile(
    r"\A\ufeff?\s*---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE
)

Lines = dict[tuple[str | int, ...], int]


def read_card(path: Path, name: str) -> Card:
    """Return the card in a file.

    Args:
        path: of the Markdown file.
        name: of the model; it takes the place of a name inside.

    Returns:
        The card; where the front matter has no mapping ``synth_local``, the licence is all there
        is.

    Raises:
        ConfigError: there is no front matter, or its mapping is wrong.
    """
    text = _read_text(path)
    value, offset = parse_front_matter(text, path)
    return _build_card(value, name, path, _find_lines(text, offset))


def parse_front_matter(text: str, path: Path) -> tuple[dict[str, Any], int]:
    """Return the mapping at the head of a Markdown text, and the line before it.

    Returns:
        The mapping, and the number of lines above it.

    Raises:
        ConfigError: there is no front matter, or it is no mapping.
    """
    found = FRONT_MATTER.match(text)
    if not found:
        raise ConfigError(
            "the card has no front matter",
            where=f"{path}:1",
            fix="begin the file with a line ---, YAML, and another line ---",
        )
    offset = text[: found.start(1)].count("\n")
    try:
        value = yaml.safe_load(found.group(1))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = offset + (mark.line + 1 if mark else 1)
        problem = getattr(error, "problem", None) or "not readable"
        raise ConfigError(
            f"the front matter is not valid YAML: {problem}", where=f"{path}:{line}"
        ) from error
    if not isinstance(value, dict):
        raise ConfigError("the front matter is no mapping of keys", where=f"{path}:{offset + 1}")
    return value, offset


def write_card(path: Path, front_matter: Mapping[str, Any], body: str) -> Card:
    """Write a model card that this toolkit and model hubs can read.

    Args:
        path: of the file; ``README.md`` inside a model's folder, else ``<name>.md``.
        front_matter: what hubs read (``license``, ``base_model``, ``tags``, ``pipeline_tag``, ...)
            and the mapping ``synth_local``.
        body: Markdown.

    Returns:
        The card as it will be read back.

    Raises:
        ConfigError: the mapping ``synth_local`` does not make a card; nothing is written.
        MachineError: the file cannot be written.
    """
    absolute = path.absolute()
    name = absolute.parent.name if absolute.name == "README.md" else absolute.stem
    card = _build_card(dict(front_matter), name, path, {})
    # non-ASCII is escaped: PyYAML would write a bare U+0085, which reads back as a line break
    head = yaml.safe_dump(dict(front_matter), sort_keys=False)
    write_text(path, f"---\n{head}---\n\n{body.strip()}\n")
    return card


def find_license(value: Mapping[str, Any]) -> str:
    """Return the licence a front matter names; hubs write ``other`` and name it beside.

    Returns:
        A short name, ``unknown`` where there is none.
    """
    given = value.get("license")
    if given == "other":
        given = value.get("license_name") or given
    # plain values alone: aliases of YAML can nest a list so that its text would fill a memory
    names = given if isinstance(given, list) else [given]
    spelled = ", ".join(str(name) for name in names if isinstance(name, str | int | float))
    return spelled if given and spelled else UNKNOWN_LICENSE


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the card: {error}", where=path) from error


def _build_card(value: dict[str, Any], name: str, path: Path, lines: Lines) -> Card:
    section = value.get(SECTION) or {}
    if not isinstance(section, dict):
        raise ConfigError(f"the key {SECTION} must hold a mapping of keys", where=path)
    fields = {"license": find_license(value)} | section | {"name": name}
    return parse_section(Card, fields, path, lines)


def _find_lines(text: str, offset: int) -> Lines:
    """Return the line of each key of the mapping, from 1 at the top of the file."""
    found = FRONT_MATTER.match(text)
    root = yaml.compose(found.group(1), Loader=yaml.SafeLoader) if found else None
    lines: Lines = {}
    for key, node in _items(root):
        if key.value == SECTION:
            for inner, _ in _items(node):
                lines[(str(inner.value),)] = inner.start_mark.line + 1 + offset
    return lines


def _items(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return node.value if isinstance(node, yaml.MappingNode) else []
