"""``step evaluate``: scores, intervals and comparisons from stored predictions; nothing else."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from synth_local.core.files import read_json, write_json, write_text
from synth_local.core.hashing import digest_file
from synth_local.core.tables import read_parquet
from synth_local.errors import EngineError
from synth_local.evaluate.compare import summarise
from synth_local.evaluate.groups import CellPredictions, Learnt
from synth_local.evaluate.summary import Summary
from synth_local.evaluate.verdicts.rules import judge_run
from synth_local.evaluate.verdicts.verdict import Verdict
from synth_local.pipeline.endings import find_train_failures, repeat_failure
from synth_local.pipeline.steps.evaluate.asked_pairs import pair_asked
from synth_local.pipeline.steps.evaluate.corpus_repeats import find_repeats, pair_repeats
from synth_local.pipeline.steps.evaluate.learning_curves import find_cuts
from synth_local.pipeline.steps.evaluate.origins import find_origins
from synth_local.records import Prediction, Result
from synth_local.run.cells import CellPlan
from synth_local.run.context import Context
from synth_local.run.state import State
from synth_local.store.results import format_results
from synth_local.store.run_dir import RunDir
from synth_local.task import Task
from synth_local.train.sets.tags import NONE
from synth_local.train.students import BASELINE_STUDENTS, DETERMINISTIC

log = logging.getLogger(__name__)
SHOWN_FAILURES = 5


def run_evaluate(context: Context) -> None:
    """Score every cell that has predictions, and write results.csv and the summary.

    Raises:
        EngineError: no cell has predictions; with the first cause where trainings failed.
    """
    run, strategies, state = context.run, context.corpora.strategies, context.look()
    cells = load_cells(state)
    if state.cells and not cells:
        raise _explain_nothing(run, state.cells)
    listed = {*context.config.sources, NONE}
    results = [
        score
        for cell in cells
        for source in cell.serves
        if source in listed or source == cell.cell.source
        for score in score_cell(cell, source)
    ]
    write_text(run.results, format_results(results))
    repeats = pair_repeats(strategies, state.cells)
    asked = pair_asked(strategies, state.trained_cells)
    summary = summarise(cells, repeats=repeats, asked=asked) if cells else None
    verdicts = judge(state, summary) if summary else ()
    write_json(run.verdicts, [verdict.to_json() for verdict in verdicts])
    write_json(
        run.summary,
        {
            "fingerprint": state.evaluate_fingerprint,
            "results": digest_file(run.results),
            "verdicts": digest_file(run.verdicts),
            "summary": asdict(summary) if summary else None,
        },
    )
    log.info("%d cells scored, %d without predictions", len(cells), len(state.open_cells))


def _explain_nothing(run: RunDir, plans: Sequence[CellPlan]) -> EngineError:
    """Return why no cell has predictions: trainings failed, or were not begun."""
    failures = find_train_failures(run, plans)
    if not failures:
        return EngineError(
            "no cell has predictions", where=run.root, fix="run the train stage first"
        )
    first = failures[0]
    names = ", ".join(failure.job for failure in failures[:SHOWN_FAILURES])
    more = len(failures) - SHOWN_FAILURES
    names += f" and {more} more" if more > 0 else ""
    what = f"no cell has predictions, since {names} failed; the first: {first.what}"
    return repeat_failure(first, what, first.log)


def load_cells(state: State) -> list[CellPredictions]:
    """Return the cells that have predictions.

    A partner without predictions is named all the same: what cannot be compared is to be said.

    Returns:
        In the run file's order.
    """
    tasks = state.sources.tasks
    return [load_cell(state.run, tasks[plan.cell.task], plan) for plan in state.trained_cells]


def load_cell(run: RunDir, task: Task, plan: CellPlan) -> CellPredictions:
    """Return what a trained cell says of the test set, and of its own training."""
    report = (read_json(run.cell_marker(plan.cell)) or {}).get("report") or {}
    measured = {field.name: report[field.name] for field in fields(Learnt) if field.name in report}
    # a training of a version before said nothing of its own rows
    is_measured = plan.steps > 0 and "final_accuracy" in measured
    return CellPredictions(
        cell=plan.cell,
        labels=task.labels,
        predictions=read_predictions(run.predictions(plan.cell), task.labels),
        partners=plan.partners,
        learnt=Learnt(**measured) if is_measured else None,
        is_deterministic=plan.cell.student in DETERMINISTIC,
        is_floor=plan.cell.student in BASELINE_STUDENTS,
        serves=plan.rows.sources,
    )


def judge(state: State, summary: Summary) -> tuple[Verdict, ...]:
    """Return the answers of a run."""
    origins = find_origins(state)
    apart = find_cuts(state.cells) | find_repeats(state.cells)
    return judge_run(summary, origins, state.config.margin, apart)


def read_predictions(path: Path, labels: Sequence[str]) -> list[Prediction]:
    """Return the stored predictions of a cell."""
    return [
        Prediction(
            row["id"], row["gold"], row["predicted"], tuple(row[f"p:{label}"] for label in labels)
        )
        for row in read_parquet(path)
    ]


def score_cell(scored: CellPredictions, source: str) -> list[Result]:
    """Return the rows of results.csv of one cell, under one of the sources that it serves."""
    # read by other steps too, which score nothing and need not wait for the library
    from synth_local.evaluate.metrics import score_predictions  # noqa: PLC0415

    cell = scored.cell
    return [
        Result(
            cell.task,
            "" if source == NONE else source,
            "" if cell.generator == NONE else cell.generator,
            "" if cell.strategy == NONE else cell.strategy,
            cell.student,
            cell.seed,
            score.metric,
            score.value,
            cell.num_train,
            score.label,
        )
        for score in score_predictions(scored.predictions, scored.labels)
    ]
