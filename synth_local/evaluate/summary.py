"""What the evaluate stage says of a run, as frozen records and as JSON.

Holds data and no statistics: ``compare`` fills it, the report reads it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from synth_local.records import Cell, Interval

Family = Literal["real", "pool"]
#: What a difference to a partner of each source belongs to.
FAMILIES: dict[str, Family] = {
    "real": "real",
    "real_all": "real",
    "pool": "pool",
    "pool_balanced": "pool",
}

CONDITIONAL_NOTE = (
    "Intervals and p values answer one question: what would other test items of the same kind "
    "have said of these very students? They are conditional on one corpus, one pool, one real "
    "training set and the training seeds that were run. Generating again, drawing another pool "
    "or training with other seeds would move the figures too, and no interval here covers that; "
    "the spread over seeds stands beside each mean for that reason."
)
FAMILY_NOTE = (
    "Holm's correction runs over one family per run and metric: all differences to real. Other "
    "differences stand outside of it and carry an uncorrected p value only."
)


@dataclass(frozen=True, slots=True)
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
            cell.task, cell.source, cell.generator, cell.strategy, cell.student, cell.num_train
        )

    @property
    def name(self) -> str:
        """Return the cell's name without its seed."""
        parts = (self.task, self.source, self.generator, self.strategy, self.student)
        return "__".join((*parts, f"n{self.num_train}"))


@dataclass(frozen=True, slots=True)
class ConditionScore:
    """One metric of one condition.

    Attributes:
        condition: what was trained.
        metric: ``macro_f1`` or ``accuracy``.
        seeds: the training seeds behind it.
        by_seed: the metric of each seed on all test items, in [0, 1].
        sd: sample standard deviation over seeds; ``None`` where there is one seed only.
        interval: mean over seeds with a bootstrap interval over test items.
        num_items: test items.
    """

    condition: Condition
    metric: str
    seeds: tuple[int, ...]
    by_seed: tuple[float, ...]
    sd: float | None
    interval: Interval
    num_items: int

    @property
    def mean(self) -> float:
        """Return the mean over seeds."""
        return self.interval.point


@dataclass(frozen=True, slots=True)
class Difference:
    """How much higher one condition scores than its partner on the same items.

    Attributes:
        condition: the one that is judged.
        partner: what it is judged against.
        family: ``real`` for differences to real; ``pool`` for pool+synthetic against pool.
        metric: ``macro_f1`` or ``accuracy``.
        seeds: the training seeds that both have; the figures rest on these.
        interval: condition minus partner, in [-1, 1], with a paired bootstrap interval.
        p: two-sided, of the paired permutation test by item.
        p_holm: corrected within the family; ``None`` outside of the family ``real``.
    """

    condition: Condition
    partner: Condition
    family: Family
    metric: str
    seeds: tuple[int, ...]
    interval: Interval
    p: float
    p_holm: float | None


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


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything the evaluate stage found.

    Attributes:
        scores: per condition and metric.
        differences: per comparison and metric.
        confusions: per condition.
        omitted: sentences on comparisons that could not be made.
        num_draws: bootstrap resamples.
        num_swaps: random swaps of a permutation test.
        seed: root of both.
        notes: what a reader of the figures has to know.
    """

    scores: tuple[ConditionScore, ...]
    differences: tuple[Difference, ...]
    confusions: tuple[Confusion, ...]
    omitted: tuple[str, ...]
    num_draws: int
    num_swaps: int
    seed: int
    notes: tuple[str, ...] = (CONDITIONAL_NOTE, FAMILY_NOTE)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready value."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Summary:
        """Return the summary that ``to_json`` gave ``value`` for."""
        return cls(
            scores=tuple(_read_score(row) for row in value["scores"]),
            differences=tuple(_read_difference(row) for row in value["differences"]),
            confusions=tuple(_read_confusion(row) for row in value["confusions"]),
            omitted=tuple(value["omitted"]),
            num_draws=value["num_draws"],
            num_swaps=value["num_swaps"],
            seed=value["seed"],
            notes=tuple(value["notes"]),
        )


def _read_score(row: dict[str, Any]) -> ConditionScore:
    return ConditionScore(
        **row
        | {
            "condition": Condition(**row["condition"]),
            "seeds": tuple(row["seeds"]),
            "by_seed": tuple(row["by_seed"]),
            "interval": Interval(**row["interval"]),
        }
    )


def _read_difference(row: dict[str, Any]) -> Difference:
    return Difference(
        **row
        | {
            "condition": Condition(**row["condition"]),
            "partner": Condition(**row["partner"]),
            "seeds": tuple(row["seeds"]),
            "interval": Interval(**row["interval"]),
        }
    )


def _read_confusion(row: dict[str, Any]) -> Confusion:
    return Confusion(
        Condition(**row["condition"]),
        tuple(row["labels"]),
        tuple(tuple(counts) for counts in row["counts"]),
    )
