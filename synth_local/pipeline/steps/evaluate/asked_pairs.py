"""Which conditions of a run are set beside each other outside of the families of tests.

Students against the generator itself that wrote their texts, and strategies with exemplars against
those without. Points of learning curves, repeats of corpora and students that read nothing take no
part. Knows plans and no scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from synth_local.evaluate.paired import AskedPair
from synth_local.evaluate.summary import Condition, PairKind
from synth_local.generate.plan import StrategyPlan
from synth_local.run.cells import CellPlan
from synth_local.train.students import BASELINE_STUDENTS, GENERATOR_AS_CLASSIFIER


@dataclass(frozen=True, slots=True)
class _Known:
    """A condition of the run with the sources that its training set is."""

    condition: Condition
    sources: tuple[str, ...]

    @property
    def is_generator(self) -> bool:
        """Return whether the generator itself said the labels."""
        return self.condition.student == GENERATOR_AS_CLASSIFIER


def pair_asked(
    strategies: Mapping[str, StrategyPlan], plans: Iterable[CellPlan]
) -> tuple[AskedPair, ...]:
    """Return the pairs of a run that stand outside of the families.

    Args:
        strategies: by name.
        plans: the cells that have predictions.

    Returns:
        First the students against the generator itself, then exemplars against none; each in the
        order of the cells.
    """
    known = {
        Condition.of(plan.cell): _Known(Condition.of(plan.cell), plan.rows.sources)
        for plan in plans
        if plan.cell.student not in BASELINE_STUDENTS
        and plan.cell.strategy in strategies  # neither real texts nor texts brought along
        and not (plan.rows.is_point or plan.rows.is_repeat)
    }
    shots = {name: plan.shots for name, plan in strategies.items()}
    fixed = [key for key, one in known.items() if one.is_generator and not shots[key.strategy]]
    pairs = [*_pair_generators(known.values()), *_pair_strategies(known.values(), shots)]
    return tuple(
        AskedPair(kind, left, right, tuple(one for one in fixed if one in (left, right)))
        for kind, left, right in pairs
    )


_Pairs = Iterator[tuple[PairKind, Condition, Condition]]


def _pair_generators(known: Iterable[_Known]) -> _Pairs:
    """Yield each student on a generator's texts with that generator, asked by the same strategy."""
    known = list(known)
    asked = {_name_prompt(one.condition): one.condition for one in known if one.is_generator}
    for one in known:
        partner = asked.get(_name_prompt(one.condition))
        if partner is not None and not one.is_generator:
            yield "generator_itself", one.condition, partner


def _pair_strategies(known: Iterable[_Known], shots: dict[str, int]) -> _Pairs:
    """Yield each condition of a strategy with exemplars with those of strategies without."""
    known = list(known)
    for one in (each for each in known if shots[each.condition.strategy]):
        for other in known:
            is_like = _name_rest(one.condition) == _name_rest(other.condition)
            shares = set(one.sources) & set(other.sources)
            if is_like and shares and not shots[other.condition.strategy]:
                yield "exemplars", one.condition, other.condition


def _name_prompt(one: Condition) -> tuple[str, str, str]:
    return (one.task, one.generator, one.strategy)


def _name_rest(one: Condition) -> tuple[str, str, str]:
    """Return what a strategy is crossed with, its source aside."""
    return (one.task, one.generator, one.student)
