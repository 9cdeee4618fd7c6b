"""The stages, in order: the pipeline's words, as data."""

from __future__ import annotations

STAGES = ("generate", "curate", "measure", "train", "evaluate", "analyze", "report")
# ``prepare`` is no stage of the pipeline: it does once what all jobs of a submission need
PREPARE = "prepare"
STEPS = (*STAGES, PREPARE)
