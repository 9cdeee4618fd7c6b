"""The table of stages: what ``step STAGE`` calls, and what is noted of its failure."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from synth_local.backends.local import run_job
from synth_local.config import RunConfig
from synth_local.core.signals import StopFlag, install_stop_flag
from synth_local.errors import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    ConfigError,
    Interrupted,
    SynthLocalError,
    nearest,
)
from synth_local.run.context import Context, log_path, open_context
from synth_local.run.not_here import require_sources
from synth_local.run.stages import PER_GENERATOR, PREPARE
from synth_local.store.markers import clear_failure, mark_live, record_failure
from synth_local.store.run_dir import CorpusKey, RunDir
from synth_local.train.launch import is_main_process
from synth_local.train.rendezvous import meet_under_slurm

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """Which part of a stage one call of a step does.

    Attributes:
        shard: from 0.
        should_stop: whether a signal asked to stop.
        generator: only this one's corpora; ``None`` is all.
    """

    shard: int
    num_shards: int
    should_stop: StopFlag
    generator: str | None

    def take(self, corpora: Sequence[CorpusKey]) -> list[CorpusKey]:
        """Return the corpora of this shard."""
        keys = [key for key in corpora if self.generator in (None, key.generator)]
        return keys[self.shard :: self.num_shards]

    def name(self, stage: str) -> str:
        """Return what logs and markers call this step."""
        suffix = "" if self.num_shards == 1 else f"-{self.shard:05d}-of-{self.num_shards:05d}"
        return stage + (f"-{self.generator}" if self.generator else "") + suffix


def run_step(stage: str, root: Path, shard: int, num_shards: int, generator: str | None) -> int:
    """Run one step of a run directory and return its exit code.

    A failure is noted in the run directory, so that ``status`` and the report can name it.

    Args:
        stage: one of ``stages.STEPS``.
        shard: from 0.
        generator: only this one's corpora; ``None`` is all.

    Raises:
        SynthLocalError: what went wrong.
    """
    should_stop = install_stop_flag()
    meet_under_slurm(os.environ)
    context = open_context(root)
    if generator is not None:
        _check_generator(context.run, context.config, stage, generator)
    part = Part(shard, num_shards, should_stop, generator)
    if stage == "generate":
        return _generate_all(context, part)
    return _noted(context.run, stage, part.name(stage), lambda: _do(context, stage, part))


def _check_generator(run: RunDir, config: RunConfig, stage: str, generator: str) -> None:
    if stage not in PER_GENERATOR:
        raise ConfigError(
            f"--generator has no meaning for the stage {stage}",
            where="--generator",
            fix=f"leave it out; it is for {', '.join(PER_GENERATOR)}",
        )
    brought = () if stage == "generate" else tuple(config.corpora)
    known = (*config.generators, *brought)
    if generator not in known:
        raise ConfigError(
            f"the run has no generator {generator!r}{nearest(generator, known)}",
            where=run.run_file,
            fix=f"use {', '.join(known)}",
        )


def _do(context: Context, stage: str, part: Part) -> None:
    if stage != PREPARE:
        require_sources(context.look(), stage)
    _STEPS[stage](context, part)


def _noted(run: RunDir, stage: str, name: str, work: Callable[[], None]) -> int:
    """Do the work; the main process alone writes what became of it."""
    is_main = is_main_process()
    with ExitStack() as stack:
        if is_main:
            clear_failure(run, name)
            stack.enter_context(mark_live(run, f"step {name}"))
        try:
            work()
        except Interrupted:
            raise
        except SynthLocalError as error:
            if is_main:
                record_failure(run, stage, name, error, str(log_path(run, name)))
            raise
        except Exception as error:
            # a bug, here or in a library: what a person can be told of it must not be lost
            if is_main:
                said = f"{type(error).__name__}: {error}"[:300]
                bug = SynthLocalError(f"{name} ended in a bug of synth-local: {said}")
                record_failure(run, stage, name, bug, str(log_path(run, name)))
            raise
    return EXIT_OK


def _generate_all(context: Context, part: Part) -> int:
    """Generate with every generator of the run, each in a process of its own where several."""
    generators = sorted({key.generator for key in context.corpora.keys if not key.is_external})
    if part.generator or len(generators) == 1:
        own = replace(part, generator=part.generator or generators[0])
        name = own.name("generate")
        return _noted(context.run, "generate", name, lambda: _do(context, "generate", own))
    for generator in generators:
        name = f"generate-{generator}"
        code = run_job(
            [
                *("step", "generate", "--run", str(context.run.root)),
                *("--shard", f"{part.shard}/{part.num_shards}", "--generator", generator),
            ],
            context.run.logs / f"{name}.log",
            lambda: None,
        )
        if code or part.should_stop():
            return code or EXIT_INTERRUPTED
    return EXIT_OK


def _generate(context: Context, part: Part) -> None:
    from synth_local.pipeline.steps.generate import run_generate  # noqa: PLC0415

    run_generate(context, part.generator or "", part.shard, part.num_shards, part.should_stop)


def _prepare(context: Context, _: Part) -> None:
    from synth_local.pipeline.steps.prepare import run_prepare  # noqa: PLC0415

    run_prepare(context)


def _curate(context: Context, part: Part) -> None:
    from synth_local.pipeline.steps.curate import run_curate  # noqa: PLC0415

    left = set(context.look().open_corpora)
    for key in (key for key in part.take(context.corpora.keys) if key in left):
        if part.should_stop():
            raise Interrupted("stopped between two corpora", fix="call the same command again")
        log.info("%s", run_curate(context, key))


def _measure(context: Context, part: Part) -> None:
    from synth_local.pipeline.steps.measure import run_measure  # noqa: PLC0415

    state = context.look()
    mine = part.take(state.corpora)
    keys = [key for key in mine if key in state.unmeasured and key in state.manifests]
    run_measure(context, {key: state.manifests[key] for key in keys}, part.should_stop)


def _train(context: Context, part: Part) -> None:
    if part.generator:
        from synth_local.pipeline.steps.classify import run_classify  # noqa: PLC0415

        run_classify(context, part.generator, part.shard, part.num_shards, part.should_stop)
        return
    from synth_local.pipeline.steps.train import run_train  # noqa: PLC0415

    run_train(context, part.shard, part.num_shards, part.should_stop)


def _evaluate(context: Context, _: Part) -> None:
    from synth_local.pipeline.steps.evaluate.step import run_evaluate  # noqa: PLC0415

    run_evaluate(context)


def _analyze(context: Context, _: Part) -> None:
    from synth_local.pipeline.steps.analyze.step import run_analyze  # noqa: PLC0415

    if context.look().is_analyzed and any(task.not_here for task in context.tasks.values()):
        log.info("the analysis is done; sources of it are not here, so it stays as it is")
        return
    run_analyze(context)


def _report(context: Context, _: Part) -> None:
    from synth_local.pipeline.steps.report import run_report  # noqa: PLC0415

    run_report(context, show_real=False)


_STEPS: dict[str, Callable[[Context, Part], None]] = {
    PREPARE: _prepare,
    "generate": _generate,
    "curate": _curate,
    "measure": _measure,
    "train": _train,
    "evaluate": _evaluate,
    "analyze": _analyze,
    "report": _report,
}
