"""What the analyze stage says of a run, as frozen records.

Holds data and no statistics: this package and the step fill it, the report reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

from synth_local.analyze.judgements.records import JudgedTasks
from synth_local.analyze.over_tasks import OverTasks
from synth_local.analyze.panel import PanelTask
from synth_local.records import Interval

AGREEMENT, JUDGED = "pair agreement", "judged objectivity"
SHARED_NOTE = (
    "The points of a threshold curve share items: each keeps those of the next. A line through "
    "them describes the curve, and no p value could be given for it. The primary analysis is the "
    "one over single items."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSubjectivity:
    """How much a task's annotators agree, over its test items.

    Attributes:
        num_rated: items with two ratings or more.
        num_ties: of these, items without a most frequent label.
        mean_share: mean over items of the share of the most frequent label, in (0, 1]; ``None``
            where nobody says.
        pair_agreement: mean over items of the share of agreeing pairs of ratings, in [0, 1]: what
            tasks with unlike numbers of annotators are compared by.
        mean_ratings: ratings per rated item, at least 2.
        mean_entropy: mean entropy of an item's labels, in bits.
        alpha: Krippendorff's alpha, nominal: 1 is full agreement, 0 chance level, below 0
            systematic disagreement; ``None`` where it is undefined.
        reason: why there is nothing; empty where there is something.
        origin: where the ratings come from: ``task file`` or ``run file``; empty without ratings.
        ceiling: accuracy of one annotator against the majority of the others; ``None`` as above.
        ceiling_macro_f1: macro-F1 of the same.
    """

    task: str
    num_items: int
    num_rated: int = 0
    num_ties: int = 0
    mean_share: float | None = None
    pair_agreement: float | None = None
    mean_ratings: float | None = None
    mean_entropy: float | None = None
    alpha: float | None = None
    reason: str = ""
    origin: str = ""
    ceiling: float | None = None
    ceiling_macro_f1: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Whether a condition's gap to real falls with agreement, item by item.

    Attributes:
        condition: name of the condition without its seed.
        partner: name of the ``real`` condition.
        ties: whether items without a most frequent label are in.
        mean_gap: mean over items of real minus synthetic correctness, in [-1, 1]; ``None``
            without items.
        slope: change of the gap from no to full agreement, with an interval over items; negative:
            the gap is larger where people disagree.
        spearman: rank correlation of gap and agreement, in [-1, 1].
        p_value: two-sided, of the slope; from the same t as its interval.
        reason: why slope, correlation and p value are ``None``; empty where they are not.
    """

    condition: str
    partner: str
    ties: bool
    num_items: int = 0
    mean_gap: float | None = None
    slope: Interval | None = None
    spearman: float | None = None
    p_value: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Correctness of a pair of students on the items of one level of agreement.

    Attributes:
        condition: name of the condition without its seed.
        lowest: agreement, in (0, 1].
        highest: agreement, the same as ``lowest`` for a single value.
        real: share of these that the real-trained student gets right.
        synthetic: the same for the condition.
        gap: real minus synthetic, with an interval over items; ``None`` where there are too few
            items for one, or all have the same gap.
        ceiling: accuracy of one annotator of these items against the majority of the others.
        real_soft: share of annotators who chose what the real-trained student says; ``None`` where
            a training of either student failed.
        synthetic_soft: the same for the condition.
    """

    condition: str
    lowest: float
    highest: float
    num_items: int
    real: float
    synthetic: float
    gap: Interval | None
    ceiling: float | None = None
    real_soft: float | None = None
    synthetic_soft: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A student's accuracy on the items with at least so much agreement.

    Attributes:
        condition: name of the condition without its seed.
        thresholds: of agreement, in (0, 1], rising.
        accuracies: mean over the items kept and all seeds, one per threshold, in [0, 1].
        counts: items kept, one per threshold.
        slope: of the unweighted least-squares line: accuracy per unit of agreement; ``None`` where
            there are too few points.
        r_squared: share of the points' variance on the line, in [0, 1]; ``None`` also where
            accuracy is the same at all points.
        spearman: rank correlation of the points, in [-1, 1]; ``None`` as ``r_squared``.
    """

    condition: str
    thresholds: tuple[float, ...]
    accuracies: tuple[float, ...]
    counts: tuple[int, ...]
    slope: float | None = None
    r_squared: float | None = None
    spearman: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrossTasks:
    """How the mean gap goes with how objective tasks are, from task to task.

    Attributes:
        condition: source, generator, strategy and student, joined as in a cell's name.
        slope: change of the gap per unit of ``measure``, with an interval that speaks of further
            tasks; negative where synthetic data loses more on subjective tasks.
        spearman: rank correlation of objectivity and gap, in [-1, 1]; ``None`` also where all
            gaps are equal.
        reason: why one of the two is ``None``; empty where neither is.
        measure: ``pair agreement``, beside the gap over the rated test items, or ``judged
            objectivity``, the Bradley-Terry strength, beside the gap over all test items.
    """

    condition: str
    num_tasks: int
    slope: Interval | None = None
    spearman: float | None = None
    reason: str = ""
    measure: str = AGREEMENT


@dataclass(frozen=True, slots=True)
class LearningPoint:
    """One point of a learning curve.

    Attributes:
        condition: name of the condition without its seed.
        num_rows: rows that the student was trained on.
        macro_f1: averaged over seeds, with an interval over test items.
        sd: standard deviation over seeds; ``None`` where there is one seed.
    """

    condition: str
    num_rows: int
    macro_f1: Interval
    sd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningCurve:
    """Macro-F1 against rows of one corpus, or of real texts.

    Attributes:
        condition: task, source, generator, strategy and student, joined as in a cell's name.
        points: from the fewest rows to the most.
        flat_from: rows from which on more brought nothing that could be measured; ``None`` where
            the curve still rises at its end.
        worth: real rows that give the score of the last point, with an interval; an end of the
            real curve means that end or beyond. ``None`` for real rows themselves.
        real_ends: rows of the real curve's first and last point; ``None`` without ``worth``.
        reason: why there is no ``worth``.
    """

    condition: str
    points: tuple[LearningPoint, ...]
    flat_from: int | None = None
    worth: Interval | None = None
    real_ends: tuple[int, int] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusScore:
    """What the students of one corpus score.

    Attributes:
        strategy: name of the corpus's strategy.
        num_rows: rows of the training set.
        macro_f1: mean over training seeds, in [0, 1].
        sd: standard deviation over training seeds; ``None`` where there is one seed.
        gap: the real score minus it; ``None`` without one.
    """

    strategy: str
    num_rows: int
    macro_f1: float
    sd: float | None
    gap: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedCorpora:
    """How far scores lie apart that differ in the corpus alone.

    Attributes:
        condition: task, source, generator, strategy and student, joined as in a cell's name.
        corpora: the first corpus, then its repeats.
        mean: macro-F1 averaged over corpora, each a mean over training seeds.
        sd: standard deviation between corpora; ``None`` with one corpus.
        sd_seeds: mean over corpora of the standard deviation between training seeds; ``None``
            where there is one seed.
        macro_f1: the mean with an interval over corpora; ``None`` where there is none.
        real: the score that the first corpus is compared with, held fixed; ``None`` without one.
        gap: ``real`` minus the mean, with an interval over corpora.
        reason: why there is no interval; empty where there is one.
    """

    condition: str
    corpora: tuple[CorpusScore, ...]
    mean: float
    sd: float | None
    sd_seeds: float | None
    macro_f1: Interval | None
    real: float | None
    gap: Interval | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Everything that the analyze stage says.

    Attributes:
        tasks: agreement on test items by task.
        trends: the gap to real against agreement over single items: the primary analysis.
        levels: correctness by level of agreement.
        curves: accuracy by threshold of agreement.
        across: the gap from task to task.
        missing: what could not be said, and what would help.
        judged: what judgements of whole tasks say; ``None`` where nobody was asked.
        notes: what was left out or replaced on the way.
        learning: macro-F1 against rows.
        cuts: names of the conditions that stand in a part of their own and nowhere else: points
            of learning curves, and repeats of corpora.
        panel: what machines say of the test items.
        repeats: how far corpora of the same settings lie apart.
        over: mean gap and signs over all tasks; empty for a run of one task.
    """

    tasks: tuple[TaskSubjectivity, ...] = ()
    trends: tuple[Trend, ...] = ()
    levels: tuple[Level, ...] = ()
    curves: tuple[Curve, ...] = ()
    across: tuple[AcrossTasks, ...] = ()
    missing: tuple[str, ...] = ()
    judged: JudgedTasks | None = None
    notes: tuple[str, ...] = ()
    learning: tuple[LearningCurve, ...] = ()
    cuts: tuple[str, ...] = ()
    panel: tuple[PanelTask, ...] = ()
    repeats: tuple[RepeatedCorpora, ...] = ()
    over: tuple[OverTasks, ...] = ()
