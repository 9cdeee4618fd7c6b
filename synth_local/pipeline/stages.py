"""The stages, in order: the pipeline's words, as data."""

from __future__ import annotations

STAGES = ("generate", "curate", "measure", "train", "evaluate", "report")
