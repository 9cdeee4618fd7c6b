"""Which texts are compared: as many real as synthetic ones, with the same mix of labels.

A text's place in a draw depends on the seed and its id alone, so that the order of files does not
matter and the draws before and after curation share all texts that they can.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from synth_local.records import Example


def allocate(
    sides: Sequence[Iterable[Example]], labels: Sequence[str], most: int | None = None
) -> dict[str, int]:
    """Return how many texts of each label every side gives.

    Args:
        sides: corpora that must all give the same.
        labels: in the task's order.
        most: texts in all; ``None`` is no bound.

    Returns:
        For each label what the poorest side has, scaled down to a sum of ``most`` in proportion;
        labels that a side lacks are left out.
    """
    counts = [Counter(example.label for example in side) for side in sides]
    lowest = {label: min(count[label] for count in counts) for label in labels}
    total = sum(lowest.values())
    if most is not None and total > most:
        lowest = {label: count * most // total for label, count in lowest.items()}
    return {label: count for label, count in lowest.items() if count}


def draw(examples: Iterable[Example], counts: Mapping[str, int], seed: int) -> list[Example]:
    """Return ``counts`` texts of each label, chosen by ``seed`` and the texts' ids.

    In a fixed shuffled order within a label, labels in the order of ``counts``. A smaller count
    gives the beginning of a larger one.
    """
    by_label: dict[str, list[Example]] = {label: [] for label in counts}
    for example in examples:
        if example.label in by_label:
            by_label[example.label].append(example)
    drawn: list[Example] = []
    for label, found in by_label.items():
        found.sort(key=lambda example: _shuffle_key(example.id, seed))
        drawn += found[: counts[label]]
    return drawn


def _shuffle_key(text_id: str, seed: int) -> bytes:
    data = f"{seed}\0{text_id}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=16).digest()
