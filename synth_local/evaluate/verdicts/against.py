"""What stands against a verdict, and what limits one: luck, little learning, texts seen before.

Pure; knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from synth_local.evaluate.summary import (
    Condition,
    ConditionScore,
    Difference,
    FailedTraining,
    Floor,
)
from synth_local.evaluate.verdicts.verdict import QUESTIONS, Question
from synth_local.models.card import Seen

#: Fewer test items of a label than these are named.
FEW_ITEMS = 20


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the synthetic texts of a condition come from, as far as a verdict depends on it.

    Attributes:
        seen: whether their generator has seen more real texts of the task than the pool holds:
            ``no``, ``yes`` or ``unknown``.
        told: the same in words, after the generator's name.
        shortfall: why the corpus is incomplete; empty where it is whole.
    """

    seen: Seen = "unknown"
    told: str = ""
    shortfall: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What all questions about one task and student are answered from."""

    scores: Mapping[Condition, ConditionScore]
    differences: Sequence[Difference]
    failed: Mapping[Condition, Sequence[FailedTraining]]
    floor: Floor
    origins: Mapping[Condition, Origin]
    margin: float

    def asked(self, question: Question) -> list[Condition]:
        """Return the conditions that a question is about.

        One that serves a second source is asked about it only where it was compared: otherwise
        nobody wanted to know.
        """
        asked = QUESTIONS[question]
        partners = {key for source in asked.partners for key in self.serving(source)}
        return [
            key
            for key in self.serving(asked.source)
            if key.source == asked.source
            or any(
                difference.condition == key and difference.partner in partners
                for difference in self.differences
            )
        ]

    def serving(self, source: str) -> list[Condition]:
        """Return the conditions whose training set is that of a source."""
        return [key for key, one in self.scores.items() if source in one.serves]


def list_failures(bench: Bench, condition: Condition) -> Iterator[str]:
    """Yield that trainings of a condition failed."""
    failed = bench.failed.get(condition, ())
    if failed:
        num_seeds = len(bench.scores[condition].seeds)
        first = failed[0]
        yield (
            f"{describe(condition)}: {len(failed)} of {num_seeds} trainings failed (seed "
            f"{first.seed}: {first.reason}); train for longer (train.min_steps, train.epochs) or "
            "with a lower train.learning_rate"
        )


def note_single(bench: Bench, difference: Difference) -> Iterator[str]:
    """Yield that a side of a comparison is one training that was luck."""
    for one in (difference.condition, difference.partner):
        score = bench.scores[one]
        if len(score.seeds) == 1 and score.num_corpora == 1 and not score.is_deterministic:
            yield (
                f"{describe(one)}: one training of a student that draws random numbers says "
                "nothing of another: list more numbers under seeds"
            )


def compare_with_floor(bench: Bench, question: Question, difference: Difference) -> Iterator[str]:
    """Yield why a student has not learnt enough for a gap to mean anything."""
    # a pool may teach nothing by itself: there it is pool + synthetic that has to beat guessing
    key = difference.condition if question == "with_pool" else difference.partner
    score = bench.scores[key].interval
    if score.low <= bench.floor.value:
        yield (
            f"{describe(key)}: macro-F1 {score.point:.3f} [{score.low:.3f}, {score.high:.3f}] is "
            f"not above the {bench.floor.value:.3f} of one that has learnt nothing (the commonest "
            "label for all, or guessing)"
        )


def list_cautions(bench: Bench, difference: Difference) -> Iterator[str]:
    """Yield what limits a verdict without forbidding it."""
    one = difference.condition
    if difference.num_corpora == 1:
        yield "for this corpus: another one of the same settings may do better or worse"
    origin = bench.origins.get(one, Origin())
    if origin.seen != "no":
        told = origin.told or "may have seen the task's texts: nobody knows"
        yield f"{one.generator} {told}"
    if origin.shortfall:
        yield f"the corpus of {one.generator}, {one.strategy} is incomplete: {origin.shortfall}"
    if bench.floor.num_rarest < FEW_ITEMS:
        yield (
            f"only {bench.floor.num_rarest} test texts are {bench.floor.rarest_label}: the "
            "interval is widened for it"
        )


def describe(condition: Condition) -> str:
    """Return a condition as people speak of it."""
    made = f" of {condition.generator}, {condition.strategy}" if condition.generator != "-" else ""
    return f"{condition.source}{made} ({condition.num_train:,} rows)"
