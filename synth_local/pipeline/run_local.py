"""``run``: the whole pipeline on this machine, safe to repeat.

The parent computes nothing: it compares fingerprints with markers, and calls ``step`` in child
processes for what is missing, one per generator, so that memory is returned, and on CPUs as many
that train as there are processors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

from synth_local.backends.local import LocalJob, run_job, run_jobs
from synth_local.backends.slurm.client import Slurm
from synth_local.config import RunConfig
from synth_local.core.files import explain_disk_errors
from synth_local.core.turns import TURN_VARIABLE
from synth_local.errors import EngineError, SynthLocalError
from synth_local.pipeline.endings import JobFailedError, explain_job, sum_up_trainings
from synth_local.pipeline.run_lock import refuse_busy
from synth_local.pipeline.side_by_side import count_trainings, cut_into_shards
from synth_local.run.checks import check_data, check_machine, check_settings
from synth_local.run.context import Context, resolve_config, store_config
from synth_local.run.keep_record import keep_record
from synth_local.run.not_here import find_blocking, format_not_here, list_not_here, list_stages_left
from synth_local.run.retire import retire
from synth_local.run.sources.made_from import Asked, write_asked
from synth_local.run.stages import READ_RESULTS, STAGES
from synth_local.run.state import State
from synth_local.store.markers import (
    Progress,
    clear_failures,
    mark_live,
    read_progress,
    sum_progress,
)
from synth_local.store.run_dir import RunDir

Print = Callable[[str], None]
OnProgress = Callable[[list[Progress]], None]


@dataclass
class LocalRun:
    """One call of ``run``.

    Attributes:
        look: returns what is done by then.
        say: prints a line for people.
        show: shows the progress of the jobs under way.
    """

    run: RunDir
    look: Callable[[], State]
    say: Print
    show: OnProgress
    num_jobs: int = 0
    failures: list[SynthLocalError] = field(default_factory=list)

    def job(self, stage: str, *arguments: str, name: str = "") -> None:
        """Run one step as a child process.

        Args:
            stage: one of the stages.
            name: of the job, for logs and markers; the stage where empty.

        Raises:
            JobFailedError: the step failed.
        """
        self.num_jobs += 1
        run = self.run
        log = run.logs / f"{name or stage}.log"
        code = run_job(
            ["step", stage, "--run", str(run.root), *arguments],
            log,
            lambda: self.show(read_progress(run)),
        )
        if code:
            raise explain_job(run, name or stage, code, log)

    def train_side_by_side(self, shards: Mapping[int, int], num_shards: int) -> None:
        """Train shards of the cells in child processes, all at the same time.

        Args:
            shards: the cells that are left of each shard that has some.

        Raises:
            JobFailedError: at least one of them failed; the others have done their part.
        """
        self.num_jobs += len(shards)
        run = self.run
        names = [f"train-{shard:05d}-of-{num_shards:05d}" for shard in shards]
        logs = [run.logs / f"{name}.log" for name in names]
        started, total = time.time(), sum(shards.values())
        jobs = [
            LocalJob(
                ["step", "train", "--run", str(run.root), "--shard", f"{shard}/{num_shards}"], log
            )
            for shard, log in zip(shards, logs, strict=True)
        ]
        # locks are none of a run directory's business, which may lie on a network
        with NamedTemporaryFile(prefix="synth-local-") as turn:
            codes = run_jobs(
                jobs,
                lambda: self.show(sum_progress(read_progress(run), "train", names, total, started)),
                {TURN_VARIABLE: turn.name},
            )
        ended = zip(names, codes, logs, strict=True)
        errors = [explain_job(run, name, code, log) for name, code, log in ended if code]
        if errors:
            state = self.look()
            raise sum_up_trainings(run, state.cells, len(state.open_cells), total, errors)


def prepare_run(config: RunConfig, out: Path) -> Context:
    """Return the opened run; check everything that can be checked before work begins.

    Raises:
        ConfigError: the directory has live jobs, or the configuration is wrong.
        DataError: the data are wrong, or missing and not recorded.
        MachineError: weights are missing and not recorded, or the directory cannot be written.
    """
    run = RunDir(out.resolve())
    refuse_busy(run, Slurm())
    resolved = resolve_config(config, run)
    context = Context(run, resolved)
    check_settings(context.sources, context.corpora)
    with explain_disk_errors(run.root):
        run.root.mkdir(parents=True, exist_ok=True)
    is_new = context.sources.made is None
    problems = check_machine(resolved, context.models) if is_new else []
    if problems:
        raise problems[0]  # of a run that knows its sources it depends on what is left to do
    check_data(context)
    return context


def check_work(state: State, until: str, say: Print) -> None:
    """Refuse work that cannot be done here; say what is not here where no work is left.

    Raises:
        ConfigError: a task file is missing, and there is work to do with it.
        DataError: data are missing, and there is work to do with them.
        MachineError: weights or an engine are missing, and there is work to do with them.
    """
    stages = STAGES[: STAGES.index(until) + 1]
    left = [stage for stage in list_stages_left(state) if stage in stages]
    blocking = find_blocking(state, left)
    if blocking:
        raise blocking[0].error
    lost = list_not_here(state.sources, state.human_files)
    known = {str(source.error) for source in lost}
    problems = check_machine(state.config, state.sources.models)
    problems = [problem for problem in problems if str(problem) not in known]
    if problems and set(left) - READ_RESULTS:
        raise problems[0]
    for line in format_not_here(lost):
        say(line)


def run_pipeline(
    config: RunConfig,
    out: Path,
    until: str,
    say: Print,
    show: OnProgress,
    asked: Asked | None = None,
) -> tuple[Context, int]:
    """Run every stage up to ``until`` that is not done; return the run and the jobs it took.

    Args:
        asked: what the user asked for, kept in the run directory; ``None``: not kept.

    Returns:
        The opened run and the number of jobs that it took.

    Raises:
        JobFailedError: a job failed; the stages that do not need it were run all the same.
    """
    context = prepare_run(config, out)
    check_work(context.look(), until, say)
    with mark_live(context.run, "run"):
        clear_failures(context.run)
        retire(context.look, say)
        store_config(context.config, context.run)
        keep_record(context.sources, context.data, context.human_files)
        if asked is not None:
            write_asked(context.run, asked)
        local = LocalRun(context.run, context.look, say, show)
        for stage in STAGES[: STAGES.index(until) + 1]:
            try:
                _RUNNERS[stage](local)
            except JobFailedError as error:
                # behind a training that failed the run ends with that: it is the cause
                if not local.failures:
                    raise
                local.say(f"{stage}: {error.what}")
        if local.failures:
            raise local.failures[0]
    return context, local.num_jobs


def _run_generate(local: LocalRun) -> None:
    """Generate and curate, round by round: only curation knows whether a label is short."""
    left = [key for key in local.look().open_corpora if not key.is_external]
    for generator in sorted({key.generator for key in left}):
        local.say(f"generate: {generator}")
        local.job("generate", "--generator", generator, name=f"generate-{generator}")


def _run_curate(local: LocalRun) -> None:
    while (state := local.look()).open_corpora:
        before = _admitted_total(state)
        local.say("curate")
        local.job("curate")
        state = local.look()
        if state.open_corpora:
            if _admitted_total(state) == before:
                raise EngineError("curate neither finished a corpus nor asked for another round")
            _run_generate(local)
            continue
        for key, manifest in state.manifests.items():
            if manifest.shortfall:
                local.say(f"{key}: {manifest.shortfall}")


def _admitted_total(state: State) -> int:
    rounds = state.planner.rounds
    return sum(sum(rounds.current(key).admitted.values()) for key in state.open_corpora)


def _run_measure(local: LocalRun) -> None:
    if local.look().unmeasured:
        local.say("measure")
        local.job("measure")


def _run_train(local: LocalRun) -> None:
    state = local.look()
    for one in state.untrained:
        local.say(one.message)
    missing = len(state.open_cells)
    if missing:
        local.say(f"train: {missing} cells")
        num_shards = count_trainings(state.sources.models, state.open_cells)
        shards = cut_into_shards(state.cells, state.open_cells, num_shards)
        try:
            if num_shards == 1:
                local.job("train")
            else:
                local.train_side_by_side(shards, num_shards)
        except JobFailedError as error:
            # what the other cells gave is still scored and shown, with what is missing named
            local.failures.append(error)
            local.say(f"train: {error.what}")


def _run_results(stage: str, is_done: Callable[[State], bool]) -> Callable[[LocalRun], None]:
    """Return what runs a stage that rests on trainings, unless it is done."""

    def run(local: LocalRun) -> None:
        state = local.look()
        # every training failed: there is nothing to score, and the page says why
        has_nothing = bool(local.failures) and not state.trained_cells
        if not ((has_nothing and stage != "report") or is_done(state)):
            local.say(stage)
            local.job(stage)

    return run


_RUNNERS: dict[str, Callable[[LocalRun], None]] = {
    "generate": _run_generate,
    "curate": _run_curate,
    "measure": _run_measure,
    "train": _run_train,
    "evaluate": _run_results("evaluate", lambda state: state.is_evaluated),
    "analyze": _run_results("analyze", lambda state: state.is_analyzed),
    "report": _run_results("report", lambda state: state.is_reported),
}
