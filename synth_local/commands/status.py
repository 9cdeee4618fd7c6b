"""``status``: how far a run is, from its files alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from synth_local.backends.slurm.client import Slurm
from synth_local.pipeline.slurm.job_status import JobsStatus, read_jobs_status
from synth_local.pipeline.steps.generate import stored_rows
from synth_local.run.context import Context
from synth_local.run.not_here import format_not_here, list_not_here
from synth_local.run.stages import STAGES
from synth_local.run.stale_outputs import count_other_texts, explain_corpus, explain_stages
from synth_local.run.state import State
from synth_local.store.markers import Failure, Progress, find_live, read_failures, read_progress
from synth_local.store.run_dir import CorpusKey


@dataclass(frozen=True)
class StageStatus:
    """One stage: units that are done, of how many.

    Attributes:
        total: units of the whole stage.
        why: why stored work of it is to be done again; empty where none is.
    """

    stage: str
    done: int
    total: int
    why: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether nothing is left."""
        return self.done >= self.total


@dataclass(frozen=True)
class RunStatus:
    """Everything that ``status`` shows.

    Attributes:
        stages: all stages, in order.
        live: a line for each process that works on the run.
        jobs: what was submitted to a scheduler.
        not_here: sources that are not on this machine; what was recorded of them stands for them.
    """

    stages: list[StageStatus]
    corpora: list[dict[str, Any]]
    live: list[str]
    progress: list[Progress]
    failures: list[Failure]
    jobs: JobsStatus
    untrained: list[str] = field(default_factory=list)
    no_answer: str = ""
    not_here: list[str] = field(default_factory=list)

    @property
    def has_failures(self) -> bool:
        """Whether anything failed and is not being tried again, or all is done for nothing."""
        failed = any(job.counts.get("failed") for job in self.jobs.jobs)
        return bool(self.failures or self.no_answer) or failed

    def to_json(self) -> dict[str, Any]:
        """Return the status as JSON-ready values."""
        return {
            "stages": [{**asdict(stage), "is_done": stage.is_done} for stage in self.stages],
            "corpora": self.corpora,
            "live": self.live,
            "progress": [asdict(one) for one in self.progress] if self.live else [],
            "failures": [asdict(failure) for failure in self.failures],
            "jobs": [job.to_json() for job in self.jobs.jobs],
            "note": self.jobs.note,
            "untrained": self.untrained,
            "no_answer": self.no_answer,
            "not_here": self.not_here,
        }


def read_status(context: Context) -> RunStatus:
    """Return how far the run is; weights that were not hashed before are not read.

    Args:
        context: opened with ``reads_weights=False``.
    """
    run = context.run
    jobs = read_jobs_status(run, Slurm())
    state = context.look()
    stages, corpora = _look(state)
    untrained, no_answer = _look_for_answer(state)
    lost = list_not_here(context.sources, context.human_files)
    return RunStatus(
        stages,
        corpora,
        find_live(run),
        read_progress(run),
        read_failures(run),
        jobs,
        untrained=untrained,
        no_answer=no_answer,
        not_here=[*format_not_here(lost), *context.models.format_assumed()],
    )


def _look_for_answer(state: State) -> tuple[list[str], str]:
    """Return what is not trained since a label has no row, and why there is no answer at all."""
    if state.open_corpora:
        return [], ""
    error = state.no_answer
    return [one.message for one in state.untrained], error.what if error else ""


def _look(state: State) -> tuple[list[StageStatus], list[dict[str, Any]]]:
    corpora = [_corpus_status(state, key) for key in state.corpora]
    generated = [corpus for corpus in corpora if not corpus["is_brought"]]
    has_cells = not state.open_corpora
    cells = len(state.cells)
    is_trained = has_cells and not state.open_cells
    counts = {
        "generate": (
            sum(one["written"] for one in generated),
            sum(one["admitted"] for one in generated),
        ),
        "curate": (len(state.manifests), len(corpora)),
        "measure": (len(corpora) - len(state.unmeasured), len(corpora)),
        "train": (cells - len(state.open_cells), cells if has_cells else cells + 1),
        "evaluate": (int(is_trained and state.is_evaluated), 1),
        "analyze": (int(is_trained and state.is_analyzed), 1),
        "report": (int(is_trained and state.is_reported), 1),
    }
    why = explain_stages(state)
    stages = [StageStatus(stage, *counts[stage], tuple(why.get(stage, ()))) for stage in STAGES]
    return stages, corpora


def _corpus_status(state: State, key: CorpusKey) -> dict[str, Any]:
    """Return one corpus's state; texts stored under another identity do not count."""
    manifest = state.manifests.get(key)
    rounds = state.planner.rounds
    admitted = rounds.current(key).admitted
    total = sum(admitted.values())
    if manifest or key.is_external:
        written = total
    else:
        rows = stored_rows(state.run, key, state.identities.generation(key))
        plan = rounds.slot_plan(key, with_exemplars=False)
        written = sum(slot.id in rows for slot in plan.admitted(admitted))
    return {
        "task": key.task,
        "generator": key.generator,
        "strategy": key.strategy,
        "is_brought": key.is_external,
        "admitted": total,
        "written": written,
        "accepted": sum(manifest.accepted.values()) if manifest else None,
        "complete": manifest.complete if manifest else None,
        "has_turns_of_other_settings": count_other_texts(state, key) is not None,
        "why": explain_corpus(state, key),
    }
