"""Rows as annotation tools nest them: what Label Studio exports, made flat.

Its JSON has the text's columns under ``data`` and the answers under ``annotations``, each a list of
results. Its JSON_MIN, and doccano's files, are flat already. Knows nothing about a task's labels.
"""

from __future__ import annotations

from typing import Any

from synth_local.errors import DataError, list_names, nearest

ANSWERS = ("annotations", "completions")  # the second is what old versions call them


def flatten_row(row: dict[str, Any], label: str, where: str) -> dict[str, Any]:
    """Return a row with its text's columns and its label side by side.

    Args:
        label: the column of labels; of a nested row, the name of the control that asked for it,
            where there are several.

    Returns:
        The row itself where it is flat already.

    Raises:
        DataError: the answers are no choices, are about several things, or do not agree.
    """
    data = row.get("data")
    answers = next((row[key] for key in ANSWERS if isinstance(row.get(key), list)), None)
    if not isinstance(data, dict) or answers is None or label in data:
        return row
    said = [_list_choices(answer, label, where) for answer in answers if _counts(answer)]
    said = [one for one in said if one]
    if len({tuple(sorted(one)) for one in said}) > 1:
        raise DataError(
            "the annotators of the text do not agree: "
            + list_names([" and ".join(one) for one in said]),
            where=where,
            fix="settle it in Label Studio, keep one annotation of each text, or take the row out",
        )
    return {**data, label: said[0] if said else None}


def _counts(annotation: Any) -> bool:
    return isinstance(annotation, dict) and not annotation.get("was_cancelled")


def _list_choices(annotation: dict[str, Any], label: str, where: str) -> list[str]:
    """Return what an annotation chose of the wanted control."""
    results = annotation.get("result")
    found = [one for one in results or () if isinstance(one, dict)]
    choices = [one for one in found if isinstance(_value(one).get("choices"), list)]
    if found and not choices:
        raise DataError(
            "the answers mark parts of the text or rate it: there are no choices",
            where=where,
            fix="this toolkit classifies whole texts: export a project with Choices",
        )
    controls = list(dict.fromkeys(str(choice.get("from_name", "")) for choice in choices))
    if label in controls:
        choices = [choice for choice in choices if choice.get("from_name") == label]
    elif len(controls) > 1:
        raise DataError(
            f"the answers are of several controls: {list_names(controls)}",
            where=where,
            fix=f"name one of them as data.label in the task file{nearest(label, controls)}",
        )
    return [str(choice) for one in choices for choice in _value(one)["choices"]]


def _value(result: dict[str, Any]) -> dict[str, Any]:
    value = result.get("value")
    return value if isinstance(value, dict) else {}
