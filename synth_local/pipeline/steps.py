"""The table of stages: what ``step STAGE`` calls, and what is noted of its failure."""

from __future__ import annotations

import logging
from collections.abc import Callable
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
from synth_local.pipeline.context import Context, open_context
from synth_local.pipeline.state import State
from synth_local.store.markers import clear_failure, mark_live, record_failure

log = logging.getLogger(__name__)
Step = Callable[[Context, int, int, StopFlag], None]


def run_step(stage: str, root: Path, shard: int, num_shards: int, generator: str | None) -> int:
    """Run one step of a run directory and return its exit code.

    A failure is noted in the run directory, so that ``status`` and the report can name it.
    """
    should_stop = install_stop_flag()
    context = open_context(root)
    if generator is not None:
        return _generate_one(context, generator, shard, num_shards, should_stop)
    if stage == "generate":
        return _generate_all(context, shard, num_shards, should_stop)
    name = stage if num_shards == 1 else f"{stage}-{shard:05d}-of-{num_shards:05d}"
    return _noted(
        context, stage, name, lambda: _STEPS[stage](context, shard, num_shards, should_stop)
    )


def _noted(context: Context, stage: str, name: str, work: Callable[[], object]) -> int:
    clear_failure(context.run, name)
    try:
        with mark_live(context.run, f"step {name}"):
            work()
    except Interrupted:
        raise
    except SynthLocalError as error:
        record_failure(context.run, stage, name, error, str(context.run.logs / f"{name}.log"))
        raise
    return EXIT_OK


def _generate_one(
    context: Context, generator: str, shard: int, num_shards: int, should_stop: StopFlag
) -> int:
    from synth_local.pipeline.generate_step import run_generate  # noqa: PLC0415

    if generator not in context.config.generators:
        known = context.config.generators
        raise ConfigError(
            f"the run has no generator {generator!r}{nearest(generator, known)}",
            where=context.run.run_file,
            fix=f"use {', '.join(known)}",
        )
    suffix = "" if num_shards == 1 else f"-{shard:05d}-of-{num_shards:05d}"
    return _noted(
        context,
        "generate",
        f"generate-{generator}{suffix}",
        lambda: run_generate(context, generator, shard, num_shards, should_stop),
    )


def _generate_all(context: Context, shard: int, num_shards: int, should_stop: StopFlag) -> int:
    """Generate with every generator of the run, each in a process of its own where several."""
    generators = sorted({key.generator for key in context.corpora})
    if len(generators) == 1:
        return _generate_one(context, generators[0], shard, num_shards, should_stop)
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
        if code or should_stop():
            return code or EXIT_INTERRUPTED
    return EXIT_OK


def _curate(context: Context, shard: int, num_shards: int, should_stop: StopFlag) -> None:
    from synth_local.pipeline.curate_step import run_curate  # noqa: PLC0415

    left = set(State(context).open_corpora)
    for key in (key for key in context.corpora[shard::num_shards] if key in left):
        if should_stop():
            raise Interrupted("stopped between two corpora", fix="call the same command again")
        log.info("%s", run_curate(context, key).message)


def _measure(context: Context, shard: int, num_shards: int, should_stop: StopFlag) -> None:
    from synth_local.pipeline.measure_step import run_measure  # noqa: PLC0415

    state = State(context)
    left = set(state.unmeasured)
    for key in context.corpora[shard::num_shards]:
        if key in left and key in state.manifests and not should_stop():
            run_measure(context, key, state.manifests[key])


def _train(context: Context, shard: int, num_shards: int, should_stop: StopFlag) -> None:
    from synth_local.pipeline.train_step import run_train  # noqa: PLC0415

    run_train(context, shard, num_shards, should_stop)


def _evaluate(context: Context, _shard: int, _num_shards: int, _stop: StopFlag) -> None:
    from synth_local.pipeline.evaluate_step import run_evaluate  # noqa: PLC0415

    run_evaluate(context)


def _report(context: Context, _shard: int, _num_shards: int, _stop: StopFlag) -> None:
    from synth_local.pipeline.report_step import run_report  # noqa: PLC0415

    run_report(context, show_real=False)


_STEPS: dict[str, Step] = {
    "curate": _curate,
    "measure": _measure,
    "train": _train,
    "evaluate": _evaluate,
    "report": _report,
}
