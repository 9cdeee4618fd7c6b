"""How many optimiser steps a cell takes, and how often it sees its rows. Pure arithmetic."""

from __future__ import annotations

from synth_local.config import TrainConfig


def count_steps(num_train: int, settings: TrainConfig) -> int:
    """Return the optimiser steps of one cell, from its own rows alone.

    An epoch is ``ceil(rows / batch)`` steps: its last batch may be smaller. A small set is seen
    more often, up to ``min_steps``.

    Args:
        num_train: rows of the cell's training set, at least 1.

    Returns:
        At least 1.
    """
    return max(settings.min_steps, settings.epochs * _count_batches(num_train, settings))


def count_passes(num_train: int, settings: TrainConfig) -> float:
    """Return how often each training row is seen on average, at least ``settings.epochs``."""
    return count_steps(num_train, settings) / _count_batches(num_train, settings)


def _count_batches(num_train: int, settings: TrainConfig) -> int:
    return -(-num_train // settings.batch)
