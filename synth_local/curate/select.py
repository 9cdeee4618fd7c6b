"""The corpus as a function of the ledger: the first N accepted slots of each label.

Plan order is (position, label's index), over all labels. A slot's acceptance depends on its text,
the real texts and the accepted slots before it in plan order, so that neither batches, shards,
kills nor the size of a top-up decide which rows count. Slots beyond a label's N are ``surplus``
and nothing is compared with them; N of one label can matter to another only through a text that
both would have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from synth_local.curate.duplicates import DuplicateFinder
from synth_local.curate.reasons import SURPLUS
from synth_local.errors import DataError, UnknownLabelError
from synth_local.records import Example, Outcome, Turn, Verdict


@dataclass(frozen=True, slots=True)
class Selection:
    """What became of every turn; both lists in plan order.

    Attributes:
        drops: all others, each with its reason.
        missing: rows that each label lacks to its number, at least 0.
    """

    accepted: list[Outcome]
    drops: list[Outcome]
    missing: dict[str, int]


def select(
    turns: Iterable[Turn],
    per_label: Mapping[str, int],
    near_duplicates: float,
    labels: Sequence[str],
    rounds: Sequence[Mapping[str, int]] = (),
) -> Selection:
    """Return the first N accepted slots of each label, and why the others are dropped.

    Args:
        turns: the ledger's, in any order, each slot once.
        near_duplicates: Jaccard similarity of 5-shingles from which a text repeats an accepted
            earlier one, in (0, 1]; at 1 only exact repeats are dropped.
        labels: names, in the task's order.
        rounds: slots admitted per label in each round, for the outcomes' ``round``; without it
            all are of round 0.

    Returns:
        Every turn as one outcome, and what each label still lacks.

    Raises:
        DataError: a slot stands twice, or its label is not one of ``labels``.
    """
    finder = DuplicateFinder(near_duplicates)
    left = {label: per_label.get(label, 0) for label in labels}
    accepted: list[Outcome] = []
    drops: list[Outcome] = []
    for turn in sort_turns(turns, labels):
        verdict = turn.verdict
        if not verdict.reason:
            verdict = _judge(turn, left[turn.slot.label], finder)
        outcome = Outcome(turn, _find_round(turn, rounds), verdict)
        if verdict.reason:
            drops.append(outcome)
        else:
            accepted.append(outcome)
            left[turn.slot.label] -= 1
    return Selection(accepted, drops, left)


def sort_turns(turns: Iterable[Turn], labels: Sequence[str]) -> list[Turn]:
    """Return the turns in plan order.

    Args:
        turns: in any order.
        labels: names, in the task's order.

    Returns:
        The same turns by (position, label's index).

    Raises:
        DataError: a slot stands twice, or its label is not one of ``labels``.
    """
    index = {label: number for number, label in enumerate(labels)}
    found: dict[str, Turn] = {}
    for turn in turns:
        if turn.slot.label not in index:
            raise UnknownLabelError(turn.slot.label, labels, f"slot {turn.slot.id}")
        if turn.slot.id in found:
            raise DataError(
                f"slot {turn.slot.id} stands twice among the generated rows",
                fix="run `synth-local verify` on the run directory",
            )
        found[turn.slot.id] = turn
    return sorted(found.values(), key=lambda turn: (turn.slot.position, index[turn.slot.label]))


def list_accepted(selection: Selection) -> list[Example]:
    """Return the corpus as examples, in plan order."""
    return [
        Example(one.turn.slot.id, one.verdict.text, one.turn.slot.label)
        for one in selection.accepted
    ]


def _judge(turn: Turn, num_left: int, finder: DuplicateFinder) -> Verdict:
    text = turn.verdict.text
    if num_left <= 0:
        return Verdict(text, SURPLUS)
    clash = finder.admit(turn.slot.id, text)
    return turn.verdict if clash is None else Verdict(text, clash.reason, "slot", clash.id)


def _find_round(turn: Turn, rounds: Sequence[Mapping[str, int]]) -> int:
    """Return the round that admitted the slot: rounds take slots in order of position."""
    admitted = 0
    for number, counts in enumerate(rounds):
        admitted += counts.get(turn.slot.label, 0)
        if turn.slot.position < admitted:
            return number
    return max(0, len(rounds) - 1)
