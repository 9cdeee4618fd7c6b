"""Scores, bootstrap intervals and paired tests where the unit is the test item.

A ``LabelTable`` holds what several training seeds of one condition say of the same items. A score
is computed for each seed and averaged over seeds; an item is drawn, or swapped between two
conditions, with all of its seeds at once, so that seeds never pass for further items. Both scores
are functions of label counts, which is why thousands of resamples are one matrix product.

Knows nothing of cells, files or label names: labels are numbers here.

Axis letters in comments: B resamples, I items, S seeds, L labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from synth_local.errors import UndefinedMetricError

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]

# Weights of one block of resamples: 16 MiB in float32.
_BLOCK_ELEMENTS = 4 << 20


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Gold and predicted labels of the same items.

    Attributes:
        gold: (items,) label numbers in [0, num_labels).
        predicted: (seeds, items) label numbers in [0, num_labels).
        num_labels: size of the label set.
    """

    gold: IntArray
    predicted: IntArray
    num_labels: int

    def __post_init__(self) -> None:
        """Check shapes and ranges.

        Raises:
            ValueError: no items or seeds, shapes that do not fit, or a number out of range.
        """
        num_items = self.gold.shape[0] if self.gold.ndim == 1 else 0
        if not num_items or self.predicted.ndim != 2 or self.predicted.shape[1] != num_items:
            msg = f"gold {self.gold.shape} and predicted {self.predicted.shape} do not fit"
            raise ValueError(msg)
        if not self.predicted.shape[0]:
            raise ValueError("a table needs at least one seed")
        low = min(int(self.gold.min()), int(self.predicted.min()))
        high = max(int(self.gold.max()), int(self.predicted.max()))
        if low < 0 or high >= self.num_labels:
            msg = f"label numbers span {low}..{high}, outside [0, {self.num_labels})"
            raise ValueError(msg)

    @property
    def num_gold(self) -> IntArray:
        """Return (labels,) how many items have each label as gold."""
        return np.bincount(self.gold, minlength=self.num_labels)


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """How often each label is gold, predicted, and both.

    Attributes:
        gold: (..., 1, labels).
        predicted: (..., seeds, labels).
        correct: (..., seeds, labels).
        averaged: (labels,) whether a mean over labels has the label in it: those with a gold item
            in the whole table. A resample that lacks one averages over as many labels all the same.
    """

    gold: FloatArray
    predicted: FloatArray
    correct: FloatArray
    averaged: npt.NDArray[np.bool_]


Score = Callable[[LabelCounts], FloatArray]


def accuracy_of(counts: LabelCounts) -> FloatArray:
    """Return the share of items whose prediction is gold: (..., seeds), in [0, 1]."""
    shares: FloatArray = counts.correct.sum(axis=-1) / counts.gold.sum(axis=-1)
    return shares


def macro_f1_of(counts: LabelCounts) -> FloatArray:
    """Return the mean F1 over the labels of the test items: (..., seeds), in [0, 1].

    On all items of a test set this is scikit-learn's ``f1_score(average="macro")`` with the task's
    labels. A label whose items a resample lacks has F1 0 there and stays in the mean: otherwise a
    rare label would count in some resamples and not in others, on one side and not on the other.

    References:
        J. Opitz, S. Burst (2019), Macro F1 and Macro F1. https://arxiv.org/abs/1911.03347
    """
    total = counts.gold + counts.predicted  # (..., S, L)
    f1 = np.divide(2 * counts.correct, total, out=np.zeros_like(total), where=total > 0)
    means: FloatArray = f1[..., counts.averaged].mean(axis=-1)
    return means


def f1_of(label: int) -> Score:
    """Return the score that is the F1 of one label.

    Returns:
        A function to (..., seeds) values in [0, 1]; 0 where the label is neither gold nor
        predicted, as in ``macro_f1_of``.
    """

    def score(counts: LabelCounts) -> FloatArray:
        total = counts.gold[..., label] + counts.predicted[..., label]  # (..., S)
        right = 2 * counts.correct[..., label]
        f1: FloatArray = np.divide(right, total, out=np.zeros_like(total), where=total > 0)
        return f1

    return score


SCORES: Mapping[str, Score] = MappingProxyType({"macro_f1": macro_f1_of, "accuracy": accuracy_of})


def score_seeds(table: LabelTable, score: Score) -> FloatArray:
    """Return the score of each seed on all items: (seeds,), in [0, 1]."""
    totals = _indicate(table).sum(axis=0, keepdims=True)  # (1, L + 2 S L)
    values: FloatArray = score(_count(table, totals))[0]
    return values


def draw_bootstrap(
    table: LabelTable, scores: Sequence[Score], num_draws: int, seed: int
) -> FloatArray:
    """Return seed-averaged scores on resampled items.

    Tables of the same number of items see the same resamples for the same ``seed``: the difference
    of two such results is the paired bootstrap of the difference.

    Args:
        scores: some of ``SCORES``.
        seed: of the draws, in [0, 2**63).

    Returns:
        (scores, num_draws) values in [0, 1].

    References:
        B. Efron, R. Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    indicators = _indicate(table)
    rng = np.random.default_rng(seed)
    blocks = [
        _average(table, weights @ indicators, scores)
        for weights in _draw_weights(table.gold.shape[0], num_draws, rng)
    ]
    draws: FloatArray = np.concatenate(blocks, axis=1)
    return draws


def bound_draws(draws: FloatArray, level: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of bootstrap draws.

    Args:
        draws: (resamples,) values.
        level: coverage aimed at, in (0, 1).

    Returns:
        Lower and upper bound in the unit of ``draws``.
    """
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(low), float(high)


def permute_pairs(
    left: LabelTable, right: LabelTable, scores: Sequence[Score], num_draws: int, seed: int
) -> FloatArray:
    """Return two-sided p values of a paired permutation test by item.

    Under the null hypothesis it does not matter which condition an item's predictions came from:
    each draw swaps them for a random half of the items, all seeds of an item together.

    Args:
        right: the other, on the same items and with the same number of seeds.
        scores: some of ``SCORES``.
        seed: of the draws, in [0, 2**63).

    Returns:
        (scores,) values of ``(1 + draws at least as far apart) / (1 + num_draws)``, in (0, 1].

    Raises:
        ValueError: the tables differ in items, seeds or labels.

    References:
        B. Phipson, G. Smyth (2010), Permutation P-values Should Never Be Zero.
        https://arxiv.org/abs/1603.05766
    """
    if left.predicted.shape != right.predicted.shape or not np.array_equal(left.gold, right.gold):
        raise ValueError("a paired test needs the same items and as many seeds on both sides")
    indicators = _indicate(left)
    change = _indicate(right) - indicators  # (I, L + 2 S L): what swapping an item adds on the left
    total_left, total_right = indicators.sum(axis=0), (indicators + change).sum(axis=0)
    rng = np.random.default_rng(seed)

    def measure_gaps(moved: FloatArray) -> FloatArray:
        swapped_left = _average(left, total_left + moved, scores)
        swapped_right = _average(right, total_right - moved, scores)
        return np.asarray(np.abs(swapped_left - swapped_right))  # (scores, block)

    observed = measure_gaps(np.zeros((1, change.shape[1])))  # (scores, 1)
    num_far = np.zeros(len(scores))
    for swaps in _draw_swaps(left.gold.shape[0], num_draws, rng):
        num_far += (measure_gaps(swaps @ change) >= observed - 1e-12).sum(axis=1)
    p_values: FloatArray = (1 + num_far) / (1 + num_draws)
    return p_values


def spread(values: FloatArray) -> float:
    """Return the sample standard deviation (n - 1 in the denominator).

    Args:
        values: one per seed.

    Returns:
        At least 0, in the unit of ``values``.

    Raises:
        UndefinedMetricError: there are fewer than two values.
    """
    if len(values) < 2:
        raise UndefinedMetricError(
            f"a spread over seeds needs two seeds, there is {len(values)}",
            fix="list more numbers under seeds:",
        )
    return float(np.std(values, ddof=1))


def _indicate(table: LabelTable) -> FloatArray:
    """Return (I, L + 2 S L): is label l gold, predicted by seed s, correct by seed s."""
    labels = np.arange(table.num_labels)
    gold = table.gold[:, None] == labels  # (I, L)
    predicted = table.predicted.T[:, :, None] == labels  # (I, S, L)
    correct = predicted & gold[:, None, :]  # (I, S, L)
    num_items = len(gold)
    parts = (gold, predicted.reshape(num_items, -1), correct.reshape(num_items, -1))
    # float32 counts exactly up to 2**24 items and is twice as fast as float64
    indicators: FloatArray = np.concatenate(parts, axis=1).astype(np.float32)
    return indicators


def _count(table: LabelTable, sums: FloatArray) -> LabelCounts:
    """Split (B, L + 2 S L) sums of indicators into counts, in float64."""
    num_labels, num_seeds = table.num_labels, table.predicted.shape[0]
    gold, seeds = np.split(sums.astype(np.float64), [num_labels], axis=1)
    by_seed = seeds.reshape(len(sums), 2, num_seeds, num_labels)
    return LabelCounts(gold[:, None, :], by_seed[:, 0], by_seed[:, 1], table.num_gold > 0)


def _average(table: LabelTable, sums: FloatArray, scores: Sequence[Score]) -> FloatArray:
    """Return (scores, B) seed-averaged values for (B, L + 2 S L) sums of indicators."""
    counts = _count(table, sums)
    return np.stack([score(counts).mean(axis=-1) for score in scores])


def _block_sizes(num_items: int, num_draws: int) -> Iterator[int]:
    size = max(1, _BLOCK_ELEMENTS // num_items)
    for start in range(0, num_draws, size):
        yield min(size, num_draws - start)


def _draw_weights(num_items: int, num_draws: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Yield (block, I) counts of how often a resample holds each item."""
    for size in _block_sizes(num_items, num_draws):
        drawn = rng.integers(0, num_items, size=(size, num_items))
        drawn += num_items * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * num_items)
        yield counts.reshape(size, num_items).astype(np.float32)


def _draw_swaps(num_items: int, num_draws: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Yield (block, I) zeros and ones: is the item swapped."""
    for size in _block_sizes(num_items, num_draws):
        yield rng.integers(0, 2, size=(size, num_items), dtype=np.uint8).astype(np.float32)
