"""The predictions of a condition's seeds, lined up by test item.

Knows how predictions become a table of numbers; knows no statistics.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from synth_local.core.stats import IntArray, LabelTable
from synth_local.errors import DataError, UndefinedMetricError, list_names
from synth_local.evaluate.summary import Condition, Confusion
from synth_local.records import Cell, Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What a training says of its own training rows.

    Attributes:
        final_loss: cross-entropy in nats over the last tenth of the steps.
        guess_loss: that of guessing by the labels' shares among the training rows.
        final_accuracy: share of training rows that were right over the last tenth of the steps.
        majority_share: share of the commonest label among the training rows.
        validation_macro_f1: macro-F1 on the validation texts, which no verdict looks at; ``None``
            where the task has none.
    """

    final_loss: float
    guess_loss: float
    final_accuracy: float
    majority_share: float
    validation_macro_f1: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPredictions:
    """What one trained cell says of the test set.

    Attributes:
        cell: the training condition and its seed.
        labels: all label names of the task, in its order.
        predictions: of the whole test set.
        partners: the cells that this one is judged against.
        learnt: what the training says of its own rows; ``None`` where nothing was trained.
        is_deterministic: the student draws no random numbers: the same rows give the same student.
        is_floor: the student reads nothing; it shows what a score is worth.
        serves: the sources that its training set is, where it is more than one: the matched rows
            of a source may be all of its rows.
    """

    cell: Cell
    labels: tuple[str, ...]
    predictions: Sequence[Prediction]
    partners: tuple[Cell, ...] = ()
    learnt: Learnt | None = None
    is_deterministic: bool = False
    is_floor: bool = False
    serves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All seeds of one condition on the same items.

    Attributes:
        condition: what the seeds have in common.
        partners: the conditions it is judged against.
        labels: label names; their places are the table's numbers.
        seeds: in rising order; rows of ``table.predicted``.
        table: gold and predicted labels by item.
        learnt: what each training says of its own rows, in the order of ``seeds``.
        is_deterministic: the student draws no random numbers.
        is_floor: the student reads nothing.
        serves: the sources that the training set is.
    """

    condition: Condition
    partners: tuple[Condition, ...]
    labels: tuple[str, ...]
    seeds: tuple[int, ...]
    table: LabelTable
    learnt: tuple[Learnt | None, ...] = ()
    is_deterministic: bool = False
    is_floor: bool = False
    serves: tuple[str, ...] = ()

    @property
    def is_single(self) -> bool:
        """Return whether one training stands for all seeds, since each would be the same."""
        return self.is_deterministic and len(self.seeds) == 1

    @property
    def validation(self) -> float | None:
        """Return the mean over seeds of the macro-F1 on validation texts, where all know it."""
        found = [one.validation_macro_f1 if one else None for one in self.learnt]
        known = [one for one in found if one is not None]
        return float(np.mean(known)) if known and len(known) == len(found) else None

    def keep_seeds(self, seeds: Iterable[int]) -> LabelTable:
        """Return the table with the rows of ``seeds`` only, in rising order."""
        rows = [self.seeds.index(seed) for seed in sorted(seeds)]
        return LabelTable(self.table.gold, self.table.predicted[rows], self.table.num_labels)

    def sum_confusion(self) -> Confusion:
        """Return gold by predicted counts, summed over seeds."""
        size = len(self.labels)
        pairs = (self.table.gold * size + self.table.predicted).ravel()  # (S * I,)
        counts = np.bincount(pairs, minlength=size * size).reshape(size, size)
        rows = tuple(tuple(int(count) for count in row) for row in counts)
        return Confusion(self.condition, self.labels, rows)


def group_cells(cells: Sequence[CellPredictions]) -> list[Group]:
    """Return one group per condition, in order of first appearance.

    Args:
        cells: of any number of tasks.

    Returns:
        Groups whose items stand in the order of their task's first cell.

    Raises:
        UndefinedMetricError: a cell has no predictions.
        DataError: cells of one task do not agree on items, gold labels or label names, or a
            condition has one seed twice.
    """
    by_condition: dict[Condition, list[CellPredictions]] = {}
    references: dict[str, CellPredictions] = {}
    for cell in cells:
        by_condition.setdefault(Condition.of(cell.cell), []).append(cell)
        references.setdefault(cell.cell.task, cell)
    return [
        _make_group(condition, members, references[condition.task])
        for condition, members in by_condition.items()
    ]


def _make_group(
    condition: Condition, members: list[CellPredictions], reference: CellPredictions
) -> Group:
    members = sorted(members, key=lambda member: member.cell.seed)
    seeds = tuple(member.cell.seed for member in members)
    if len(set(seeds)) < len(seeds):
        raise DataError(f"a seed stands twice among {seeds}", where=condition.name)
    if not reference.predictions:
        raise UndefinedMetricError("no score without predictions", where=reference.cell.name)
    items = {row.id: place for place, row in enumerate(reference.predictions)}
    gold = number_labels(
        [row.gold for row in reference.predictions], reference.labels, reference.cell.name
    )
    predicted = [_line_up(member, reference, items) for member in members]
    partners = [Condition.of(cell) for member in members for cell in member.partners]
    return Group(
        condition=condition,
        partners=tuple(dict.fromkeys(partners)),
        labels=reference.labels,
        seeds=seeds,
        table=LabelTable(gold, np.stack(predicted), len(reference.labels)),
        learnt=tuple(member.learnt for member in members),
        is_deterministic=members[0].is_deterministic,
        is_floor=members[0].is_floor,
        serves=members[0].serves or (condition.source,),
    )


def _line_up(
    member: CellPredictions, reference: CellPredictions, items: dict[str, int]
) -> IntArray:
    """Return the member's predicted label numbers in the order of the reference's items."""
    by_id = {row.id: row for row in member.predictions}
    same_items = by_id.keys() == items.keys() and len(by_id) == len(member.predictions)
    same_gold = same_items and all(by_id[row.id].gold == row.gold for row in reference.predictions)
    if not same_gold or member.labels != reference.labels:
        raise DataError(
            f"{member.cell.name} was tested on other items or labels than {reference.cell.name}",
            fix="the test split changed between the two: run the train stage again",
        )
    return number_labels([by_id[item].predicted for item in items], member.labels, member.cell.name)


def number_labels(names: Sequence[str], labels: Sequence[str], where: str) -> IntArray:
    """Return label names as places among a task's labels: (names,).

    Raises:
        DataError: a name is none of the labels.
    """
    numbers = {label: number for number, label in enumerate(labels)}
    unknown = sorted(set(names) - numbers.keys())
    if unknown:
        raise DataError(
            f"labels that the task does not have: {list_names(unknown, quoted=True)}",
            where=where,
            fix="these predictions are of other labels: bring their run up to date with "
            "`synth-local run` and its run file",
        )
    return np.array([numbers[name] for name in names], dtype=np.int64)
