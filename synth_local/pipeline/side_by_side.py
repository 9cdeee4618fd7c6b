"""How many trainings run beside each other on this machine, and how they are cut into jobs.

On a GPU one after the other. On CPUs a small student hardly gains from a second thread, so each
training has one, and as many run as there are processors: the same jobs as on a cluster.
"""

from __future__ import annotations

from collections.abc import Sequence

from synth_local.core.capacity import count_cores, find_free_memory
from synth_local.engines.choose import has_gpu
from synth_local.run.cells import CellPlan, place_cells
from synth_local.run.models import Models
from synth_local.train.students import DETERMINISTIC

_LIBRARIES_BYTES = 2**30  # of one process: torch, transformers, texts, activations
_COPIES = 4  # of the weights: themselves, their gradients, two moments of AdamW


def count_trainings(models: Models, left: Sequence[CellPlan]) -> int:
    """Return how many jobs train beside each other here.

    Args:
        left: the cells that are to be trained.

    Returns:
        At least 1. Students that are solved take less time than another process takes to start,
        so only the others ask for one.
    """
    stepped = [plan for plan in left if _is_stepped(plan)]
    if has_gpu() or not stepped:
        return 1
    most = min(count_cores(), len(stepped))
    free = find_free_memory()
    if free is not None:
        largest = max(_estimate_memory(models, plan) for plan in stepped)
        most = min(most, free // largest)
    return max(1, most)


def cut_into_shards(
    plans: Sequence[CellPlan], left: Sequence[CellPlan], num_shards: int
) -> dict[int, int]:
    """Return the cells that are left in each shard that has some.

    Args:
        plans: all cells of the run, as every job of it places them.

    Returns:
        Counts above 0 by shard, in order.
    """
    names = {plan.cell.name for plan in left}
    counts = dict.fromkeys(range(num_shards), 0)
    for plan, shard in zip(plans, place_cells(plans, num_shards), strict=True):
        counts[shard] += plan.cell.name in names
    return {shard: count for shard, count in counts.items() if count}


def _is_stepped(plan: CellPlan) -> bool:
    return not plan.is_classified and plan.cell.student not in DETERMINISTIC


def _estimate_memory(models: Models, plan: CellPlan) -> int:
    """Return bytes that one training may need, by the weights on disk."""
    folder = models.find_student(plan.cell.student)
    weights = sum(path.stat().st_size for path in folder.glob("*.safetensors")) if folder else 0
    return _LIBRARIES_BYTES + _COPIES * weights
