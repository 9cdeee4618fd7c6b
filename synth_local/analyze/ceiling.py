"""How well one annotator does against the others: what a student's score can be read against.

Each annotator of an item is set against the majority of its other annotators. Where several labels
are most frequent among the others, each of them counts for its share: as if a coin decided, without
the coin. An item counts once, however many annotators it has.

It is no bound: a student is scored against gold labels, which are surer than the majority of a few
others. Knows nothing of students.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from synth_local.analyze.agreement import Annotations


@dataclass(frozen=True, slots=True)
class Ceiling:
    """One annotator against the majority of the others, over the items of a task.

    Attributes:
        accuracy: mean over items of ``match_others``, in [0, 1].
        macro_f1: mean F1 over the labels that are a majority of others somewhere, in [0, 1].
    """

    accuracy: float
    macro_f1: float


def match_others(annotations: Annotations) -> float | None:
    """Return how often an annotator of one item says what most of its others say.

    Args:
        annotations: their labels in any order, ``None`` where one is missing.

    Returns:
        Mean over annotators, in [0, 1]; ``None`` where fewer than two gave a label.
    """
    pairs = list(_pair_with_others(annotations))
    if not pairs:
        return None
    return math.fsum(weight for said, others, weight in pairs if said == others)


def measure_ceiling(items: Sequence[Annotations]) -> Ceiling | None:
    """Return how well one annotator of a task does against the majority of the others.

    Args:
        items: each item's labels; the number of annotators may differ between items.

    Returns:
        The ceiling, or ``None`` where no item has two ratings.
    """
    joint: dict[tuple[str, str], float] = defaultdict(float)  # by what was said, by the others
    num_items = 0
    for item in items:
        pairs = list(_pair_with_others(item))
        num_items += bool(pairs)
        for said, others, weight in pairs:
            joint[said, others] += weight
    if not num_items:
        return None
    labels = sorted({others for _, others in joint})
    right = math.fsum(joint.get((label, label), 0.0) for label in labels)
    return Ceiling(right / num_items, _average_f1(joint, labels))


def share_chosen(annotations: Annotations, label: str) -> float | None:
    """Return the share of an item's annotators who chose a label; ``None`` below two ratings."""
    given = [annotation for annotation in annotations if annotation is not None]
    return given.count(label) / len(given) if len(given) > 1 else None


def _average_f1(joint: dict[tuple[str, str], float], labels: Sequence[str]) -> float:
    said: dict[str, float] = defaultdict(float)
    gold: dict[str, float] = defaultdict(float)
    for (one, others), weight in joint.items():
        said[one] += weight
        gold[others] += weight
    f1 = [2 * joint.get((label, label), 0.0) / (said[label] + gold[label]) for label in labels]
    return math.fsum(f1) / len(f1)


def _pair_with_others(annotations: Annotations) -> Iterator[tuple[str, str, float]]:
    """Yield what is said, what most others say, and how much it counts: 1 for a whole item."""
    counts = Counter(label for label in annotations if label is not None)
    num_ratings = counts.total()
    if num_ratings < 2:
        return
    for said, count in counts.items():
        others = counts - Counter((said,))
        most = max(others.values())
        leaders = [label for label, found in others.items() if found == most]
        for leader in leaders:
            yield said, leader, count / (num_ratings * len(leaders))
