"""What a step is given, and how it hands over figures."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SAFETY = 0.8  # share of its time after which a step begins no further round


class Skipped(Exception):  # noqa: N818 - no error
    """The step makes no sense on this machine; the message says why."""


@dataclass(frozen=True)
class Context:
    """What a step knows of its surroundings.

    Attributes:
        name: of the step.
        shape: ``full`` or ``tiny``.
        scratch: folder that steps share.
        result: file of the figures.
        seconds: after which the step is ended.
        figures: what was measured so far.
    """

    name: str
    shape: str
    scratch: Path
    result: Path
    seconds: float
    figures: dict[str, Any] = field(default_factory=dict)
    start: float = field(default_factory=time.monotonic)

    @property
    def is_tiny(self) -> bool:
        """Whether this is a try-out."""
        return self.shape == "tiny"

    @property
    def has_time(self) -> bool:
        """Whether another round may begin."""
        return time.monotonic() - self.start < SAFETY * self.seconds

    def save(self, **figures: Any) -> None:
        """Keep figures, so that they are there even where the step does not end."""
        self.figures.update(figures)
        unfinished = self.result.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(self.figures, indent=1), encoding="utf-8")
        unfinished.replace(self.result)
        print(json.dumps(figures), flush=True)


def has_cuda() -> bool:
    """Return whether PyTorch sees a GPU."""
    import torch  # noqa: PLC0415 - heavy

    return torch.cuda.is_available()


def require_cuda() -> None:
    """Leave the step where there is no GPU."""
    if not has_cuda():
        raise Skipped("there is no GPU here")
