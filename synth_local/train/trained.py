"""What every kind of student gives back after training, and what is asked of one before it.

The seam between ``cell`` and the kinds of students: data and a Protocol, nothing heavy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from synth_local.train.pause import Pause


@dataclass(frozen=True, slots=True)
class TrainedStudent:
    """One trained student, still in memory.

    Attributes:
        probabilities: (test texts, labels), rows sum to 1.
        steps: optimiser steps; iterations of the solver for ``tfidf-logreg``.
        final_loss: cross-entropy in nats: over the last tenth of the steps, or over all training
            rows for ``tfidf-logreg``.
        final_accuracy: share of training rows that it got right, in [0, 1]: in passing over the
            last tenth of the steps with dropout on, or of all rows for students that are solved.
        num_rows: training rows that went through, repeats counted.
        is_main: whether this process is the one that writes.
        dtype: that forward passes were computed in.
        device: ``cpu`` or ``cuda``.
        versions: of the libraries behind it.
        usage: how to load the saved folder, as Markdown.
        save: writes the student into an empty folder.
        wait: returns when every process has come this far.
    """

    probabilities: npt.NDArray[np.float64]
    steps: int
    final_loss: float
    final_accuracy: float
    num_rows: int
    seconds: float
    num_processes: int
    is_main: bool
    dtype: str
    device: str
    versions: Mapping[str, str]
    usage: str
    save: Callable[[Path], None]
    wait: Callable[[], None]


class PreparedStudent(Protocol):
    """A student with its texts made ready; trained once per seed."""

    def train(self, seed: int, steps: int, pause: Pause | None = None) -> TrainedStudent:
        """Return the student after training.

        Args:
            seed: in [0, 2**63), of everything random.
            pause: when to store the state and where; ``None`` never does.
        """
        ...
