"""The run file: closed, frozen, all problems reported at once."""

from synth_local.config.run_file import RunConfig, StrategySpec, load_run_file
from synth_local.config.sections import CurateConfig, GenerateConfig, MeasureConfig, TrainConfig
from synth_local.core.section import RuntimeOnly, Section

__all__ = [
    "CurateConfig",
    "GenerateConfig",
    "MeasureConfig",
    "RunConfig",
    "RuntimeOnly",
    "Section",
    "StrategySpec",
    "TrainConfig",
    "load_run_file",
]
