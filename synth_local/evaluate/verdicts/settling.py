"""What would settle an open question: how many test items, seeds or corpora it takes.

Pure arithmetic on the sources of chance, for the gap staying where it is. Knows nothing of cells.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from scipy.stats import norm
from scipy.stats import t as student

#: Beyond so many times what there is, more of it is no advice.
MOST_TIMES = 1000
#: A distance to the margin below this is no distance.
NO_DISTANCE = 0.0005


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """What an interval is made of.

    Attributes:
        items: variance of the gap due to test items.
        training: variance of the gap due to seeds, or to corpora where these were repeated.
        unit: ``seeds`` or ``corpora``.
    """

    items: float
    training: float
    num_items: int
    num_units: int
    unit: str


def list_settling(chance: Chance, distance: float, level: float) -> Iterator[str]:
    """Yield what would make the interval shorter than its distance to the margin.

    Args:
        distance: from the gap to the margin, or to 0; at least 0.
        level: of the interval, in (0, 1).

    Yields:
        str: a sentence each: test items alone, seeds or corpora alone, or both together.
    """
    if distance < NO_DISTANCE:
        yield "the gap lies at the margin: hardly any number of test texts or seeds would tell"
        return
    num_items = count_items(chance, distance, level)
    num_units = count_units(chance, distance, level)
    if num_items is not None:
        yield f"about {round_up(num_items):,} test texts (there are {chance.num_items:,})"
    if num_units is not None:
        yield f"about {num_units:,} {chance.unit} (there are {chance.num_units})"
    if num_items is None and num_units is None:
        times = _measure_half(chance, level) ** 2 / distance**2
        if times > MOST_TIMES:
            yield "far more test texts and seeds than anybody has: the gap is close to the margin"
            return
        yield (
            f"about {round_up(chance.num_items * times):,} test texts and "
            f"{math.ceil(chance.num_units * times):,} {chance.unit} together (there are "
            f"{chance.num_items:,} and {chance.num_units})"
        )


def count_items(chance: Chance, distance: float, level: float) -> float | None:
    """Return the test items that would do alone, or ``None`` where no number would."""
    left = (distance / _quantile(chance, level)) ** 2 - chance.training
    if left <= 0 or chance.items <= 0:
        return None
    times = chance.items / left
    return chance.num_items * times if 1 < times <= MOST_TIMES else None


def count_units(chance: Chance, distance: float, level: float) -> int | None:
    """Return the seeds or corpora that would do alone, or ``None`` where no number would."""
    for count in range(chance.num_units + 1, min(200, MOST_TIMES * chance.num_units)):
        half = float(student.isf((1 - level) / 2, 2 * (count - 1)))
        variance = chance.items + chance.training * chance.num_units / count
        if half * math.sqrt(variance) < distance:
            return count
    return None


def round_up(count: float) -> int:
    """Return a count to two digits, rounded up: more would pretend to be exact."""
    step: int = 10 ** max(0, len(str(math.ceil(count))) - 2)
    return math.ceil(count / step) * step


def _quantile(chance: Chance, level: float) -> float:
    """Return how many standard errors the interval reaches, with the seeds that there are."""
    tail = (1 - level) / 2
    if chance.training <= 0:
        return float(norm.isf(tail))
    return float(student.isf(tail, 2 * max(1, chance.num_units - 1)))


def _measure_half(chance: Chance, level: float) -> float:
    return _quantile(chance, level) * math.sqrt(chance.items + chance.training)
