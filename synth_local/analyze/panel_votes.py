"""The panel of machines: which stored predictions are its votes, and what is asked of them.

Generators that classified the test texts themselves (``generator-itself``) are the members; one
prompt of one generator is one member.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from synth_local.analyze.agreement import Annotations, measure_item
from synth_local.analyze.lines import rank_points
from synth_local.analyze.panel import PanelTask, measure_certainty, pool_members, share_labels
from synth_local.core.stats import FloatArray
from synth_local.errors import UndefinedMetricError
from synth_local.evaluate.groups import CellPredictions
from synth_local.train.students import GENERATOR_AS_CLASSIFIER


def consult_panel(
    task: str, cells: Sequence[CellPredictions], people: Mapping[str, Annotations]
) -> tuple[PanelTask, ...]:
    """Return what a panel of generators says of one task's test items.

    Args:
        cells: those of the task that have predictions.
        people: what annotators called each item, by its id; empty where nobody says.

    Returns:
        The task's part; empty where no generator was asked for labels.
    """
    asked = [cell for cell in cells if cell.cell.student == GENERATOR_AS_CLASSIFIER]
    if not asked:
        return ()
    said, generators = _collect(asked)
    try:
        members, pooled = pool_members(said, generators)
    except UndefinedMetricError as error:
        return (PanelTask(task=task, members=tuple(said), reason=error.what),)
    return (_compare(task, members, pooled, asked[0], people),)


def _collect(
    asked: Sequence[CellPredictions],
) -> tuple[dict[str, FloatArray], dict[str, str]]:
    """Return each member's (items, labels) probabilities, seeds averaged, and its generator."""
    by_member: dict[str, list[FloatArray]] = {}
    generators: dict[str, str] = {}
    order = [row.id for row in asked[0].predictions]
    for one in asked:
        name = f"{one.cell.generator} · {one.cell.strategy}"
        by_id = {row.id: row.probabilities for row in one.predictions}
        by_member.setdefault(name, []).append(np.array([by_id[item] for item in order]))
        generators[name] = one.cell.generator
    return {name: np.mean(mine, axis=0) for name, mine in by_member.items()}, generators


def _compare(
    task: str,
    members: tuple[str, ...],
    pooled: FloatArray,
    reference: CellPredictions,
    people: Mapping[str, Annotations],
) -> PanelTask:
    shares = measure_certainty(pooled)
    labels = [reference.labels[place] for place in pooled.argmax(axis=1)]
    rated = {
        place: found
        for place, row in enumerate(reference.predictions)
        if (found := measure_item(people.get(row.id, ()))) is not None
    }
    theirs = np.array([one.share for one in rated.values()], dtype=float)
    places = list(rated)
    return PanelTask(
        task=task,
        members=members,
        num_items=len(shares),
        mean_share=float(shares.mean()),
        num_compared=len(rated),
        spearman=rank_points(shares[places], theirs) if rated else None,
        same_label=share_labels(
            [one.majority for one in rated.values()], [labels[place] for place in places]
        ),
    )
