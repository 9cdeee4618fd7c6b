"""What a control found: how often an interval held the truth, or a test raised a false alarm."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Kind = Literal["covers", "alarms", "not claimed"]


@dataclass(frozen=True)
class Control:
    """One figure from simulated tables whose truth is known.

    Attributes:
        quantity: what the tool prints, or does not.
        design: of the simulation.
        kind: ``covers`` for an interval and its truth, ``alarms`` for a p value where there is
            nothing to find, ``not claimed`` for what the tool leaves out or says it does not cover.
        stated: level that the tool states, or that one would read into what it leaves out.
        found: share of the draws, in [0, 1].
        num: draws.
        note: what a figure that is not claimed is there for.
    """

    quantity: str
    design: str
    kind: Kind
    stated: float
    found: float
    num: int
    note: str = ""

    @property
    def error(self) -> float:
        """Return the binomial standard error of ``found``."""
        return math.sqrt(self.found * (1 - self.found) / self.num)

    @property
    def bound(self) -> float:
        """Return three standard errors of a share that is as stated."""
        return 3 * math.sqrt(self.stated * (1 - self.stated) / self.num)

    @property
    def is_exact(self) -> bool:
        """Return whether the figure is as stated, up to three standard errors."""
        return abs(self.found - self.stated) <= self.bound

    @property
    def is_safe(self) -> bool:
        """Return whether the figure is as stated or errs on the careful side."""
        too_far = self.stated - self.found if self.kind == "covers" else self.found - self.stated
        return too_far <= self.bound

    @property
    def verdict(self) -> str:
        """Return what the figure says."""
        if self.kind == "not claimed":
            return self.note
        if self.is_exact:
            return "holds"
        if self.is_safe:
            return "holds, careful"
        return "**not held**"
