"""Trainings that did not learn: recognised before anything is compared, and never left out.

Three signs, each enough: the training did not learn its own rows; it calls all test items the
same; or its score lies far below that of its siblings, the other seeds of its condition. None of
them looks at which side of a comparison would gain.

Knows nothing of files or of what is compared with what.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from synth_local.core.stats import FloatArray, LabelTable, macro_f1_of, score_seeds
from synth_local.evaluate.groups import Group, Learnt
from synth_local.evaluate.summary import FailedTraining

#: A loss at the end of at least so much of the loss of guessing is no better than guessing.
LOSS_OF_GUESSING = 0.98
#: The least share of the rows beyond the commonest label that a training has to get right.
LEAST_LIFT = 0.05
#: A score so far below its siblings', in macro-F1, is not chance ...
FAR_BELOW = 0.10
#: ... where it is also this many times the usual standard deviation between seeds.
NUM_SPREADS = 4.0
#: Standard deviations of a normal distribution per median distance to its middle.
OF_NORMAL = 1.4826


def find_failed(groups: Sequence[Group]) -> tuple[FailedTraining, ...]:
    """Return the trainings that did not learn.

    A student that draws no random numbers does not fail by chance, and one that reads nothing has
    nothing to learn: neither is looked at. Nor is a cell in which nothing was trained.

    Args:
        groups: the conditions of a run, of any number of tasks and students.

    Returns:
        One record per training, with the first sign that it was recognised by.
    """
    trained = [group for group in groups if not (group.is_deterministic or group.is_floor)]
    usual = _measure_usual_spread(trained)
    found = []
    for group in trained:
        scores = score_seeds(group.table, macro_f1_of)
        spread = usual.get((group.condition.task, group.condition.student), 0.0)
        for place, seed in enumerate(group.seeds):
            reasons = _list_signs(group, place, scores, spread)
            reason = next(reasons, "")
            if reason:
                found.append(FailedTraining(group.condition, seed, reason))
    return tuple(found)


def explain_unlearnt(learnt: Learnt) -> str:
    """Return why a training did not learn its own rows, or nothing where it did."""
    if learnt.final_loss >= LOSS_OF_GUESSING * learnt.guess_loss > 0:
        return (
            f"its loss ends at {learnt.final_loss:.3f}, guessing gives {learnt.guess_loss:.3f}: "
            "its own training rows were not learnt"
        )
    lift = learnt.final_accuracy - learnt.majority_share
    if lift < LEAST_LIFT * (1 - learnt.majority_share):
        return (
            f"it gets {learnt.final_accuracy:.0%} of its own training rows right, and "
            f"{learnt.majority_share:.0%} have the commonest label"
        )
    return ""


def _list_signs(group: Group, place: int, scores: FloatArray, spread: float) -> Iterator[str]:
    learnt = group.learnt[place] if group.learnt else None
    if learnt is not None:
        yield explain_unlearnt(learnt)
    label = find_only_label(group.table, place)
    if label is not None:
        yield f"it calls all test items {group.labels[label]}"
    others = np.delete(scores, place)
    if len(others):
        below = float(np.median(others) - scores[place])
        if below > max(FAR_BELOW, NUM_SPREADS * spread):
            yield (
                f"its macro-F1 is {scores[place]:.3f}, that of its siblings "
                f"{np.median(others):.3f} in the middle"
            )


def find_only_label(table: LabelTable, place: int) -> int | None:
    """Return the label number that one seed gives to all items, where these have several."""
    said = table.predicted[place]
    is_one = bool((said == said[0]).all()) and int((table.num_gold > 0).sum()) > 1
    return int(said[0]) if is_one else None


def _measure_usual_spread(groups: Sequence[Group]) -> dict[tuple[str, str], float]:
    """Return, by task and student, the usual spread between seeds, as a standard deviation.

    Of each condition with three seeds or more the median distance to the middle, and of these the
    median over conditions: a few failed trainings would make failing look usual.
    """
    found: dict[tuple[str, str], list[float]] = {}
    for group in groups:
        scores = score_seeds(group.table, macro_f1_of)
        if len(scores) > 2:
            apart = float(np.median(np.abs(scores - np.median(scores))))
            key = (group.condition.task, group.condition.student)
            found.setdefault(key, []).append(OF_NORMAL * apart)
    return {key: float(np.median(values)) for key, values in found.items()}
