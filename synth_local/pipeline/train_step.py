"""``step train``: train the cells that have no predictions yet, one shard of them.

Cells of one training set and student share tokenised texts. A cell that fails is noted and the
others go on; the step fails at the end. Under several processes (ranks from the environment) every
rank trains and the main one writes.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import groupby

import pyarrow as pa

from synth_local.core.files import read_json, write_json
from synth_local.core.hashing import digest_file
from synth_local.core.signals import StopFlag
from synth_local.core.tables import write_parquet
from synth_local.errors import EngineError, Interrupted, SynthLocalError
from synth_local.pipeline.cells import CellPlan
from synth_local.pipeline.context import Context
from synth_local.pipeline.retire import cell_paths
from synth_local.pipeline.splits import real_splits
from synth_local.pipeline.state import State
from synth_local.records import Example, Prediction
from synth_local.store.corpus import read_accepted
from synth_local.store.markers import ProgressWriter, clear_failure, record_failure
from synth_local.store.stale import set_aside
from synth_local.train.cell import CellData, CellResult, Prepared, prepare_student, run_cell
from synth_local.train.sources import SetPlan, take_rows
from synth_local.train.students import StudentRef

log = logging.getLogger(__name__)


def run_train(context: Context, shard: int, num_shards: int, should_stop: StopFlag) -> None:
    """Train what is missing of one shard of the cells.

    Args:
        context: the opened run.
        shard: from 0.
        num_shards: shards of the whole.
        should_stop: asked between units of work.

    Raises:
        EngineError: corpora are not finished, so the budget is not known; or cells failed.
        Interrupted: a signal asked to stop; finished cells are stored.
    """
    state = State(context)
    if state.open_corpora:
        raise EngineError(
            f"{len(state.open_corpora)} corpora are not finished, so the largest source is unknown",
            where=context.run.root,
            fix="run the generate and curate stages first",
        )
    left = {plan.cell.name for plan in state.open_cells}
    own = [plan for plan in state.cells[shard::num_shards] if plan.cell.name in left]
    name = "train" if num_shards == 1 else f"train-{shard:05d}-of-{num_shards:05d}"
    progress = ProgressWriter(context.run, name, len(own))
    done, failed = 0, 0
    for _, group in groupby(own, key=_shared_part):
        plans = list(group)
        try:
            prepared = prepare(context, plans[0])
            for plan in plans:
                if should_stop():
                    raise Interrupted(
                        f"stopped after {done} of {len(own)} cells; they are stored",
                        fix="call the same command again to go on",
                    )
                train_one(context, plan, prepared)
                clear_failure(context.run, f"train-{plan.cell.name}")
                done += 1
                progress.update(done, plan.cell.name, force=True)
        except Interrupted:
            raise
        except SynthLocalError as error:
            failed += len(plans)
            _note_failure(context, plans, name, error)
    if failed:
        raise EngineError(
            f"{failed} of {len(own)} cells failed",
            where=context.run.logs / f"{name}.log",
            fix="see `synth-local status` for each; the same command tries them again",
        )


def prepare(context: Context, plan: CellPlan) -> Prepared:
    """Return the cell's student with its training set and test set made ready."""
    task = context.tasks[plan.cell.task]
    splits = real_splits(context, task)
    data = CellData(training_rows(context, plan.rows, task.name), splits.test, task.labels)
    name = plan.cell.student
    return prepare_student(
        StudentRef(name, context.student_folder(name)), data, context.config.train
    )


def training_rows(context: Context, rows: SetPlan, task: str) -> tuple[Example, ...]:
    """Return the texts of a training set: its real part, then its synthetic part."""
    splits = real_splits(context, context.tasks[task])
    real = splits.pool if rows.source.startswith("pool") else splits.train
    parts = take_rows(real, rows.real)
    if rows.corpus:
        parts += take_rows(read_accepted(context.run.corpus(rows.corpus)), rows.synthetic)
    return parts


def train_one(context: Context, plan: CellPlan, prepared: Prepared) -> None:
    """Train one cell and store student, predictions and, last, the marker."""
    run = context.run
    marker = run.cell_marker(plan.cell)
    stored = read_json(marker)
    if stored and stored["fingerprint"] != plan.fingerprint:
        set_aside(run, stored["fingerprint"], cell_paths(run, plan.cell.name))
    result = run_cell(plan.cell, prepared, plan.steps, run.student(plan.cell))
    if not result.is_main:
        return
    path = run.predictions(plan.cell)
    store_predictions(context, plan, result.predictions)
    report = result.report.to_json()
    write_json(
        marker,
        {"fingerprint": plan.fingerprint, "predictions": digest_file(path), "report": report},
    )
    log.info("%s: %s", plan.cell.name, _describe(result))


def store_predictions(context: Context, plan: CellPlan, predictions: Sequence[Prediction]) -> None:
    """Write a cell's predictions: id, gold, predicted and a probability per label."""
    labels = context.tasks[plan.cell.task].labels
    columns = [("id", pa.string()), ("gold", pa.string()), ("predicted", pa.string())]
    columns += [(f"p:{label}", pa.float64()) for label in labels]
    rows = [
        {
            "id": one.id,
            "gold": one.gold,
            "predicted": one.predicted,
            **{f"p:{label}": p for label, p in zip(labels, one.probabilities, strict=True)},
        }
        for one in predictions
    ]
    write_parquet(context.run.predictions(plan.cell), rows, pa.schema(columns))


def _shared_part(plan: CellPlan) -> tuple[str, str, str]:
    return (plan.cell.task, plan.cell.student, plan.cell.name.rpartition("__")[0])


def _note_failure(
    context: Context, plans: Sequence[CellPlan], job: str, error: SynthLocalError
) -> None:
    for plan in plans:
        log.error("%s: %s", plan.cell.name, error)
        record_failure(
            context.run,
            "train",
            f"train-{plan.cell.name}",
            error,
            str(context.run.logs / f"{job}.log"),
        )


def _describe(result: CellResult) -> str:
    report = result.report
    return (
        f"{report.steps} steps, {report.seconds:.1f} s, {report.rows_per_second:.0f} rows/s, "
        f"loss {report.final_loss:.4f}"
    )
