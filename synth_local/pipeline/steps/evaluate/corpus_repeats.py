"""Which conditions were trained on repeated corpora, and what is said of each.

Reads predictions that are loaded already; computes nothing that needs a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from synth_local.analyze.corpus_repeats import CorpusSeeds, measure_repeats
from synth_local.analyze.real_partners import find_real
from synth_local.analyze.summary import RepeatedCorpora
from synth_local.core.stats import macro_f1_of, score_seeds
from synth_local.evaluate.groups import Group
from synth_local.evaluate.summary import Condition
from synth_local.generate.plan import StrategyPlan
from synth_local.run.cells import CellPlan
from synth_local.train.students import BASELINE_STUDENTS

Key = tuple[str, str, str, str, str]
Strategies = Mapping[str, StrategyPlan]


def find_repeats(plans: Iterable[CellPlan]) -> set[Condition]:
    """Return the conditions that were trained on repeats: no comparison looks at them."""
    return {Condition.of(plan.cell) for plan in plans if plan.rows.is_repeat}


def pair_repeats(strategies: Strategies, plans: Iterable[CellPlan]) -> dict[Condition, Condition]:
    """Return, for each condition on a repeated corpus, the condition on the first corpus."""
    firsts, repeats = {}, {}
    for plan in plans:
        condition = Condition.of(plan.cell)
        if plan.rows.is_repeat:
            repeats[condition] = _name_first(strategies, condition)
        elif not plan.rows.is_point:
            firsts[_name_first(strategies, condition)] = condition
    return {one: firsts[key] for one, key in repeats.items() if key in firsts}


def _name_first(strategies: Strategies, one: Condition) -> Key:
    """Return what a condition and its repeats have in common."""
    plan = strategies.get(one.strategy)
    first = plan.repeat.strategy if plan and plan.repeat else one.strategy
    return (one.task, one.source, one.generator, first, one.student)


def compare_repeats(strategies: Strategies, groups: Sequence[Group]) -> tuple[RepeatedCorpora, ...]:
    """Return how far the scores of repeated corpora lie apart.

    Args:
        groups: every condition that has predictions, without the points of learning curves.

    Returns:
        One record for each task, generator, strategy of the run file, student and source with a
        generated corpus, in the order of the groups.
    """
    found: dict[Key, dict[str, Group]] = {}
    for group in groups:
        one = group.condition
        is_made = one.strategy in strategies and "synthetic" in one.source
        if is_made and one.student not in BASELINE_STUDENTS:
            found.setdefault(_name_first(strategies, one), {})[one.strategy] = group
    by_condition = {group.condition: group for group in groups}
    return tuple(_measure(strategies, key, members, by_condition) for key, members in found.items())


def _measure(
    strategies: Strategies,
    key: Key,
    members: dict[str, Group],
    by_condition: dict[Condition, Group],
) -> RepeatedCorpora:
    first = members.get(key[3])
    name = find_real(first) if first else None
    partner = by_condition.get(name) if name else None
    real = float(score_seeds(partner.table, macro_f1_of).mean()) if partner else None
    corpora = [
        CorpusSeeds(
            name,
            members[name].condition.num_train,
            score_seeds(members[name].table, macro_f1_of),
        )
        for name in strategies  # first corpora stand first there
        if name in members
    ]
    return measure_repeats("__".join(key), corpora, real)
