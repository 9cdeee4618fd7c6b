"""How far annotators agree, on one item and over a task.

An item's agreement is defined from two ratings on: one rating agrees with itself whatever the item
is like. Knows nothing of predictions, and nothing of who the annotators are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import krippendorff
import numpy as np

from synth_local.analyze.summary import TaskSubjectivity
from synth_local.errors import UndefinedMetricError

#: One item's labels, one per annotator; ``None`` where an annotator gave none.
Annotations = Sequence[str | None]

_LEAST_RATINGS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAgreement:
    """How far the annotators of one item agree.

    Attributes:
        num_ratings: labels given, at least 2; missing ones do not count.
        share: of the most frequent label among the ratings, in (0, 1]; the study's a_i. It rises
            as annotators get fewer.
        pairs: share of pairs of ratings that agree, in [0, 1]; its mean does not depend on how
            many annotators there are.
        entropy: of the label shares, in bits; 0 where all agree.
        majority: the most frequent label; ``None`` on a tie.
        is_tie: whether several labels are the most frequent.
    """

    num_ratings: int
    share: float
    pairs: float
    entropy: float
    majority: str | None
    is_tie: bool


def measure_item(annotations: Annotations) -> ItemAgreement | None:
    """Return how far the annotators of one item agree.

    Args:
        annotations: their labels in any order, ``None`` where one is missing.

    Returns:
        The agreement, or ``None`` where fewer than two annotators gave a label.
    """
    counts = Counter(label for label in annotations if label is not None)
    num_ratings = counts.total()
    if num_ratings < _LEAST_RATINGS:
        return None
    most = max(counts.values())
    leaders = [label for label, count in counts.items() if count == most]
    is_tie = len(leaders) > 1
    return ItemAgreement(
        num_ratings=num_ratings,
        # one division of two integers: 2/3 and 4/6 are the same number, and so one threshold
        share=most / num_ratings,
        pairs=sum(count * (count - 1) for count in counts.values())
        / (num_ratings * (num_ratings - 1)),
        entropy=sum(
            count / num_ratings * math.log2(num_ratings / count)
            for count in sorted(counts.values())
        ),
        majority=None if is_tie else leaders[0],
        is_tie=is_tie,
    )


def measure_task(items: Sequence[Annotations], task: str = "") -> TaskSubjectivity:
    """Return how far the annotators of a task agree.

    Args:
        items: each item's labels; the number of annotators may differ between items.
        task: name that the record carries.

    Returns:
        Means over items with at least two ratings, ties included, and Krippendorff's alpha over
        the same; it is undefined where they use one label. Nothing of origin and ceiling.

    Raises:
        UndefinedMetricError: no item has two ratings.

    References:
        K. Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.
        https://repository.upenn.edu/asc_papers/43
    """
    measured = [(labels, measure_item(labels)) for labels in items]
    rated = [(labels, found) for labels, found in measured if found is not None]
    if not rated:
        raise UndefinedMetricError(
            f"agreement needs an item with two ratings, none of {len(items)} items has them",
            fix="check the annotator columns of the task file",
        )
    return TaskSubjectivity(
        task=task,
        num_items=len(items),
        num_rated=len(rated),
        num_ties=sum(found.is_tie for _, found in rated),
        mean_share=math.fsum(found.share for _, found in rated) / len(rated),
        pair_agreement=math.fsum(found.pairs for _, found in rated) / len(rated),
        mean_ratings=sum(found.num_ratings for _, found in rated) / len(rated),
        mean_entropy=math.fsum(found.entropy for _, found in rated) / len(rated),
        alpha=_measure_alpha([labels for labels, _ in rated]),
    )


def _measure_alpha(rated: Sequence[Annotations]) -> float | None:
    """Return Krippendorff's nominal alpha of items with two ratings each or more.

    Which annotator gave a label does not enter alpha, so that counts of labels say as much as the
    matrix of items by annotators.
    """
    used = {label for labels in rated for label in labels if label is not None}
    if len(used) < 2:
        return None
    places = {label: place for place, label in enumerate(sorted(used))}
    counts = np.zeros((len(rated), len(used)), dtype=np.int64)
    for row, labels in zip(counts, rated, strict=True):
        for label in labels:
            if label is not None:
                row[places[label]] += 1
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))
