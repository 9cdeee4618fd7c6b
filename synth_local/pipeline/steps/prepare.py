"""``step prepare``: what the jobs of a submission need once, done in the first of them.

Weights are hashed here and nowhere else, so that neither a login node nor every array task reads
them; outputs of another run file are moved aside before any job writes.
"""

from __future__ import annotations

import logging

from synth_local.run.context import Context
from synth_local.run.keep_record import keep_record
from synth_local.run.not_here import find_blocking
from synth_local.run.retire import retire
from synth_local.run.stages import STAGES

log = logging.getLogger(__name__)


def run_prepare(context: Context) -> None:
    """Hash the weights, note what the run is made from, move aside what is stale.

    Raises:
        MachineError: weights are missing.
        DataError: the data are wrong.
    """
    models = context.models
    for name, generator in models.generators.items():
        log.info("generator %s: %s", name, models.digest(generator).total)
    for name, student in models.students.items():
        log.info("student %s: %s", name, models.digest(student).total if student else "built in")
    if models.embedder is not None:
        log.info("embedder: %s", models.digest(models.embedder).total)
    for task in context.tasks.values():
        facts = context.data.facts(task)
        log.info("task %s: %d rows to train on", task.name, sum(facts.train.values()))
    for key, file in context.sources.brought.files.items():
        log.info("corpus brought along %s: %s", key, file.digest)
    for lost in find_blocking(context.look(), STAGES):
        raise lost.error
    retire(context.look, log.info)
    keep_record(context.sources, context.data, context.human_files)
