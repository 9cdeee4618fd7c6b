"""The base of every configuration section, and the one way a YAML file becomes one.

Closed models: an unknown key is an error that names the nearest known one. All problems of a file
are reported together, each with its line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from synth_local.errors import ConfigError, nearest


class _RuntimeOnlyMark:
    """Marks a field that cannot change a stage's result."""


RuntimeOnly = _RuntimeOnlyMark()


class Section(BaseModel):
    """Base of every configuration section: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def fingerprint_fields(self) -> dict[str, Any]:
        """Return the JSON-ready fields that decide the result."""
        runtime_only = {
            name for name, info in type(self).model_fields.items() if RuntimeOnly in info.metadata
        }
        return self.model_dump(mode="json", exclude=runtime_only)


S = TypeVar("S", bound=Section)


def read_yaml(path: Path) -> tuple[dict[str, Any], dict[tuple[str | int, ...], int]]:
    """Return a YAML file's mapping and the line (from 1) of each of its keys.

    Args:
        path: the file.

    Returns:
        The mapping, and the line of each key by its path.

    Raises:
        ConfigError: the file is missing, is not YAML, repeats a key or is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path.name}: {error}", where=path) from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "not readable"
        raise ConfigError(f"not valid YAML: {problem}", where=f"{path}:{line}") from error
    if not isinstance(value, dict):
        raise ConfigError(f"expected a mapping of keys, found {type(value).__name__}", where=path)
    lines: dict[tuple[str | int, ...], int] = {}
    _collect_lines(node, (), lines, path)
    return value, lines


def _collect_lines(
    node: Any, key: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int], path: Path
) -> None:
    lines.setdefault(key, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            here = (*key, str(key_node.value))
            if here in lines:
                raise ConfigError(
                    f"the key {key_node.value!r} stands twice",
                    where=f"{path}:{key_node.start_mark.line + 1}",
                    fix="keep one of the two",
                )
            lines[here] = key_node.start_mark.line + 1
            _collect_lines(value_node, here, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _collect_lines(item, (*key, index), lines, path)


def parse_section(
    model: type[S],
    value: dict[str, Any],
    path: Path,
    lines: dict[tuple[str | int, ...], int] | None = None,
) -> S:
    """Return ``value`` as a checked section.

    Args:
        model: the section's class.
        value: the mapping read from it.
        path: the file.
        lines: line of each key, for messages.

    Returns:
        The checked section.

    Raises:
        ConfigError: with one line for every problem of the file.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = [_describe(problem, model, lines or {}) for problem in error.errors()]
        raise ConfigError(
            f"{len(problems)} problem(s) in {path.name}", where=path, fix="\n".join(problems)
        ) from error


def _describe(problem: Any, model: type[Section], lines: dict[tuple[str | int, ...], int]) -> str:
    location = tuple(problem["loc"])
    spelled = ".".join(str(part) for part in location) or "(the file)"
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        known = _known_keys(model, location[:-1])
        message = f"unknown key{nearest(str(location[-1]), known)}"
    line = next(
        (lines[location[:end]] for end in range(len(location), 0, -1) if location[:end] in lines),
        None,
    )
    return f"{spelled}: {message}" + (f" (line {line})" if line else "")


def _known_keys(model: Any, location: tuple[str | int, ...]) -> list[str]:
    for part in location:
        fields = getattr(model, "model_fields", {})
        if part not in fields:
            continue
        annotation = fields[part].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        model = next((c for c in candidates if hasattr(c, "model_fields")), model)
    return list(getattr(model, "model_fields", {}))
