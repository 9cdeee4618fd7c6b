"""How many optimiser steps a cell takes. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable

from synth_local.config import TrainConfig


def count_steps(num_train: int, all_num_train: Iterable[int], settings: TrainConfig) -> int:
    """Return the optimiser steps of one cell.

    An epoch is ``ceil(rows / batch)`` steps: its last batch may be smaller. With ``budget: steps``
    every cell takes those of the largest source, so that a small source is seen more often instead
    of being trained less.

    Args:
        num_train: rows of the cell's own training set, at least 1.
        all_num_train: rows of every training set of the task.
        settings: batch, epochs and budget.

    Returns:
        At least 1.
    """
    rows = num_train if settings.budget == "epochs" else max((num_train, *all_num_train))
    return -(-rows // settings.batch) * settings.epochs
