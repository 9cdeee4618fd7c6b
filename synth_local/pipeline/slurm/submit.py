"""``submit`` and ``cancel``: the pipeline as Slurm jobs.

The login node renders scripts and calls ``sbatch`` a handful of times; it reads no weights. The
first job is held until all are known to Slurm and to the run directory: a submission that breaks
off leaves nothing that runs.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from synth_local.backends.slurm.client import DEFAULT_MAX_ARRAY_SIZE, Slurm, require_slurm
from synth_local.backends.slurm.jobs import Job, Part, cut_parts
from synth_local.backends.slurm.script import Place, describe_place, render_script
from synth_local.config import RunConfig, SiteConfig, StageSite
from synth_local.core.files import explain_disk_errors, write_text
from synth_local.core.hashing import digest_json
from synth_local.errors import ConfigError, DataError, MachineError, SynthLocalError
from synth_local.pipeline.run_lock import refuse_busy
from synth_local.pipeline.slurm.job_plan import plan_jobs
from synth_local.pipeline.slurm.remaining_work import assume_all, find_work
from synth_local.run.checks import check_data, check_models, check_settings
from synth_local.run.context import Context, resolve_config, store_config
from synth_local.run.opened import Sources
from synth_local.run.sources.made_from import Asked, write_asked
from synth_local.store.markers import clear_failures, list_local_pids
from synth_local.store.run_dir import RunDir
from synth_local.store.submission import Submission, SubmittedJob, read_submission, write_submission
from synth_local.train.students import GENERATOR_AS_CLASSIFIER

Print = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asks for.

    Attributes:
        run_file: where it was read from.
        site_file: where it was read from.
        arguments: of the command line, kept in the run directory.
    """

    config: RunConfig
    run_file: Path
    site: SiteConfig
    site_file: Path
    out: Path
    arguments: tuple[str, ...] = ()


def preview_submission(request: Request, say: Print) -> None:
    """Print every script that ``submit`` would write; needs no Slurm, writes nothing.

    Raises:
        ConfigError: the run file, a task file or the site file is wrong.
    """
    context = _open(request)
    try:
        context.rounds.check_brought()
        _require_sources(context.sources)
        work = find_work(context.look(), request.site)
    except (DataError, MachineError) as error:
        say(f"# as for a new run, since {error.what}")
        work = assume_all(context.planner, request.site)
    if work is None:
        say("# nothing to submit: every stage is done")
        return
    place = describe_place(context.run.root, request.run_file, request.site_file)
    for job in plan_jobs(work, request.site.stages):
        for part in _cut(job, request, request.site.array.max_index or DEFAULT_MAX_ARRAY_SIZE):
            needs = [f"{need.kind}:<{need.job}>" for need in job.after]
            dependency = f" --dependency={','.join(needs)}" if needs else ""
            say(f"# ==> {part.name}.sh: sbatch{dependency}")
            say(render_script(part, request.site, place))


def submit_run(request: Request, slurm: Slurm, say: Print) -> Submission | None:
    """Submit what is missing of a run; return the submission, or ``None`` where nothing is.

    Raises:
        ConfigError: the run directory has live or waiting jobs, or the configuration is wrong.
        DataError: the data are wrong.
        MachineError: weights are missing, there is no Slurm, or it refuses a job.
    """
    require_slurm()
    context = _open(request)
    run = context.run
    refuse_busy(run, slurm)
    check_data(context)
    work = find_work(context.look(), request.site)
    if work is None:
        return None
    _require_sources(context.sources)
    place = describe_place(run.root, request.run_file, request.site_file)
    limit = request.site.array.max_index or slurm.max_array_size()
    parts = [
        part for job in plan_jobs(work, request.site.stages) for part in _cut(job, request, limit)
    ]
    with explain_disk_errors(run.root):
        for folder in (run.logs, run.scripts, run.task_marks):
            folder.mkdir(parents=True, exist_ok=True)  # no log folder, no log: Slurm makes none
    store_config(context.config, run)
    write_asked(run, Asked(request.arguments, request.run_file))
    clear_failures(run)
    for part in parts:
        write_text(run.scripts / f"{part.name}.sh", render_script(part, request.site, place))
    return _submit_parts(run, parts, place, slurm, say)


def cancel_run(run: RunDir, slurm: Slurm, say: Print) -> int:
    """End what works on a run, waiting or running, here or under Slurm; return how many things.

    Returns:
        Jobs and processes that were told to end.

    Raises:
        MachineError: there are jobs, and Slurm cannot be reached.
    """
    ended = 0
    submission = read_submission(run)
    if submission and submission.state != "cancelled":
        require_slurm()
        known = {name.partition("_")[0] for name in slurm.list_active(patient=True)}
        ids = [job.id for job in submission.jobs if job.id in known]
        slurm.cancel(ids)
        write_submission(run, replace(submission, state="cancelled"))
        ended += len(ids)
        for job in submission.jobs:
            if job.id in known:
                say(f"cancelled {job.id} {job.name}")
    for pid, what in list_local_pids(run):
        os.kill(pid, signal.SIGTERM)
        say(f"asked to stop: {what} (pid {pid})")
        ended += 1
    return ended


def _open(request: Request) -> Context:
    run = RunDir(request.out.resolve())
    if GENERATOR_AS_CLASSIFIER in request.config.students:
        _check_classifying(request)
    wanted, generate = request.config.generate.tensor_parallel, request.site.stages.generate
    given = generate.count_gpus()
    if 0 < given < wanted:
        raise ConfigError(
            f"generate.tensor_parallel is {wanted}, and a job gets {_format_gpus(generate)}",
            where=request.site_file,
            fix=_ask_for_gpus("generate", generate, wanted),
        )
    context = Context(run, resolve_config(request.config, run, on_gpu=given > 0))
    check_settings(context.sources, context.corpora)
    return context


def _check_classifying(request: Request) -> None:
    """Raise where jobs of the stage ``train`` cannot run a generator."""
    train, generate = request.site.stages.train, request.site.stages.generate
    if train.nodes * train.processes > 1:
        raise ConfigError(
            f"{GENERATOR_AS_CLASSIFIER} classifies in one process, and several train together",
            where=request.site_file,
            fix="set stages.train.nodes and stages.train.processes to 1, or take "
            f"{GENERATOR_AS_CLASSIFIER} out of students:",
        )
    wanted = request.config.generate.tensor_parallel if generate.count_gpus() else 0
    if train.count_gpus() < wanted:
        raise ConfigError(
            f"{GENERATOR_AS_CLASSIFIER} needs {wanted} GPU(s), and a job of the stage train gets "
            f"{_format_gpus(train)}",
            where=request.site_file,
            fix=_ask_for_gpus("train", train, wanted),
        )


def _format_gpus(stage: StageSite) -> str:
    """Return how many GPUs a job gets, and by which setting."""
    source = f"gres: {stage.gres}" if stage.gres else f"gpus: {stage.gpus}"
    return f"{stage.count_gpus()} GPU(s) by {source}"


def _ask_for_gpus(name: str, stage: StageSite, wanted: int) -> str:
    """Return what to write into the site file."""
    if stage.gres:
        return f"set stages.{name}.gres to {wanted} GPUs, such as gpu:{wanted}, in the site file"
    return f"set stages.{name}.gpus: {wanted} in the site file, or a gres of as many"


def _require_sources(sources: Sources) -> None:
    """Raise where a source is missing or a model's folder not whole; jobs hash the weights."""
    for task in sources.tasks.values():
        for lost in task.not_here:
            raise lost.error
    for problem in check_models(sources.config, sources.models):
        raise problem


def _cut(job: Job, request: Request, limit: int) -> list[Part]:
    parts = cut_parts(job, request.site.array.size, limit)
    if not parts:
        raise ConfigError(
            f"{job.name} has no shard to run",
            where=request.out,
            fix=f"see what is left with `synth-local status {request.out}`, then submit again",
        )
    return parts


def _submit_parts(
    run: RunDir, parts: list[Part], place: Place, slurm: Slurm, say: Print
) -> Submission:
    before = read_submission(run)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    number = before.number + 1 if before else 1
    submission = Submission(number, now, place.go_on, (), "held")
    ids: dict[str, list[str]] = {}
    token = digest_json([str(run.root), now, os.getpid()])[:16]
    try:
        for part in parts:
            script = run.scripts / f"{part.name}.sh"
            dependency = _format_dependency(part.job, ids)
            job_id = slurm.submit(
                script, run.root, dependency, f"{token}-{part.name}", hold=not ids
            )
            ids.setdefault(part.job.name, []).append(job_id)
            job = SubmittedJob(part.name, part.job.stage, job_id, part.tasks)
            submission = replace(submission, jobs=(*submission.jobs, job))
            write_submission(run, submission)
            array = f", {len(part.tasks)} array tasks" if part.tasks else ""
            say(f"{job_id} {part.name}{array}")
        slurm.release(submission.jobs[0].id)
    except (SynthLocalError, KeyboardInterrupt):
        _take_back(run, submission, slurm, say)
        raise
    released = replace(submission, state="released")
    write_submission(run, released)
    return released


def _take_back(run: RunDir, submission: Submission, slurm: Slurm, say: Print) -> None:
    """End the jobs of a submission that broke off; none has started, since the first is held."""
    try:
        slurm.cancel([job.id for job in submission.jobs])
    except SynthLocalError as error:
        say(f"the jobs so far are held and could not be ended: {error.what}")
        say(f"end them later: synth-local cancel {run.root}")
    else:
        write_submission(run, replace(submission, state="cancelled"))


def _format_dependency(job: Job, ids: dict[str, list[str]]) -> str:
    """Return the dependencies as ``sbatch`` takes them.

    ``afterok:1,2`` would mean afterok:1,afterany:2, so every id has its kind before it by ``:``.
    """
    return ",".join(f"{need.kind}:{':'.join(ids[need.job])}" for need in job.after)
