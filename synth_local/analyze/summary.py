"""What the analyze stage says of a run, as frozen records and as JSON.

Holds data and no statistics: the step fills it, the report reads it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from synth_local.analyze.judgements.records import JudgedTasks
from synth_local.analyze.over_tasks import OverTasks, SignTest
from synth_local.analyze.panel import PanelTask
from synth_local.records import Interval

AGREEMENT, JUDGED = "pair agreement", "judged objectivity"
SHARED_NOTE = (
    "The points of a threshold curve share items: each keeps those of the next. A line through "
    "them describes the curve, and no p value could be given for it. The primary analysis is the "
    "one over single items."
)


@dataclass(frozen=True, slots=True)
class TaskSubjectivity:
    """How much a task's annotators agree, over its test items.

    Attributes:
        num_rated: items with two ratings or more.
        num_ties: of these, items without a most frequent label.
        mean_share: mean over items of the share of the most frequent label; ``None`` where
            nobody says.
        pair_agreement: mean over items of the share of agreeing pairs of ratings, in [0, 1].
        mean_ratings: ratings per rated item.
        mean_entropy: mean entropy of an item's labels, in bits.
        alpha: Krippendorff's alpha, nominal; ``None`` where it is undefined.
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


@dataclass(frozen=True, slots=True)
class Trend:
    """Whether a condition's gap to real falls with agreement, item by item.

    Attributes:
        condition: name of the condition without its seed.
        partner: name of the ``real`` condition.
        ties: whether items without a most frequent label are in.
        mean_gap: mean over items of real minus synthetic correctness, in [-1, 1].
        slope: change of the gap from no to full agreement; negative: the gap is larger where
            people disagree.
        spearman: rank correlation of gap and agreement.
        reason: why there is nothing; empty where there is something.
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Curve:
    """A student's accuracy on the items with at least so much agreement.

    Attributes:
        condition: name of the condition without its seed.
        accuracies: one per threshold, in [0, 1].
        counts: items kept, one per threshold.
        slope: of the least-squares line; ``None`` where there are too few points.
        spearman: rank correlation of the points.
    """

    condition: str
    thresholds: tuple[float, ...]
    accuracies: tuple[float, ...]
    counts: tuple[int, ...]
    slope: float | None = None
    r_squared: float | None = None
    spearman: float | None = None


@dataclass(frozen=True, slots=True)
class AcrossTasks:
    """How the mean gap goes with how objective tasks are, from task to task.

    Attributes:
        condition: source, generator, strategy and student, joined as in a cell's name.
        slope: change of the gap per unit of ``measure``, with an interval over tasks.
        reason: why there is nothing; empty where there is something.
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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

    def to_json(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Analysis:
        """Return what ``to_json`` gave."""
        return cls(
            tuple(TaskSubjectivity(**row) for row in value["tasks"]),
            tuple(Trend(**{**row, "slope": _interval(row["slope"])}) for row in value["trends"]),
            tuple(Level(**{**row, "gap": _interval(row["gap"])}) for row in value["levels"]),
            tuple(_read_curve(row) for row in value["curves"]),
            tuple(
                AcrossTasks(**{**row, "slope": _interval(row["slope"])}) for row in value["across"]
            ),
            tuple(value["missing"]),
            JudgedTasks.from_json(value["judged"]) if value.get("judged") else None,
            tuple(value.get("notes", ())),
            tuple(_read_learning(row) for row in value["learning"]),
            tuple(value["cuts"]),
            tuple(PanelTask(**{**row, "members": tuple(row["members"])}) for row in value["panel"]),
            tuple(_read_repeats(row) for row in value.get("repeats", ())),
            tuple(_read_over(row) for row in value.get("over", ())),
        )


def _interval(value: dict[str, float] | None) -> Interval | None:
    return None if value is None else Interval(**value)


def _read_learning(row: dict[str, Any]) -> LearningCurve:
    points = tuple(
        LearningPoint(**{**point, "macro_f1": Interval(**point["macro_f1"])})
        for point in row["points"]
    )
    ends = tuple(row["real_ends"]) if row["real_ends"] else None
    return LearningCurve(
        **{**row, "points": points, "worth": _interval(row["worth"]), "real_ends": ends}
    )


def _read_repeats(row: dict[str, Any]) -> RepeatedCorpora:
    corpora = tuple(CorpusScore(**one) for one in row["corpora"])
    intervals = {name: _interval(row[name]) for name in ("macro_f1", "gap")}
    return RepeatedCorpora(**{**row, **intervals, "corpora": corpora})


def _read_over(row: dict[str, Any]) -> OverTasks:
    signs = tuple(SignTest(**one) for one in row["signs"])
    return OverTasks(**{**row, "interval": _interval(row["interval"]), "signs": signs})


def _read_curve(row: dict[str, Any]) -> Curve:
    lists = ("thresholds", "accuracies", "counts")
    fields: dict[str, Any] = {k: tuple(v) if k in lists else v for k, v in row.items()}
    return Curve(**fields)
