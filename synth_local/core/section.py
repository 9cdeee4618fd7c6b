"""The base of every configuration section, and the one way a YAML file becomes one.

Closed models: an unknown key is an error that names the nearest known one. All problems of a file
are reported together, each with its line.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from synth_local.errors import ConfigError, nearest, quote, shorten

TEXT, NULL, MERGE = (f"tag:yaml.org,2002:{name}" for name in ("str", "null", "merge"))


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


def read_yaml(
    path: Path, as_spelled: Collection[tuple[str, ...]] = ()
) -> tuple[dict[str, Any], dict[tuple[str | int, ...], int]]:
    """Return a YAML file's mapping and the line (from 1) of each of its keys.

    Every key is the text that stands in the file: ``010``, ``1.5``, ``yes`` and ``2024-01-01`` are
    names here, whatever YAML makes of them as values.

    Args:
        as_spelled: paths of mappings whose values are names too, and so are kept as spelled.

    Returns:
        The mapping, and the line of each key by its path.

    Raises:
        ConfigError: the file is missing, is not YAML, repeats a key, has a key without a name or
            is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path.name}: {error}", where=path) from error
    lines: dict[tuple[str | int, ...], int] = {}
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            found = "nothing" if node is None else type(loader.construct_document(node)).__name__
            raise ConfigError(f"expected a mapping of keys, found {found}", where=path)
        _collect_lines(node, (), lines, path)
        for place in as_spelled:
            _keep_values(node, place)
        return loader.construct_document(node), lines
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "not readable"
        raise ConfigError(f"not valid YAML: {problem}", where=f"{path}:{line}") from error
    # such as the date 2024-02-31, and what the library makes of !!bool x, !!timestamp x, !!int ""
    except (ValueError, KeyError, AttributeError, IndexError, TypeError) as error:
        fix = "put what is meant as text into quotes"
        raise ConfigError(f"not valid YAML: {shorten(str(error))}", where=path, fix=fix) from error
    except RecursionError as error:
        raise ConfigError("it is nested too deeply, or holds itself", where=path) from error


def _collect_lines(
    node: Any, key: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int], path: Path
) -> None:
    lines.setdefault(key, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            _keep_spelled(key_node, path)
            here = (*key, str(key_node.value))
            if here in lines:
                raise ConfigError(
                    f"the key {quote(key_node.value)} stands twice",
                    where=f"{path}:{key_node.start_mark.line + 1}",
                    fix="keep one of the two",
                )
            lines[here] = key_node.start_mark.line + 1
            _collect_lines(value_node, here, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _collect_lines(item, (*key, index), lines, path)


def _keep_spelled(node: Any, path: Path | None = None) -> None:
    """Make a scalar the text that stands in the file; a key without a name is refused."""
    if not isinstance(node, yaml.ScalarNode) or node.tag == MERGE:
        return
    if node.tag == NULL and path is not None:
        spelled = node.value or "nothing"
        raise ConfigError(
            f"a key that is no name: YAML reads {spelled} as no value at all",
            where=f"{path}:{node.start_mark.line + 1}",
            fix=f'put it in quotes: "{node.value}"',
        )
    if node.tag != NULL:
        node.tag = TEXT


def _keep_values(node: Any, place: tuple[str, ...]) -> None:
    """Make the scalar values of the mapping at ``place`` the texts that stand in the file."""
    for name in place:
        values = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for key, value in values if key.value == name), None)
    if isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            _keep_spelled(value)


def parse_section(
    model: type[S],
    value: dict[str, Any],
    path: Path,
    lines: dict[tuple[str | int, ...], int] | None = None,
) -> S:
    """Return ``value`` as a checked section.

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
    elif problem["type"] == "string_type":
        message = f"{message}{_explain_no_text(problem['input'])}"
    line = next(
        (lines[location[:end]] for end in range(len(location), 0, -1) if location[:end] in lines),
        None,
    )
    return f"{spelled}: {message}" + (f" (line {line})" if line else "")


def _explain_no_text(value: Any) -> str:
    """Return why YAML did not read a value as text, and what helps."""
    if value is None:
        return ", found nothing (null): write a value; put a word such as null or ~ in quotes"
    if isinstance(value, list | dict | set | tuple):
        return f", found {'a mapping' if isinstance(value, dict) else 'a list'}"
    kind = "a yes or no" if isinstance(value, bool) else f"a {type(value).__name__}"
    return f": YAML reads it as {kind} ({shorten(str(value))}): put it in quotes"


def _known_keys(model: Any, location: tuple[str | int, ...]) -> list[str]:
    for part in location:
        fields = getattr(model, "model_fields", {})
        if part not in fields:
            continue
        annotation = fields[part].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        model = next((c for c in candidates if hasattr(c, "model_fields")), model)
    return list(getattr(model, "model_fields", {}))
