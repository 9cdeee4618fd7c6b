"""An interval over corpora: what a score would be on another corpus of the same settings.

The unit is the corpus. Each gives one number, its students' mean over training seeds; corpora that
differ in the seed of generation alone are independent draws of it. The score of real rows is held
fixed. Knows nothing of cells or files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from synth_local.analyze.summary import CorpusScore, RepeatedCorpora
from synth_local.core.stats import FloatArray, spread
from synth_local.errors import UndefinedMetricError
from synth_local.records import Interval

MIN_CORPORA = 2


@dataclass(frozen=True, slots=True)
class CorpusSeeds:
    """What the students of one corpus score.

    Attributes:
        strategy: name of the corpus's strategy.
        by_seed: (seeds,) macro-F1 of each training seed, in [0, 1].
    """

    strategy: str
    num_rows: int
    by_seed: FloatArray


def bound_mean_of_corpora(values: Sequence[float], level: float = 0.95) -> Interval:
    """Return the mean over corpora with its Student-t interval.

    Args:
        values: one per corpus.
        level: coverage aimed at, in (0, 1).

    Returns:
        The interval, in the unit of ``values``; it is not cut off at the ends of a scale.

    Raises:
        UndefinedMetricError: fewer than two corpora, or all have the same value: nothing is known
            of how far another one would lie.

    References:
        Student (1908), The Probable Error of a Mean. Biometrika 6, 1-25.
    """
    if len(values) < MIN_CORPORA:
        raise UndefinedMetricError(
            f"an interval over corpora needs {MIN_CORPORA}, there is {len(values)}",
            fix="list numbers under corpus_seeds:",
        )
    scores = np.asarray(values, dtype=np.float64)
    error = spread(scores) / np.sqrt(len(scores))
    mean = float(scores.mean())
    if error <= np.finfo(np.float64).eps:  # rounding of equal values may leave a trace
        raise UndefinedMetricError(f"all {len(scores)} corpora have the same score")
    low, high = stats.t.interval(level, df=len(scores) - 1, loc=mean, scale=error)
    return Interval(mean, float(low), float(high), level)


def measure_repeats(
    condition: str, corpora: Sequence[CorpusSeeds], real: float | None, level: float = 0.95
) -> RepeatedCorpora:
    """Return the scores of one condition's corpora, their spread and the intervals.

    Args:
        condition: task, source, generator, strategy and student, joined as in a cell's name.
        corpora: at least one; the first corpus stands first.
        real: macro-F1 of the real rows that the first corpus is compared with, ``None`` without.
        level: of the intervals, in (0, 1).

    Returns:
        The figures; without intervals, and with the reason, where they have none.
    """
    scores = tuple(_score_corpus(corpus, real) for corpus in corpora)
    means = [score.macro_f1 for score in scores]
    within = [score.sd for score in scores if score.sd is not None]
    interval, gap, reason = None, None, ""
    try:
        interval = bound_mean_of_corpora(means, level)
    except UndefinedMetricError as error:
        reason = error.what
    if interval and real is not None:
        # real is a constant here, so the interval turns around and nothing is added to it
        gap = Interval(
            real - interval.point, real - interval.high, real - interval.low, interval.level
        )
    return RepeatedCorpora(
        condition=condition,
        corpora=scores,
        mean=float(np.mean(means)),
        sd=spread(np.array(means)) if len(means) >= MIN_CORPORA else None,
        sd_seeds=float(np.mean(within)) if within else None,
        macro_f1=interval,
        real=real,
        gap=gap,
        reason=reason,
    )


def _score_corpus(one: CorpusSeeds, real: float | None) -> CorpusScore:
    mean = float(one.by_seed.mean())
    sd = spread(one.by_seed) if len(one.by_seed) > 1 else None
    return CorpusScore(
        strategy=one.strategy,
        num_rows=one.num_rows,
        macro_f1=mean,
        sd=sd,
        gap=None if real is None else real - mean,
    )
