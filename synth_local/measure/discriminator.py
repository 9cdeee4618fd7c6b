"""Are synthetic texts of the same kind as real ones? A classifier tries to tell them apart.

As many texts of each label on both sides, so that the mix of labels gives nothing away. Words of
real texts are named only where several texts have them. Stores no text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from synth_local.core.text import identify
from synth_local.errors import UndefinedMetricError
from synth_local.measure.audit_records import Discrimination, TellingWord
from synth_local.measure.draw import allocate, draw
from synth_local.measure.word_judge import (
    FloatArray,
    IntArray,
    fit_words,
    make_solver,
    make_vectorizer,
)
from synth_local.records import Example, Interval

NUM_FOLDS = 5
#: Below this many texts on a side nothing is stated: four a fold.
MIN_TEXTS = 20
NUM_WORDS = 20
#: Distinct texts of its side that have a word before it is named; a word of fewer real texts may
#: be a person's name.
MIN_REAL_TEXTS = 5
MIN_SYNTHETIC_TEXTS = 3
_LONGEST_WORD = 30
_NUMBER = re.compile(r"\d{3}")  # a number of three digits may name somebody, however often it comes
_Z = 1.959963984540054  # quantile 0.975 of the standard normal distribution
# Folds share most of their training texts and so are not independent: of random halves of real
# texts DeLong's interval alone held 0.5 in 84 % of cases. Nadeau and Bengio's correction.
_WIDENING = (1 + NUM_FOLDS / (NUM_FOLDS - 1)) ** 0.5


def discriminate(
    real: Sequence[Example],
    synthetic: Sequence[Example],
    labels: Sequence[str],
    most: int,
    seed: int,
) -> Discrimination:
    """Tell synthetic texts from real ones by their words, in cross-validation.

    Args:
        labels: names, in the task's order.
        seed: of the choice of texts and folds.

    Returns:
        The area under the ROC curve and the words that tell most, or why nothing can be said.
    """
    counts = allocate([real, synthetic], labels, most)
    num = sum(counts.values())
    if num < MIN_TEXTS:
        why = (
            f"{num} text(s) of the same labels on each side are fewer than the {MIN_TEXTS} that "
            "it takes"
        )
        return Discrimination(auc=None, num_texts=num, num_folds=NUM_FOLDS, why=why)
    texts = [row.text for side in (real, synthetic) for row in draw(side, counts, seed)]
    keys = [identify(text) for text in texts]
    is_synthetic = np.arange(2 * num) >= num
    vectorizer = make_vectorizer((1, 1))
    try:
        features = fit_words(vectorizer, texts)
        auc = _cross_validate(features, is_synthetic, assign_folds(keys, is_synthetic))
    except UndefinedMetricError as error:
        return Discrimination(auc=None, num_texts=num, num_folds=NUM_FOLDS, why=error.what)
    solver = make_solver().fit(features, is_synthetic)
    _, distinct = np.unique(keys, return_index=True)  # a repeat is no further text
    is_in = features[distinct] > 0
    sides = is_synthetic[distinct]
    words = _Words(
        vectorizer.get_feature_names_out(),
        solver.coef_[0],
        np.asarray(is_in[sides].sum(axis=0)).ravel(),
        np.asarray(is_in[~sides].sum(axis=0)).ravel(),
    )
    return Discrimination(
        auc=auc, num_texts=num, num_folds=NUM_FOLDS, words=(*words.of_synthetic(), *words.of_real())
    )


def assign_folds(keys: Sequence[str], is_synthetic: NDArray[np.bool_]) -> IntArray:
    """Put equal texts into one fold, and spread sides and labels evenly.

    Args:
        keys: what verbatim equal texts share; sorted by label within a side.
        is_synthetic: (texts,) the side of each.

    Returns:
        (texts,) fold numbers in [0, ``NUM_FOLDS``).
    """
    folds: dict[str, int] = {}
    counts = [0, 0]
    for key, side in zip(keys, is_synthetic.tolist(), strict=True):
        if key not in folds:
            folds[key] = counts[side] % NUM_FOLDS
            counts[side] += 1
    return np.array([folds[key] for key in keys], dtype=np.int64)


def _cross_validate(features: Any, is_synthetic: NDArray[np.bool_], folds: IntArray) -> Interval:
    """Return the mean over folds of the area under the ROC curve, with its interval.

    The interval is DeLong's within folds, widened since folds share training texts.

    References:
        C. Nadeau, Y. Bengio (2003), Inference for the Generalization Error.
        https://doi.org/10.1023/A:1024068626366
    """
    areas, variances = [], []
    for fold in range(NUM_FOLDS):
        held_out = folds == fold
        sides = is_synthetic[held_out]
        if min(sides.sum(), (~sides).sum()) < 2 or len(np.unique(is_synthetic[~held_out])) < 2:
            raise UndefinedMetricError(
                f"equal texts stand in one fold, and then {NUM_FOLDS} folds with two texts of "
                "each side cannot be made"
            )
        solver = make_solver().fit(features[~held_out], is_synthetic[~held_out])
        scores = solver.decision_function(features[held_out])
        area, variance = measure_area(scores[sides], scores[~sides])
        areas.append(area)
        variances.append(variance)
    point = float(np.mean(areas))
    half = _Z * _WIDENING * float(np.sqrt(np.sum(variances))) / NUM_FOLDS
    if not half:
        # All pairs are in one order and DeLong's variance is 0. Were a share q of a side's n texts
        # like the other side's, the area would be 1 - q / 2, and q < 3 / n (rule of three).
        half = 1.5 / (len(folds) / 2)
    return Interval(point, max(0.0, point - half), min(1.0, point + half))


def measure_area(positive: FloatArray, negative: FloatArray) -> tuple[float, float]:
    """Return the area under the ROC curve and DeLong's variance of it.

    Args:
        positive: (m,) scores, at least two.
        negative: (n,) scores, at least two.

    Returns:
        The share of pairs in which the positive one scores higher, ties counted half, in [0, 1],
        and its variance.

    References:
        X. Sun, W. Xu (2014), Fast Implementation of DeLong's Algorithm.
        https://doi.org/10.1109/LSP.2014.2337313
        E. LeDell, M. Petersen, M. van der Laan (2015), Computationally efficient confidence
        intervals for cross-validated area under the ROC curve. https://doi.org/10.1214/15-EJS1035
    """
    num_positive, num_negative = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    above = (ranks[:num_positive] - rankdata(positive)) / num_negative  # of negatives, below each
    below = 1 - (ranks[num_positive:] - rankdata(negative)) / num_positive
    variance = above.var(ddof=1) / num_positive + below.var(ddof=1) / num_negative
    return float(above.mean()), float(variance)


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a fitted classifier: spelling, weight, distinct texts of each side."""

    spelled: NDArray[np.str_]
    weights: FloatArray
    num_synthetic: IntArray
    num_real: IntArray

    def of_synthetic(self) -> Iterator[TellingWord]:
        """Yield the words that speak most for synthetic."""
        return self._take(np.argsort(-self.weights), self.num_synthetic, MIN_SYNTHETIC_TEXTS, 1)

    def of_real(self) -> Iterator[TellingWord]:
        """Yield the words that speak most for real, of those that several real texts have."""
        return self._take(np.argsort(self.weights), self.num_real, MIN_REAL_TEXTS, -1)

    def _take(
        self, order: IntArray, num_texts: IntArray, fewest: int, sign: int
    ) -> Iterator[TellingWord]:
        num = 0
        for place in order:
            word, weight = str(self.spelled[place]), float(self.weights[place])
            if num == NUM_WORDS or sign * weight <= 0:
                return
            is_private = sign < 0 and _NUMBER.search(word)
            if num_texts[place] >= fewest and len(word) <= _LONGEST_WORD and not is_private:
                num += 1
                yield TellingWord(
                    word, weight, int(self.num_synthetic[place]), int(self.num_real[place])
                )
