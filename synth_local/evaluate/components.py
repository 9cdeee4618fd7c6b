"""How far a score, or a difference of two, would move: with other test items, seeds and corpora.

Each source of chance gives a variance with its degrees of freedom; they add up, and the interval
is Student's with Satterthwaite's degrees of freedom. A mean over seeds or corpora varies over
items too, so that part is counted twice: the interval errs on the careful side.

Knows nothing of cells, files or what is compared with what.

Axis letters in comments: B resamples, S seeds, L labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from synth_local.core.stats import SCORES, FloatArray, LabelTable, Score, f1_of, score_seeds
from synth_local.records import Interval


@dataclass(frozen=True, slots=True)
class Component:
    """One source of chance in a figure.

    Attributes:
        variance: of the figure, from this source alone; at least 0.
        df: degrees of freedom of that estimate, at least 1; infinite where nothing is estimated.
    """

    variance: float
    df: float


NOTHING = Component(0.0, math.inf)
SCORE_ENDS, DIFFERENCE_ENDS = (0.0, 1.0), (-1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """All sources of chance in one figure.

    Attributes:
        items: other test items of the same kind.
        training: other training seeds, and other corpora where there are repeats: one component
            for each side of a difference.
    """

    items: Component
    training: tuple[Component, ...] = ()

    @property
    def error(self) -> float:
        """Return the standard error of the figure, at least 0."""
        return math.sqrt(sum(part.variance for part in self._parts()))

    @property
    def df(self) -> float:
        """Return Satterthwaite's degrees of freedom, at least 1.

        References:
            F. Satterthwaite (1946), An Approximate Distribution of Estimates of Variance
            Components. Biometrics Bulletin 2, 110-114.
        """
        return join_df(self._parts())

    def bound(self, point: float, ends: tuple[float, float], level: float = 0.95) -> Interval:
        """Return the interval around a figure.

        Args:
            ends: lowest and highest value that the figure can have.
            level: coverage aimed at, in (0, 1).

        Returns:
            The interval, cut off at the ends of the scale.
        """
        return bound(point, self.error, self.df, ends, level)

    def _parts(self) -> tuple[Component, ...]:
        return (self.items, *self.training)


def join_df(parts: Iterable[Component]) -> float:
    """Return the degrees of freedom of a sum of variances, at least 1; infinite for no variance."""
    parts = [part for part in parts if part.variance > 0]
    shares = sum(part.variance**2 / part.df for part in parts)
    if not shares:
        return math.inf
    return max(1.0, sum(part.variance for part in parts) ** 2 / shares)


def bound(
    point: float, error: float, df: float, ends: tuple[float, float], level: float
) -> Interval:
    """Return Student's interval, cut off at the ends of a scale.

    Args:
        error: its standard error, at least 0.
        df: degrees of freedom, at least 1; may be infinite.
        ends: lowest and highest value that the figure can have.
        level: coverage aimed at, in (0, 1).
    """
    half = float(student.isf((1 - level) / 2, df)) * error
    return Interval(point, max(ends[0], point - half), min(ends[1], point + half), level)


def bound_best(
    point: float, error: float, df: float | None, level: float, num_tried: int
) -> Interval:
    """Return the interval of a difference that was picked as the best of several.

    Args:
        error: its standard error, at least 0.
        df: degrees of freedom; ``None`` where nothing was estimated.
        level: coverage aimed at for all that was tried together, in (0, 1).
        num_tried: how many there were to choose from, at least 1 (Bonferroni).

    Returns:
        The interval, cut off at the ends of the scale.
    """
    each = 1 - (1 - level) / num_tried
    return bound(point, error, math.inf if df is None else df, DIFFERENCE_ENDS, each)


def measure_items(drawn: FloatArray, num_units: int, smallest_step: float) -> Component:
    """Return what other test items would do to a figure.

    The variance of the bootstrap is enlarged, and its degrees of freedom are taken, as for a mean
    of ``num_units`` items. Where the resamples hardly vary (two students that never disagree) the
    figure still moves by ``smallest_step``.

    Args:
        drawn: (resamples,) the figure on resampled items.
        num_units: items that the figure rests on: see ``count_units``.
        smallest_step: what one item moves the figure by, at least 0: see ``weigh_items``.

    References:
        T. Hesterberg (2015), What Teachers Should Know About the Bootstrap. The American
        Statistician 69, 371-386 (expanded intervals).
    """
    variance = float(np.var(drawn, ddof=1)) * num_units / max(1, num_units - 1)
    return Component(variance + smallest_step**2, max(1, num_units - 1))


def count_units(table: LabelTable, metric: str) -> int:
    """Return the items that a metric rests on: for a mean over labels those of the rarest one."""
    counts = table.num_gold
    return int(counts[counts > 0].min()) if metric == "macro_f1" else int(counts.sum())


def weigh_items(table: LabelTable, metric: str) -> float:
    """Return what one test item moves a metric by; one of each label for a mean over labels."""
    counts = table.num_gold[table.num_gold > 0].astype(float)  # (L,)
    if metric != "macro_f1":
        return float(1 / counts.sum())
    return math.sqrt(float((1 / (len(counts) * counts) ** 2).sum()))


def measure_chance(
    drawn: FloatArray, sides: Sequence[Sequence[LabelTable]], score: str | int
) -> Uncertainty:
    """Return all sources of chance in the figure of one side, or in the difference of two.

    Args:
        drawn: (resamples,) the figure on resampled items.
        sides: of each its tables of (seeds, items), one for each corpus, all on the same items.
        score: one of ``SCORES``, or the number of a label for its F1.
    """
    table = sides[0][0]
    if isinstance(score, str):
        items = measure_items(drawn, count_units(table, score), weigh_items(table, score))
    else:
        num_items = int(table.num_gold[score])  # the label's own: no other item can be found
        items = measure_items(drawn, num_items, 1 / num_items)
    return Uncertainty(
        items, tuple(measure_training(tables, find_score(score)) for tables in sides)
    )


def find_score(score: str | int) -> Score:
    """Return one of ``SCORES`` by its name, or the F1 of the label of a number."""
    return SCORES[score] if isinstance(score, str) else f1_of(score)


def measure_training(by_corpus: Sequence[LabelTable], score: Score) -> Component:
    """Return what other training seeds, or other corpora, would do to a condition's mean.

    With repeats the corpora are the units: their means vary by corpus and by seed at once. With
    one corpus the seeds are the units, and nothing is known of another corpus. A single training
    says nothing of either.

    Args:
        by_corpus: one table of (seeds, items) for each corpus.

    Returns:
        The component; no variance for one training.
    """
    means = [score_seeds(table, score) for table in by_corpus]
    units = np.array([mean.mean() for mean in means]) if len(means) > 1 else means[0]
    if len(units) < 2:
        return NOTHING
    return Component(float(np.var(units, ddof=1)) / len(units), len(units) - 1)
