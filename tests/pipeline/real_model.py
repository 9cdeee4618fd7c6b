"""A real miniature generator of the small run's task, and runs that use it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synth_local.commands.tiny_model import TinyOrder, make_tiny
from tests.pipeline.conftest import SmallRun, make_small_run

PER_LABEL = 60


@dataclass(frozen=True)
class RealModel:
    """A miniature generator of the weather task."""

    folder: Path

    def make_run(self, folder: Path) -> SmallRun:
        """Return a small run that uses it."""
        small = make_small_run(folder)
        (small.folder / "models" / "tiny-weather").symlink_to(self.folder)
        small.change(
            generators=["tiny-weather"],
            per_label=PER_LABEL,
            generate={"chain_length": 3, "shots": 2, "max_tokens": 32},
            curate={"near_duplicates": 1.0, "max_rounds": 2},
        )
        return small


def make_real_model(folder: Path) -> RealModel:
    """Train the generator, which takes half a minute."""
    small = make_small_run(folder / "task")
    out = folder / "tiny-weather"
    order = TinyOrder((small.folder / "weather.yaml",), out, None, 150_000, "xs", 0, "train")
    list(make_tiny(order, lambda _: None))
    return RealModel(out)
