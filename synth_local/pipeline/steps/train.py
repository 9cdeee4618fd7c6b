"""``step train``: train the cells that have no predictions yet, one shard of them.

Cells of one training set and student share tokenised texts. A cell that fails is noted and the
others go on; the step fails at the end. Under several processes (ranks from the environment) every
rank trains and the main one writes.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from synth_local.backends.local import run_job
from synth_local.config import TrainConfig
from synth_local.core.files import read_json, write_json
from synth_local.core.hashing import digest_file
from synth_local.core.signals import StopFlag
from synth_local.core.tables import write_parquet
from synth_local.core.turns import TURN_VARIABLE, take_turn
from synth_local.errors import EXIT_INTERRUPTED, EngineError, Interrupted, SynthLocalError
from synth_local.evaluate.summary import Condition
from synth_local.pipeline.endings import JobFailedError, explain_job
from synth_local.records import Example, Prediction
from synth_local.run.cells import CellPlan, place_cells
from synth_local.run.context import LOG_VARIABLE, Context, log_path
from synth_local.run.models import Models
from synth_local.run.retire import cell_paths
from synth_local.run.splits import RealData
from synth_local.store.corpus import read_accepted
from synth_local.store.markers import ProgressWriter, clear_failure, read_failures, record_failure
from synth_local.store.run_dir import RunDir
from synth_local.store.stale import set_aside
from synth_local.task import Splits, Task
from synth_local.train.cell import CellData, CellResult, Prepared, prepare_student, run_cell
from synth_local.train.launch import count_processes, is_main_process
from synth_local.train.pause import Pause
from synth_local.train.sets.cuts import take_rows
from synth_local.train.sets.sources import SetPlan
from synth_local.train.students import StudentRef

if TYPE_CHECKING:
    from synth_local.train.encoder.tokens import TokenStore

log = logging.getLogger(__name__)


def run_train(context: Context, shard: int, num_shards: int, should_stop: StopFlag) -> None:
    """Train what is missing of one shard of the cells.

    Args:
        shard: from 0.

    Raises:
        EngineError: corpora are not finished, so that their rows are not known; or cells failed.
        Interrupted: a signal asked to stop; finished cells are stored.
    """
    run, state = context.run, context.look()
    if state.open_corpora:
        raise EngineError(
            f"{len(state.open_corpora)} corpora are not finished, so their rows are not known",
            where=run.root,
            fix="run the generate and curate stages first",
        )
    left = {plan.cell.name for plan in state.open_cells}
    places = zip(state.cells, place_cells(state.cells, num_shards), strict=True)
    own = [plan for plan, place in places if place == shard and plan.cell.name in left]
    name = "train" if num_shards == 1 else f"train-{shard:05d}-of-{num_shards:05d}"
    trainer = Trainer(run, context.config.train, context.tasks, context.data, context.models)
    work = _Work(run, trainer, name, len(own), should_stop)
    # first, while this process itself holds no memory of a GPU
    for generator in dict.fromkeys(plan.cell.generator for plan in own if plan.is_classified):
        mine = [plan for plan in own if plan.is_classified and plan.cell.generator == generator]
        work.classify(generator, mine, f"{shard}/{num_shards}")
    for _, group in groupby((plan for plan in own if not plan.is_classified), key=_shared_part):
        work.train(list(group))
    if work.first_failure:
        job, error = work.first_failure
        raise JobFailedError(
            f"{work.num_failed} of {len(own)} cells failed; the first, {job}: {error.what}",
            error.exit_code,
            where=error.where or log_path(run, name),
            fix=(f"{error.fix}\n" if error.fix else "")
            + "see `synth-local status` for each; the same command tries them again",
        )


@dataclass(frozen=True)
class Trainer:
    """Trains single cells of a run."""

    run: RunDir
    settings: TrainConfig
    tasks: Mapping[str, Task]
    data: RealData
    models: Models

    def prepare(self, plan: CellPlan, kept: dict[StudentRef, TokenStore] | None = None) -> Prepared:
        """Return the cell's student with its training set and test set made ready.

        Args:
            kept: texts of the task that the student has tokenised, and are added to.
        """
        task = self.tasks[plan.cell.task]
        splits = self.data.splits(task)
        rows = read_training_rows(self.run, splits, plan.rows, plan.cell.seed)
        data = CellData(rows, splits.test, task.labels, splits.validation)
        name = plan.cell.student
        student = StudentRef(name, self.models.find_student(name))
        return prepare_student(student, data, self.settings, kept)

    def train(self, plan: CellPlan, prepared: Prepared, should_stop: StopFlag) -> None:
        """Train one cell and store student, predictions and, last, the marker."""
        run = self.run
        marker = run.cell_marker(plan.cell)
        stored = read_json(marker)
        if is_main_process() and stored and stored["fingerprint"] != plan.fingerprint:
            set_aside(run, stored["fingerprint"], cell_paths(run, plan.cell.name))
        states = run.checkpoints / plan.cell.name
        seconds = self.settings.checkpoint_minutes * 60
        pause = Pause(states, plan.fingerprint, seconds, should_stop)
        result = run_cell(plan.cell, prepared, plan.steps, run.student(plan.cell), pause)
        if not result.is_main:
            return
        path = run.predictions(plan.cell)
        store_predictions(path, self.tasks[plan.cell.task].labels, result.predictions)
        report = result.report.to_json()
        write_json(
            marker,
            {"fingerprint": plan.fingerprint, "predictions": digest_file(path), "report": report},
        )
        shutil.rmtree(states, ignore_errors=True)
        log.info("%s: %s", plan.cell.name, _describe(result))


@dataclass
class _Work:
    """Trains cells one after the other and notes what became of each."""

    run: RunDir
    trainer: Trainer
    name: str
    total: int
    should_stop: StopFlag
    num_done: int = 0
    num_failed: int = 0
    first_failure: tuple[str, SynthLocalError] | None = None
    _kept_task: str = ""
    _kept: dict[StudentRef, TokenStore] = field(default_factory=dict)

    def train(self, plans: list[CellPlan]) -> None:
        """Train the cells of one training set and student."""
        try:
            prepared = self.trainer.prepare(plans[0], self._keep_tokens(plans[0]))
        except SynthLocalError as error:
            self._fail(plans, error)
            return
        for plan in plans:
            # several processes have to agree on stopping, which they do inside a training
            if self.should_stop() and count_processes() == 1:
                raise Interrupted(
                    f"stopped after {self.num_done} of {self.total} cells; they are stored",
                    fix="call the same command again to go on",
                )
            try:
                self.trainer.train(plan, prepared, self.should_stop)
            except Interrupted:
                raise
            except SynthLocalError as error:
                self._fail([plan], error)
            else:
                self._note_success(plan)

    def _keep_tokens(self, plan: CellPlan) -> dict[StudentRef, TokenStore]:
        """Return what the students of a task have tokenised; that of another task is let go."""
        if plan.cell.task != self._kept_task:
            self._kept_task, self._kept = plan.cell.task, {}
        return self._kept

    def classify(self, generator: str, plans: list[CellPlan], shard: str) -> None:
        """Let a generator classify in a process of its own, which gives its memory back."""
        if count_processes() > 1:
            self._refuse_classifying(plans)
            return
        run = self.run
        log.info("%s: the generator itself is asked, %d cells", generator, len(plans))
        name = f"{self.name}-{generator}"
        path = run.logs / f"{name}.log"
        turn = os.environ.get(TURN_VARIABLE)
        # jobs beside each other load one generator at a time: its memory and its threads
        with take_turn(Path(turn) if turn else None, self.should_stop):
            code = run_job(
                [
                    *("step", "train", "--run", str(run.root)),
                    *("--shard", shard, "--generator", generator),
                ],
                path,
                lambda: None,
                {LOG_VARIABLE: str(path)},
                self.should_stop,
            )
        if code == EXIT_INTERRUPTED:
            raise Interrupted(
                f"stopped while {generator} was asked for labels",
                fix="call the same command again to go on",
            )
        if code:
            # the child has noted why; a child that was killed has not
            number, _, num_shards = shard.partition("/")
            suffix = f"-{int(number):05d}-of-{int(num_shards):05d}" if num_shards != "1" else ""
            job = f"train-{generator}{suffix}"
            error = explain_job(run, job, code, path)
            log.error("%s: %s", name, error.what)
            if all(failure.job != job for failure in read_failures(run)):
                record_failure(run, "train", job, error, str(path))
            self._note_failure(plans, generator, error)
        self.num_done += 0 if code else len(plans)

    def _refuse_classifying(self, plans: list[CellPlan]) -> None:
        """Note that several processes cannot classify; they go on with training all the same."""
        error = EngineError(
            "a generator classifies in one process, and several were started",
            where=plans[0].cell.name,
            fix=f"synth-local step train --run {self.run.root} "
            f"--generator {plans[0].cell.generator}",
        )
        self._note_failure(plans, plans[0].cell.generator, error)
        if is_main_process():
            log.error("%s", error)
            path = str(log_path(self.run, self.name))
            job = f"train-{plans[0].cell.generator}"
            record_failure(self.run, "train", job, error, path)

    def _note_success(self, plan: CellPlan) -> None:
        self.num_done += 1
        if is_main_process():
            run = self.run
            clear_failure(run, f"train-{plan.cell.name}")
            progress = ProgressWriter(run, self.name, self.total)
            progress.update(self.num_done, plan.cell.name, force=True)

    def _note_failure(self, plans: Sequence[CellPlan], job: str, error: SynthLocalError) -> None:
        self.num_failed += len(plans)
        self.first_failure = self.first_failure or (job, error)

    def _fail(self, plans: Sequence[CellPlan], error: SynthLocalError) -> None:
        self._note_failure(plans, plans[0].cell.name, error)
        for plan in plans:
            log.error("%s: %s", plan.cell.name, error)
            if is_main_process():
                job = f"train-{plan.cell.name}"
                path = log_path(self.run, self.name)
                record_failure(self.run, "train", job, error, str(path))
        if count_processes() > 1:
            raise error  # the others wait for this process: the step has to end as a whole


def read_training_rows(
    run: RunDir, splits: Splits, rows: SetPlan, seed: int
) -> tuple[Example, ...]:
    """Return the texts that a seed trains on: the set's real part, then its synthetic part."""
    real = splits.pool if rows.source.startswith("pool") else splits.train
    parts = take_rows(real, rows.real, seed)
    if rows.corpus:
        parts += take_rows(read_accepted(run.corpus(rows.corpus)), rows.synthetic, seed)
    return parts


def store_predictions(path: Path, labels: Sequence[str], predictions: Sequence[Prediction]) -> None:
    """Write a cell's predictions: id, gold, predicted and a probability per label."""
    columns = [("id", pa.string()), ("gold", pa.string()), ("predicted", pa.string())]
    columns += [(f"p:{label}", pa.float64()) for label in labels]
    rows = [
        {
            "id": prediction.id,
            "gold": prediction.gold,
            "predicted": prediction.predicted,
            **{f"p:{label}": p for label, p in zip(labels, prediction.probabilities, strict=True)},
        }
        for prediction in predictions
    ]
    write_parquet(path, rows, pa.schema(columns))


def _shared_part(plan: CellPlan) -> str:
    """Return what the cells have in common that train on the same rows."""
    return plan.cell.name if plan.rows.is_cut else Condition.of(plan.cell).name


def _describe(result: CellResult) -> str:
    report = result.report
    return (
        f"{report.steps} steps, {report.seconds:.1f} s, {report.rows_per_second:.0f} rows/s, "
        f"loss {report.final_loss:.4f}"
    )
