"""Conditions as the report speaks of them: one line for all seeds of a training condition.

Pure: turns the summary of ``evaluate`` into the rows that headline, tables and figures share, in
one order, with one spelling. Computes nothing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from synth_local.evaluate import summary as found
from synth_local.records import Interval, Result
from synth_local.report.data import ReportData
from synth_local.train.students import GENERATOR_ITSELF

# order of rows everywhere: what synthetic text is measured against comes first
SOURCES = (
    "real",
    "real_all",
    "real+synthetic",
    "pool",
    "pool_balanced",
    "pool+synthetic",
    "synthetic",
    "synthetic_all",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric of a condition.

    Attributes:
        value: mean over seeds with its interval; ``None`` where the metric has no value.
        sd: standard deviation over seeds; ``None`` for one seed.
        by_seed: one value a seed.
        reason: why there is no value.
    """

    value: Interval | None
    sd: float | None = None
    by_seed: tuple[float, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference of one metric.

    Attributes:
        value: this condition minus its partner.
        p: uncorrected.
        p_holm: corrected within the run's family; ``None`` outside of it.
        partner_rows: rows of the partner's training set; it names the partner among several.
    """

    value: Interval
    p: float | None = None
    p_holm: float | None = None
    partner_rows: int = 0


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
        task: the task's name.
        source: what the student was trained on; empty for the generator itself.
        generator: the generator's name, or empty.
        strategy: the strategy's name, or empty.
        student: the student's name.
        num_train: rows of the training set.
        seeds: training seeds.
        macro_f1: over the labels in use.
        accuracy: share of test items that are right.
        to_real: metric to its difference to ``real``; empty for ``real`` itself.
        to_pool: metric to its difference to ``pool``, for ``pool+synthetic``.
        labels: in the task's order.
        confusion: items by gold label (rows) and predicted label (columns), all seeds together.
        calibration_error: mean over seeds, in [0, 1]; ``None`` where no seed has one.
        only_label: what all test items were called, by every seed; empty where that differs.
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
    to_real: dict[str, Difference] = field(default_factory=dict)
    to_pool: dict[str, Difference] = field(default_factory=dict)
    labels: tuple[LabelScores, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    calibration_error: float | None = None
    only_label: str = ""

    @property
    def name(self) -> str:
        """Return the source and, where it applies, generator and strategy."""
        return " · ".join(part for part in (self.source, self.generator, self.strategy) if part)

    @property
    def is_generator(self) -> bool:
        """Return whether the generator itself said the labels, and nothing was trained."""
        return self.student == GENERATOR_ITSELF

    @property
    def is_made(self) -> bool:
        """Return whether synthetic texts were part of the training set."""
        return "synthetic" in self.source


def read_conditions(data: ReportData, *, with_cuts: bool = False) -> tuple[Condition, ...]:
    """Return every condition of the summary by task, student and source.

    Points of learning curves are left out, unless asked for: they have a section of their own.
    """
    if data.summary is None:
        return ()
    cuts = set(data.analysis.cuts) if data.analysis and not with_cuts else set()
    scores: dict[found.Condition, dict[str, found.ConditionScore]] = defaultdict(dict)
    for score in data.summary.scores:
        scores[score.condition][score.metric] = score
    differences: dict[found.Condition, dict[str, dict[str, Difference]]] = defaultdict(dict)
    for one in data.summary.differences:
        value = Difference(one.interval, one.p, one.p_holm, one.partner.num_train)
        differences[one.condition].setdefault(one.family, {})[one.metric] = value
    confusions = {one.condition: one for one in data.summary.confusions}
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
            to_real=differences[key].get("real", {}),
            to_pool=differences[key].get("pool", {}),
            labels=_score_labels(by_label[_key(key)], labels.get(key.task, ())),
            confusion=confusions[key].counts if key in confusions else (),
            calibration_error=_mean(by_label[_key(key)].get(("", "calibration_error"), ())),
            only_label=confusions[key].only_label if key in confusions else "",
        )
        for key, metrics in scores.items()
        if key.name not in cuts
    ]
    return _sort(conditions, list(labels))


def _blank(name: str) -> str:
    return "" if name == "-" else name


def _key(one: found.Condition | Result) -> tuple[str | int, ...]:
    names = (one.task, _blank(one.source), _blank(one.generator), _blank(one.strategy), one.student)
    return (*names, one.num_train)


def _measure(score: found.ConditionScore | None) -> Measured:
    if score is None:
        return Measured(None, reason="not computed")
    if not math.isfinite(score.interval.point):
        return Measured(None, reason="no value on these test items")
    return Measured(score.interval, score.sd, score.by_seed)


LabelValues = Mapping[tuple[str, str], list[float]]


def _collect_labels(results: Sequence[Result]) -> dict[tuple[str | int, ...], LabelValues]:
    """Return, for each condition, the values of all seeds by (label or empty, metric)."""
    values: dict[tuple[str | int, ...], dict[tuple[str, str], list[float]]]
    values = defaultdict(lambda: defaultdict(list))
    for row in results:
        if row.label or row.metric == "calibration_error":
            values[_key(row)][row.label, row.metric].append(row.value)
    return defaultdict(dict, values)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _score_labels(values: LabelValues, labels: Sequence[str]) -> tuple[LabelScores, ...]:
    if not values:
        return ()
    most = max(len(found_values) for found_values in values.values())

    def mean(label: str, metric: str) -> float | None:
        numbers = values.get((label, metric), [])
        return sum(numbers) / most if len(numbers) == most else None

    return tuple(
        LabelScores(label, *(mean(label, metric) for metric in ("precision", "recall", "f1")))
        for label in labels
    )


def _sort(conditions: Sequence[Condition], tasks: Sequence[str]) -> tuple[Condition, ...]:
    order = {name: number for number, name in enumerate(tasks)}
    students = list(dict.fromkeys(one.student for one in conditions))
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
    for one in conditions:
        key = (one.task, one.student)
        groups[key] = (*groups.get(key, ()), one)
    return groups


def find_partner(conditions: Sequence[Condition], condition: Condition) -> Condition | None:
    """Return the ``real`` condition that one was compared with, else the best ``real`` one."""
    difference = condition.to_real.get("macro_f1")
    for one in conditions:
        if difference and one.source == "real" and one.num_train == difference.partner_rows:
            return one
    return find_best(conditions, "real")


def find_best(conditions: Sequence[Condition], source: str) -> Condition | None:
    """Return the condition of a source with the highest macro-F1, or ``None``."""
    scored = [one for one in conditions if one.source == source and one.macro_f1.value]
    return max(scored, key=_score, default=None)


def _score(condition: Condition) -> float:
    value = condition.macro_f1.value
    return value.point if value else float("-inf")
