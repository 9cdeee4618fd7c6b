"""Machines as annotators: how sure a panel of generators is about each text.

Stands where nobody annotated the texts, and beside people where they did. A panel's judgement is a
machine's: it is always named as one and never enters an analysis of what people said. Knows
nothing of engines or files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synth_local.core.stats import FloatArray
from synth_local.errors import UndefinedMetricError

MIN_MEMBERS = 2
_DIGITS = 3  # half precision carries no more of a probability


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelTask:
    """What a panel says of a task's test items.

    Attributes:
        members: generator and strategy of each.
        num_items: test items; 0 where there was no panel.
        mean_share: mean over items of the highest mean probability of a label, in (0, 1].
        num_compared: items that people rated, too.
        spearman: rank correlation of that probability and people's agreement over these items.
        same_label: share of these items whose most probable label is the people's majority.
        reason: why there is no panel; empty where there is one.
    """

    task: str
    members: tuple[str, ...]
    num_items: int = 0
    mean_share: float | None = None
    num_compared: int = 0
    spearman: float | None = None
    same_label: float | None = None
    reason: str = ""


def pool_members(
    said: Mapping[str, FloatArray], generators: Mapping[str, str]
) -> tuple[tuple[str, ...], FloatArray]:
    """Return a panel's mean probabilities: each generator counts the same, however often asked.

    Args:
        said: (items, labels) probabilities of each member, rows summing to 1.

    Returns:
        The members, and (items, labels) mean probabilities.

    Raises:
        UndefinedMetricError: there are fewer than two members.
    """
    members = tuple(said)
    if len(members) < MIN_MEMBERS:
        raise UndefinedMetricError(
            f"a panel needs {MIN_MEMBERS} members, there is {len(members)}",
            fix="generator-itself under students, with a further generator or strategy",
        )
    by_generator: dict[str, list[FloatArray]] = {}
    for name in members:
        by_generator.setdefault(generators[name], []).append(said[name])
    means = [np.mean(mine, axis=0) for mine in by_generator.values()]
    pooled: FloatArray = np.mean(means, axis=0)
    return members, pooled


def measure_certainty(pooled: FloatArray) -> FloatArray:
    """Return how sure a panel is of each item.

    Args:
        pooled: (items, labels) mean probabilities.

    Returns:
        (items,) the highest of each, in (0, 1], to three decimals: what lies behind them is noise
        of the arithmetic, which ranks would take for differences.
    """
    certainty: FloatArray = np.round(pooled.max(axis=1), _DIGITS)
    return certainty


def share_labels(labels: Sequence[str | None], panel: Sequence[str]) -> float | None:
    """Return the share of items on which people's majority is the panel's label.

    Args:
        labels: of the people; ``None`` where they are tied.
        panel: the most probable label of each of these items.

    Returns:
        In [0, 1]; ``None`` where people are tied everywhere.
    """
    pairs = [(one, other) for one, other in zip(labels, panel, strict=True) if one is not None]
    return sum(one == other for one, other in pairs) / len(pairs) if pairs else None
