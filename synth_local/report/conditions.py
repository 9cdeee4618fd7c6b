"""Conditions as the report speaks of them: one line for all seeds of a training condition.

Pure: turns the summary of ``evaluate`` into the rows that headline, tables and figures share, in
one order, with one spelling. Computes nothing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synth_local.evaluate.summary import Condition as Trained
from synth_local.evaluate.summary import ConditionScore, Difference, FailedTraining
from synth_local.records import Interval, Result
from synth_local.report.data import ReportData
from synth_local.train.students import BASELINE_STUDENTS, GENERATOR_AS_CLASSIFIER

# order of rows everywhere: what synthetic text is measured against comes first
SOURCES = (
    "real",
    "real_all",
    "synthetic",
    "synthetic_all",
    "real+synthetic",
    "pool",
    "pool_balanced",
    "pool+synthetic",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric of a condition.

    Attributes:
        value: mean over seeds with its interval; ``None`` where the metric has no value.
        items_only: the same mean with an interval over test items alone.
        sd: standard deviation over seeds; ``None`` for one training.
        reason: why there is no value.
    """

    value: Interval | None
    items_only: Interval | None = None
    sd: float | None = None
    by_seed: tuple[float, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Mean over seeds of one label's scores; ``None`` where a seed has no value."""

    label: str
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True, slots=True)
class Condition:
    """One training condition with all its seeds.

    Attributes:
        source: what the student was trained on; empty for the generator itself.
        generator: the generator's name, or empty.
        strategy: the strategy's name, or empty.
        num_train: rows of the training set.
        macro_f1: over the labels in use.
        accuracy: share of test items that are right.
        differences: to its partners, in the order in which they were planned.
        labels: in the task's order.
        confusion: items by gold label (rows) and predicted label (columns), all seeds together.
        brier: half of Brier's score, a mean over seeds in [0, 1]; ``None`` where no seed has one.
        failed: trainings that did not learn.
        is_deterministic: the student draws no random numbers: it is one training.
        serves: the sources that this training set is.
    """

    task: str
    source: str
    generator: str
    strategy: str
    student: str
    num_train: int
    seeds: tuple[int, ...]
    macro_f1: Measured
    accuracy: Measured
    differences: tuple[Difference, ...] = ()
    labels: tuple[LabelScores, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    brier: float | None = None
    failed: tuple[FailedTraining, ...] = ()
    is_deterministic: bool = False
    serves: tuple[str, ...] = ()

    @property
    def num_trainings(self) -> int:
        """Return how many trainings there are: one for a student without random numbers."""
        return 1 if self.is_deterministic else len(self.seeds)

    @property
    def name(self) -> str:
        """Return the source and, where it applies, generator and strategy."""
        return " · ".join(part for part in (self.source, self.generator, self.strategy) if part)

    @property
    def key(self) -> str:
        """Return the cell's name without its seed, as verdicts spell it."""
        parts = (self.task, self.source, self.generator, self.strategy, self.student)
        return "__".join((*(part or "-" for part in parts), f"n{self.num_train}"))

    @property
    def is_generator(self) -> bool:
        """Return whether the generator itself said the labels, and nothing was trained."""
        return self.student == GENERATOR_AS_CLASSIFIER

    @property
    def reads_nothing(self) -> bool:
        """Return whether the student looks at no text: its score shows what a score is worth."""
        return self.student in BASELINE_STUDENTS

    def find_difference(self, metric: str, source: str = "") -> Difference | None:
        """Return the difference to a partner of this source, or to the first partner."""
        fitting = (
            difference
            for difference in self.differences
            if difference.metric == metric and source in ("", difference.partner.source)
        )
        return next(fitting, None)


def read_conditions(data: ReportData, *, with_cuts: bool = False) -> tuple[Condition, ...]:
    """Return every condition of the summary by task, student and source.

    Points of learning curves are left out, unless asked for: they have a section of their own.
    """
    if data.summary is None:
        return ()
    cuts = set(data.analysis.cuts) if data.analysis and not with_cuts else set()
    scores: dict[Trained, dict[str, ConditionScore]] = defaultdict(dict)
    for score in data.summary.scores:
        scores[score.condition][score.metric] = score
    differences: dict[Trained, list[Difference]] = defaultdict(list)
    for difference in data.summary.differences:
        differences[difference.condition].append(difference)
    failed: dict[Trained, list[FailedTraining]] = defaultdict(list)
    for training in data.summary.failed:
        failed[training.condition].append(training)
    confusions = {confusion.condition: confusion for confusion in data.summary.confusions}
    by_label = _collect_labels(data.results)
    labels = {task.name: task.labels for task in data.tasks}
    conditions = [
        Condition(
            task=key.task,
            source=_blank(key.source),
            generator=_blank(key.generator),
            strategy=_blank(key.strategy),
            student=key.student,
            num_train=key.num_train,
            seeds=next(iter(metrics.values())).seeds,
            macro_f1=_measure(metrics.get("macro_f1")),
            accuracy=_measure(metrics.get("accuracy")),
            differences=tuple(differences[key]),
            labels=_score_labels(by_label[_key(key)], labels.get(key.task, ())),
            confusion=confusions[key].counts if key in confusions else (),
            brier=_mean(by_label[_key(key)].get(("", "brier"), ())),
            failed=tuple(failed[key]),
            is_deterministic=next(iter(metrics.values())).is_deterministic,
            serves=next(iter(metrics.values())).serves,
        )
        for key, metrics in scores.items()
        if key.name not in cuts
    ]
    return _sort(conditions, list(labels))


def _blank(name: str) -> str:
    return "" if name == "-" else name


def _key(one: Trained | Result) -> tuple[str | int, ...]:
    names = (one.task, _blank(one.source), _blank(one.generator), _blank(one.strategy), one.student)
    return (*names, one.num_train)


def _measure(score: ConditionScore | None) -> Measured:
    if score is None:
        return Measured(None, reason="not computed")
    if not math.isfinite(score.interval.point):
        return Measured(None, reason="no value on these test items")
    return Measured(score.interval, score.items_only, score.sd, score.by_seed)


LabelValues = Mapping[tuple[str, str], list[float]]


def _collect_labels(results: Sequence[Result]) -> dict[tuple[str | int, ...], LabelValues]:
    """Return, for each condition, the values of all seeds by (label or empty, metric)."""
    values: dict[tuple[str | int, ...], dict[tuple[str, str], list[float]]]
    values = defaultdict(lambda: defaultdict(list))
    for row in results:
        if row.label or row.metric == "brier":
            values[_key(row)][row.label, row.metric].append(row.value)
    return defaultdict(dict, values)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _score_labels(values: LabelValues, labels: Sequence[str]) -> tuple[LabelScores, ...]:
    if not values:
        return ()
    most = max(len(numbers) for numbers in values.values())

    def mean(label: str, metric: str) -> float | None:
        numbers = values.get((label, metric), [])
        return sum(numbers) / most if len(numbers) == most else None

    return tuple(
        LabelScores(label, *(mean(label, metric) for metric in ("precision", "recall", "f1")))
        for label in labels
    )


def _sort(conditions: Sequence[Condition], tasks: Sequence[str]) -> tuple[Condition, ...]:
    order = {name: number for number, name in enumerate(tasks)}
    students = list(dict.fromkeys(condition.student for condition in conditions))
    sources = {name: number for number, name in enumerate(SOURCES)}
    return tuple(
        sorted(
            conditions,
            key=lambda one: (
                order.get(one.task, len(order)),
                students.index(one.student),
                sources.get(one.source, len(sources)),
                -one.num_train if one.source == "real" else 0,
            ),
        )
    )


def group_conditions(
    conditions: Sequence[Condition],
) -> dict[tuple[str, str], tuple[Condition, ...]]:
    """Return the conditions of each (task, student), in order."""
    groups: dict[tuple[str, str], tuple[Condition, ...]] = {}
    for condition in conditions:
        key = (condition.task, condition.student)
        groups[key] = (*groups.get(key, ()), condition)
    return groups


def find_partner(
    conditions: Sequence[Condition], condition: Condition, metric: str = "macro_f1"
) -> Condition | None:
    """Return the condition that one was first compared with, or ``None``."""
    difference = condition.find_difference(metric)
    if difference is None:
        return None
    wanted = difference.partner
    return next(
        (
            condition
            for condition in conditions
            if (condition.source, condition.num_train) == (wanted.source, wanted.num_train)
        ),
        None,
    )
