"""What do the stage, a seed per row and prefix caching cost or save, on one started engine?

Side by side and in turns: the generate stage against one bare ``LLM.generate`` over the same
prompts; bare with a seed per row against none; chains with the prefix cache read against not read.
The cache is emptied before each round, so that rounds do not help each other. The small shape then
shows how far texts depend on their batch.
"""

from __future__ import annotations

import functools
import statistics
from collections.abc import Callable, Mapping
from typing import Any

from generate_vs_bare_vllm import FEW_SHOT, Bench

from gpu_steps.batches import count_equal, make_weights
from gpu_steps.engine import DRAWN, Opened, open_vllm
from gpu_steps.shapes import make_model_folder, make_task
from gpu_steps.step import Context
from synth_local.config import GenerateConfig
from synth_local.generate.plan import StrategyPlan

Run = Callable[[], tuple[float, int]]
ROWS = {"8b": 500, "135m": 1000, "tiny": 12}  # per label; the task has two
ROUNDS = 2


def measure(context: Context) -> None:
    """Start the engine once and measure all on it."""
    name = "tiny" if context.is_tiny else context.name.removeprefix("generation_")
    rows = ROWS[name]
    settings = GenerateConfig(max_tokens=8 if context.is_tiny else 64)
    task = make_task(context.scratch)
    if context.name == "generation_8b":
        opened = open_vllm(make_model_folder(context.scratch, name), settings, 2048, **DRAWN)
    else:
        opened = open_vllm(make_weights(context.scratch, name), settings, 2048)
    context.save(shape=name, rows_per_round=2 * rows, **opened.figures)
    few_shot = Bench(task, opened.engine, settings, rows, FEW_SHOT)
    warm_up(few_shot)
    sides: dict[str, Run] = {"stage": few_shot.run_stage, "bare": few_shot.run_bare}
    context.save(stage=alternate(context, opened, sides))
    unseeded = functools.partial(few_shot.run_bare, has_seeds=False)
    sides = {"seeded": few_shot.run_bare, "unseeded": unseeded}
    context.save(seeds=alternate(context, opened, sides))
    length = 3 if context.is_tiny else 10
    strategy = StrategyPlan("zero_shot", "zero_shot", 0, "any_label", length, 1)
    chains = Bench(task, opened.engine, settings, rows, strategy)
    sides = {"cached": chains.run_stage, "uncached": without_cache(chains)}
    context.save(chains=alternate(context, opened, sides))
    if context.name == "generation_135m":
        count_equal(context, opened.engine._llm, name)


def warm_up(bench: Bench) -> None:
    """Let both sides meet their shapes once, on fewer rows."""
    slots, bench.slots = bench.slots, bench.slots[: len(bench.slots) // 4]
    bench.run_bare()
    bench.run_stage()
    bench.slots = slots


def without_cache(bench: Bench) -> Run:
    """Return the stage with vLLM told not to read the prefix cache."""

    def run() -> tuple[float, int]:
        engine: Any = bench.engine
        params = engine._sampling_params
        engine._sampling_params = functools.partial(params, skip_reading_prefix_cache=True)
        try:
            return bench.run_stage()
        finally:
            engine._sampling_params = params

    return run


def alternate(
    context: Context, opened: Opened, sides: Mapping[str, Run], rounds: int = ROUNDS
) -> dict[str, Any]:
    """Run both sides in turns; return tokens per second and the ratios of their seconds.

    Args:
        context: says whether another round has time; the first always has.
        opened: the engine whose cache is emptied.
        sides: two, by name. A ratio is the second's seconds over the first's: above 1 the first
            is faster.
        rounds: at most.

    Returns:
        Figures of all rounds; ratios are of seconds per token.
    """
    (one, run_one), (two, run_two) = sides.items()
    measured: dict[str, list[tuple[float, int]]] = {one: [], two: []}
    for number in range(rounds):
        if number and not context.has_time:
            break
        turns = [(one, run_one), (two, run_two)]
        for name, run in turns if number % 2 == 0 else reversed(turns):
            opened.engine._engine.reset_prefix_cache()
            measured[name].append(run())
    per_token = {name: [s / max(t, 1) for s, t in found] for name, found in measured.items()}
    ratios = [b / a for a, b in zip(per_token[one], per_token[two], strict=True)]
    return {
        "ratio": statistics.median(ratios),
        "ratios": ratios,
        **{f"{name}_tokens_per_second": 1 / statistics.median(per_token[name]) for name in sides},
        **{f"{name}_seconds": [seconds for seconds, _ in measured[name]] for name in sides},
        **{f"{name}_tokens": [tokens for _, tokens in measured[name]] for name in sides},
    }
