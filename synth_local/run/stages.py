"""The stages, in order: the pipeline's words, as data.

What a stage *does* stands where it is done: as a job in ``pipeline/step.py``, as a part of ``run``
in ``pipeline/run_local.py``, on a cluster in ``pipeline/slurm/job_plan.py``. A test holds these
tables to this one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the pipeline.

    Attributes:
        is_per_generator: one generator's part of it can be done alone.
        reads_results: needs what other stages stored, and neither models nor engines.
    """

    name: str
    is_per_generator: bool = False
    reads_results: bool = False


_TABLE = (
    Stage("generate", is_per_generator=True),
    Stage("curate", is_per_generator=True),
    Stage("measure", is_per_generator=True),
    Stage("train", is_per_generator=True),
    Stage("evaluate", reads_results=True),
    Stage("analyze", reads_results=True),
    Stage("report", reads_results=True),
)
STAGES = tuple(stage.name for stage in _TABLE)
PER_GENERATOR = tuple(stage.name for stage in _TABLE if stage.is_per_generator)
READ_RESULTS = frozenset(stage.name for stage in _TABLE if stage.reads_results)
# ``prepare`` is no stage of the pipeline: it does once what all jobs of a submission need
PREPARE = "prepare"
STEPS = (*STAGES, PREPARE)
