"""``step train --generator NAME``: a generator itself says the labels of the test texts.

One process serves one generator, as in generation. Cells of one fingerprint are one question: it is
asked once and stored for each. A cell is stored whole; a kill costs the question under way.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from synth_local.core.files import read_json, write_json
from synth_local.core.hashing import derive_seed, digest_file
from synth_local.core.signals import StopFlag
from synth_local.engines.choose import open_engine
from synth_local.errors import Interrupted
from synth_local.generate.classify import Classifier, draw_exemplars
from synth_local.pipeline.steps.evaluate.step import read_predictions
from synth_local.pipeline.steps.train import store_predictions
from synth_local.records import Cell, Example, Prediction
from synth_local.run.cells import CellPlan, place_cells
from synth_local.run.context import Context
from synth_local.run.retire import cell_paths
from synth_local.store.markers import ProgressWriter
from synth_local.store.run_dir import RunDir
from synth_local.store.stale import set_aside
from synth_local.task import Task

log = logging.getLogger(__name__)
BATCH_TEXTS = 128


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a question came to, and figures about it for the cell's marker."""

    predictions: Sequence[Prediction]
    report: dict[str, Any]


def run_classify(
    context: Context, generator: str, shard: int, num_shards: int, should_stop: StopFlag
) -> None:
    """Ask one generator for the labels of the test texts, as far as its cells lack predictions.

    Args:
        shard: from 0.
        num_shards: shards of all cells of the run.

    Raises:
        EngineError: the engine failed, or the question does not fit into the context.
        Interrupted: a signal asked to stop; finished cells are stored.
    """
    run, tasks, state = context.run, context.tasks, context.look()
    left = {plan.cell.name for plan in state.open_cells}
    known = {
        plan.fingerprint: plan
        for plan in state.cells
        if plan.is_classified and plan.cell.name not in left
    }
    questions: dict[str, list[CellPlan]] = {}
    for plan, place in zip(state.cells, place_cells(state.cells, num_shards), strict=True):
        is_mine = plan.is_classified and plan.cell.generator == generator and place == shard
        if is_mine and plan.cell.name in left:
            questions.setdefault(plan.fingerprint, []).append(plan)
    for fingerprint in questions.keys() & known.keys():
        answer = _read_answer(run, tasks, known[fingerprint])
        _store(run, tasks, questions.pop(fingerprint), answer)
    if not questions:
        return
    model, settings = context.models.generators[generator], context.config.generate
    engine = open_engine(model.engine, model.folder, model.card, settings, settings.dtype)
    try:
        for plans in questions.values():
            cell = plans[0].cell
            splits = context.data.splits(tasks[cell.task])
            shots = context.corpora.strategies[cell.strategy].shots
            exemplars = draw_exemplars(splits.pool, shots, derive_seed(cell.seed, cell.task))
            classifier = Classifier(engine, context.sources.prompts[cell.task], exemplars)
            progress = ProgressWriter(run, f"train-{generator}", len(splits.test))
            labels = tasks[cell.task].labels
            answer = _ask(classifier, cell, splits.test, labels, progress, should_stop)
            _store(run, tasks, plans, answer)
    finally:
        engine.close()


def _ask(
    classifier: Classifier,
    cell: Cell,
    test: Sequence[Example],
    labels: Sequence[str],
    progress: ProgressWriter,
    should_stop: StopFlag,
) -> _Answer:
    """Return what the generator says of all test texts of a task."""
    predictions: list[Prediction] = []
    num_cut = num_tokens = 0
    started = time.monotonic()
    for start in range(0, len(test), BATCH_TEXTS):
        if should_stop():
            raise Interrupted(
                f"stopped after {start} of {len(test)} texts of {cell.name}",
                fix="call the same command again: this cell starts anew",
            )
        rows = test[start : start + BATCH_TEXTS]
        said = classifier.classify([row.text for row in rows])
        num_cut += said.num_cut
        num_tokens += said.num_tokens
        for row, shares in zip(rows, said.probabilities, strict=True):
            label = labels[int(shares.argmax())]
            predictions.append(Prediction(row.id, row.label, label, tuple(map(float, shares))))
        progress.update(len(predictions), cell.name)
    progress.update(len(predictions), cell.name, force=True)
    num_left_out = len(classifier.drawn) - len(classifier.exemplars)
    info = classifier.engine.info
    report = {
        "seconds": time.monotonic() - started,
        "dtype": info.dtype,
        "device": info.device,
        "engine": asdict(info),
        "num_tokens": num_tokens,
        "num_texts_cut": num_cut,
        "num_exemplars": len(classifier.exemplars),
        "num_exemplars_left_out": num_left_out,
    }
    log.info("%s: %d texts, %d tokens", cell.name, len(predictions), num_tokens)
    if num_cut or num_left_out:
        log.warning(
            "%s: %d texts were cut at their end and %d exemplars left out to fit into %d tokens",
            *(cell.name, num_cut, num_left_out, info.context_length),
        )
    return _Answer(predictions, report)


def _read_answer(run: RunDir, tasks: Mapping[str, Task], plan: CellPlan) -> _Answer:
    """Return what is stored of a cell with the same question."""
    predictions = read_predictions(run.predictions(plan.cell), tasks[plan.cell.task].labels)
    stored = read_json(run.cell_marker(plan.cell)) or {}
    return _Answer(predictions, {**stored.get("report", {}), "seconds": 0.0})


def _store(
    run: RunDir, tasks: Mapping[str, Task], plans: Sequence[CellPlan], answer: _Answer
) -> None:
    """Write predictions and, last, the marker of each cell; the first has taken the time."""
    report = answer.report
    for plan in plans:
        marker = run.cell_marker(plan.cell)
        stored = read_json(marker)
        if stored and stored["fingerprint"] != plan.fingerprint:
            set_aside(run, stored["fingerprint"], cell_paths(run, plan.cell.name))
        path = run.predictions(plan.cell)
        store_predictions(path, tasks[plan.cell.task].labels, answer.predictions)
        digest = digest_file(path)
        value = {"fingerprint": plan.fingerprint, "predictions": digest, "report": report}
        write_json(marker, value)
        report = {**report, "seconds": 0.0}
