"""What a score is worth: what the test items give to somebody who has learnt nothing.

Computed from the gold labels alone: nothing is trained. Knows nothing of students.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from synth_local.core.stats import LabelTable, accuracy_of, macro_f1_of, score_seeds
from synth_local.evaluate.groups import Group
from synth_local.evaluate.summary import Floor


def find_floors(groups: Iterable[Group]) -> tuple[Floor, ...]:
    """Return the floor of each task, in the order of the groups."""
    by_task = {group.condition.task: group for group in reversed(list(groups))}
    return tuple(_measure(task, one) for task, one in reversed(by_task.items()))


def _measure(task: str, group: Group) -> Floor:
    gold, counts = group.table.gold, group.table.num_gold
    present = np.flatnonzero(counts)
    commonest, rarest = int(counts.argmax()), int(present[counts[present].argmin()])
    always = LabelTable(gold, np.full((1, len(gold)), commonest), len(group.labels))
    return Floor(
        task=task,
        label=group.labels[commonest],
        num_items=len(gold),
        macro_f1=float(score_seeds(always, macro_f1_of)[0]),
        accuracy=float(score_seeds(always, accuracy_of)[0]),
        # guessing each label as often as it is gold finds each with its own share: F1 is the share
        guessing=1 / len(present),
        rarest_label=group.labels[rarest],
        num_rarest=int(counts[rarest]),
    )
