"""The run file: closed, frozen, all problems reported at once."""

from synth_local.config.run_file import RunConfig, load_run_file
from synth_local.config.sections import (
    AnalyzeConfig,
    CurateConfig,
    GenerateConfig,
    MeasureConfig,
    TrainConfig,
)
from synth_local.config.site import SiteConfig, StageSite, StagesSite
from synth_local.config.site_file import load_site_file
from synth_local.config.strategies import StrategySpec
from synth_local.core.section import RuntimeOnly, Section

__all__ = [
    "AnalyzeConfig",
    "CurateConfig",
    "GenerateConfig",
    "MeasureConfig",
    "RunConfig",
    "RuntimeOnly",
    "Section",
    "SiteConfig",
    "StageSite",
    "StagesSite",
    "StrategySpec",
    "TrainConfig",
    "load_run_file",
    "load_site_file",
]
