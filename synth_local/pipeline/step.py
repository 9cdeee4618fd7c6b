"""The table of stages: what ``step STAGE`` calls, and what is noted of its failure."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from synth_local.backends.local import run_job
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
from synth_local.run.stages import PREPARE
from synth_local.run.state import State
from synth_local.store.markers import clear_failure, mark_live, record_failure
from synth_local.store.run_dir import CorpusKey
from synth_local.train.launch import is_main_process
from synth_local.train.rendezvous import meet_under_slurm

log = logging.getLogger(__name__)
PER_GENERATOR = ("generate", "curate", "measure", "train")


@dataclass(frozen=True)
class Call:
    """One call of a step.

    Attributes:
        shard: from 0.
        should_stop: whether a signal asked to stop.
        generator: only this one's corpora; ``None`` is all.
    """

    context: Context
    shard: int
    num_shards: int
    should_stop: StopFlag
    generator: str | None

    @property
    def corpora(self) -> list[CorpusKey]:
        """The corpora of this shard."""
        keys = [k for k in self.context.corpora if self.generator in (None, k.generator)]
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
        _check_generator(context, stage, generator)
    call = Call(context, shard, num_shards, should_stop, generator)
    if stage == "generate":
        return _generate_all(call)
    return _noted(call, stage, lambda: _STEPS[stage](call))


def _check_generator(context: Context, stage: str, generator: str) -> None:
    if stage not in PER_GENERATOR:
        raise ConfigError(
            f"--generator has no meaning for the stage {stage}",
            where="--generator",
            fix=f"leave it out; it is for {', '.join(PER_GENERATOR)}",
        )
    brought = () if stage == "generate" else tuple(context.config.corpora)
    known = (*context.config.generators, *brought)
    if generator not in known:
        raise ConfigError(
            f"the run has no generator {generator!r}{nearest(generator, known)}",
            where=context.run.run_file,
            fix=f"use {', '.join(known)}",
        )


def _noted(call: Call, stage: str, work: Callable[[], object]) -> int:
    """Do the work; the main process alone writes what became of it."""
    run, name = call.context.run, call.name(stage)
    is_main = is_main_process()
    with ExitStack() as stack:
        if is_main:
            clear_failure(run, name)
            stack.enter_context(mark_live(run, f"step {name}"))
        try:
            if stage != PREPARE:
                require_sources(call.context, stage)
            work()
        except Interrupted:
            raise
        except SynthLocalError as error:
            if is_main:
                path = log_path(call.context, name)
                record_failure(run, stage, name, error, str(path))
            raise
        except Exception as error:
            # a bug, here or in a library: what a person can be told of it must not be lost
            if is_main:
                said = f"{type(error).__name__}: {error}"[:300]
                bug = SynthLocalError(f"{name} ended in a bug of synth-local: {said}")
                record_failure(run, stage, name, bug, str(log_path(call.context, name)))
            raise
    return EXIT_OK


def _generate_all(call: Call) -> int:
    """Generate with every generator of the run, each in a process of its own where several."""
    from synth_local.pipeline.steps.generate import run_generate  # noqa: PLC0415

    context, shard, num_shards = call.context, call.shard, call.num_shards
    generators = sorted({key.generator for key in context.corpora if not key.is_external})
    if call.generator or len(generators) == 1:
        name = call.generator or generators[0]
        one = Call(context, shard, num_shards, call.should_stop, name)
        return _noted(
            one,
            "generate",
            lambda: run_generate(context, name, shard, num_shards, call.should_stop),
        )
    for generator in generators:
        name = f"generate-{generator}"
        code = run_job(
            [
                *("step", "generate", "--run", str(context.run.root)),
                *("--shard", f"{shard}/{num_shards}", "--generator", generator),
            ],
            context.run.logs / f"{name}.log",
            lambda: None,
        )
        if code or call.should_stop():
            return code or EXIT_INTERRUPTED
    return EXIT_OK


def _prepare(call: Call) -> None:
    from synth_local.pipeline.steps.prepare import run_prepare  # noqa: PLC0415

    run_prepare(call.context)


def _curate(call: Call) -> None:
    from synth_local.pipeline.steps.curate import run_curate  # noqa: PLC0415

    left = set(State(call.context).open_corpora)
    for key in (key for key in call.corpora if key in left):
        if call.should_stop():
            raise Interrupted("stopped between two corpora", fix="call the same command again")
        log.info("%s", run_curate(call.context, key).message)


def _measure(call: Call) -> None:
    from synth_local.pipeline.steps.measure import run_measure  # noqa: PLC0415

    state = State(call.context)
    keys = [key for key in call.corpora if key in state.unmeasured and key in state.manifests]
    run_measure(call.context, {key: state.manifests[key] for key in keys}, call.should_stop)


def _train(call: Call) -> None:
    if call.generator:
        from synth_local.pipeline.steps.classify import run_classify  # noqa: PLC0415

        run_classify(call.context, call.generator, call.shard, call.num_shards, call.should_stop)
        return
    from synth_local.pipeline.steps.train import run_train  # noqa: PLC0415

    run_train(call.context, call.shard, call.num_shards, call.should_stop)


def _evaluate(call: Call) -> None:
    from synth_local.pipeline.steps.evaluate.step import run_evaluate  # noqa: PLC0415

    run_evaluate(call.context)


def _analyze(call: Call) -> None:
    from synth_local.pipeline.steps.analyze.step import run_analyze  # noqa: PLC0415

    if State(call.context).is_analyzed and any(
        task.not_here for task in call.context.tasks.values()
    ):
        log.info("the analysis is done; sources of it are not here, so it stays as it is")
        return
    run_analyze(call.context)


def _report(call: Call) -> None:
    from synth_local.pipeline.steps.report import run_report  # noqa: PLC0415

    run_report(call.context, show_real=False)


_STEPS: dict[str, Callable[[Call], None]] = {
    PREPARE: _prepare,
    "curate": _curate,
    "measure": _measure,
    "train": _train,
    "evaluate": _evaluate,
    "analyze": _analyze,
    "report": _report,
}
