"""What the evaluate stage says of a run, as frozen records.

Holds data and no statistics: ``compare`` fills it, the report reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from synth_local.records import Cell, Interval

Family = Literal["real", "added", "pool"]
#: What a paired row outside of the families asks: students against the generator that wrote their
#: texts, or a strategy with exemplars against one without.
PairKind = Literal["generator_itself", "exemplars"]
#: What a difference to a partner of each source belongs to, unless texts were added to the partner.
FAMILIES: Mapping[str, Family] = MappingProxyType(
    {"real": "real", "real_all": "real", "pool": "pool", "pool_balanced": "pool"}
)

COVERS_NOTE = (
    "Intervals cover other test items of the same kind, other training seeds (and other cuts of "
    "the rows, where a source was cut) and, where corpora were repeated, other corpora. Without "
    "repeats they are for this corpus; with one pool they are for this pool. p values and the "
    "intervals called test items only are about these very students."
)
FAMILY_NOTE = (
    "Holm's correction runs over one family per task, student and metric: all differences of "
    "synthetic to real texts. Other differences stand outside of it and carry an uncorrected p "
    "value only."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What several seeds have in common: a cell without its seed; ``-`` where a part is absent."""

    task: str
    source: str
    generator: str
    strategy: str
    student: str
    num_train: int

    @classmethod
    def of(cls, cell: Cell) -> Condition:
        """Return the condition that ``cell`` is one seed of."""
        return cls(
            task=cell.task,
            source=cell.source,
            generator=cell.generator,
            strategy=cell.strategy,
            student=cell.student,
            num_train=cell.num_train,
        )

    @property
    def name(self) -> str:
        """Return the cell's name without its seed."""
        parts = (self.task, self.source, self.generator, self.strategy, self.student)
        return "__".join((*parts, f"n{self.num_train}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionScore:
    """One metric of one condition.

    Attributes:
        condition: what was trained.
        metric: ``macro_f1`` or ``accuracy``.
        seeds: the training seeds behind it.
        by_seed: the metric of each seed on all test items, in [0, 1].
        sd: sample standard deviation over seeds; ``None`` where there is one training only.
        interval: mean with an interval over test items, seeds and, with repeats, corpora.
        items_only: the same mean with an interval over test items alone.
        num_corpora: corpora behind the mean: 1 without repeats.
        is_deterministic: the student draws no random numbers.
        is_floor: the student reads nothing.
        serves: the sources that this training set is: two where the matched rows are all rows.
        validation: mean over seeds of the macro-F1 on the validation texts; ``None`` where
            nobody knows it.
    """

    condition: Condition
    metric: str
    seeds: tuple[int, ...]
    by_seed: tuple[float, ...]
    sd: float | None
    interval: Interval
    items_only: Interval
    num_items: int
    num_corpora: int = 1
    is_deterministic: bool = False
    is_floor: bool = False
    serves: tuple[str, ...] = ()
    validation: float | None = None

    @property
    def mean(self) -> float:
        """Return the mean over seeds."""
        return self.interval.point


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much higher one condition scores than its partner on the same items.

    Attributes:
        condition: the one that is judged.
        partner: what it is judged against.
        family: ``real`` for synthetic texts in place of real ones; ``added`` for synthetic texts
            added to all real ones; ``pool`` for what is judged against the pool.
        metric: ``macro_f1`` or ``accuracy``.
        seeds: the training seeds behind it.
        interval: condition minus partner, in [-1, 1], over test items, seeds and corpora.
        items_only: the same with an interval over test items alone.
        error: standard error behind ``interval``.
        error_items: the part of it that is due to test items.
        df: degrees of freedom behind ``interval``; ``None`` where nothing was estimated.
        p: two-sided, of the paired permutation test by item, about these very students.
        p_holm: corrected within the family ``real``; ``None`` outside of it.
        num_corpora: corpora behind the condition's mean.
    """

    condition: Condition
    partner: Condition
    family: Family
    metric: str
    seeds: tuple[int, ...]
    interval: Interval
    items_only: Interval
    error: float
    error_items: float
    df: float | None
    p: float
    p_holm: float | None = None
    num_corpora: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedRow:
    """Macro-F1 of two conditions on the same items; in no family and behind no verdict.

    Attributes:
        condition: the student on a generator's texts, or the strategy with exemplars.
        partner: the generator itself, or the strategy without exemplars.
        seeds: the training seeds behind it.
        score: mean macro-F1 of the condition, in [0, 1].
        partner_score: the same of the partner.
        difference: condition minus partner, in [-1, 1].
        interval: of the difference, over test items, seeds and corpora; ``None`` where a side is
            one training of a student that draws random numbers.
        num_corpora: corpora behind the condition's mean.
    """

    kind: PairKind
    condition: Condition
    partner: Condition
    seeds: tuple[int, ...]
    score: float
    partner_score: float
    difference: float
    interval: Interval | None
    num_corpora: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelDifference:
    """F1 of one label under a condition with synthetic texts and under its real partner.

    Attributes:
        partner: real texts, or the pool.
        num_items: test items of the label, at least 1.
        f1: mean over corpora and seeds, in [0, 1].
        partner_f1: the same of the partner.
        difference: condition minus partner, in [-1, 1].
        interval: as in ``PairedRow``.
    """

    condition: Condition
    partner: Condition
    label: str
    num_items: int
    f1: float
    partner_f1: float
    difference: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class FailedTraining:
    """A training that did not learn: named, and never averaged into a verdict.

    Attributes:
        condition: what was trained.
        reason: what it was recognised by.
    """

    condition: Condition
    seed: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What a task's test items give to who has learnt nothing.

    Attributes:
        label: the commonest label of its test items.
        macro_f1: of calling all items ``label``.
        accuracy: of the same.
        guessing: macro-F1 that guessing by the labels' shares comes to on average.
        rarest_label: the label with the fewest test items.
        num_rarest: how many it has.
    """

    task: str
    label: str
    num_items: int
    macro_f1: float
    accuracy: float
    guessing: float
    rarest_label: str
    num_rarest: int

    @property
    def value(self) -> float:
        """Return the macro-F1 that a student has to beat: the better of the two."""
        return max(self.macro_f1, self.guessing)


@dataclass(frozen=True, slots=True)
class Confusion:
    """Gold label (rows) by predicted label (columns), summed over a condition's seeds."""

    condition: Condition
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def only_label(self) -> str:
        """Return the label that all items were given, or nothing where there are several.

        A student that calls all items the same has learnt nothing: its score is that of the
        label's share, and a difference between two such students says nothing of their texts.
        """
        said = [
            label
            for place, label in enumerate(self.labels)
            if any(row[place] for row in self.counts)
        ]
        return said[0] if len(said) == 1 and len(self.labels) > 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Everything the evaluate stage found.

    Attributes:
        scores: per condition and metric.
        differences: per comparison and metric.
        confusions: per condition.
        omitted: sentences on comparisons that could not be made.
        failed: trainings that did not learn.
        floors: per task.
        paired: rows outside of the families: see ``PairedRow``.
        by_label: F1 differences by label.
        absent: sentences on why rows of these two are not there.
        num_swaps: random swaps of a permutation test, in the largest family.
        smallest_p: the smallest p value after Holm's correction that could come out.
        notes: what every reader should be told.
    """

    scores: tuple[ConditionScore, ...]
    differences: tuple[Difference, ...]
    confusions: tuple[Confusion, ...]
    omitted: tuple[str, ...]
    failed: tuple[FailedTraining, ...] = ()
    floors: tuple[Floor, ...] = ()
    paired: tuple[PairedRow, ...] = ()
    by_label: tuple[LabelDifference, ...] = ()
    absent: tuple[str, ...] = ()
    num_draws: int
    num_swaps: int
    smallest_p: float = 1.0
    seed: int
    notes: tuple[str, ...] = field(default=(COVERS_NOTE, FAMILY_NOTE))
