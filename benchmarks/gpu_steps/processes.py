"""How fast is vLLM in this process, as the toolkit runs it, against its own engine process?

Both engines live side by side in one program and answer the same prompts in turns, bare.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import Any

import numpy as np

from gpu_steps.engine import DRAWN, choose_dtype
from gpu_steps.shapes import SHAPES, make_model_folder
from gpu_steps.step import Context, has_cuda

ROUNDS = 4
PROMPT_TOKENS = 200


def measure(context: Context) -> None:
    """Start the one with its own process first: this process must not hold the device yet."""
    name = "tiny" if context.is_tiny else "135m"
    folder = make_model_folder(context.scratch, name)
    num_prompts, max_tokens = (12, 8) if context.is_tiny else (3000, 64)
    os.environ["VLLM_WORKER_MULTIPROCESSING_METHOD"] = "spawn"  # CUDA may be looked at before
    engines = {}
    for place, setting in (("own_process", "1"), ("this_process", "0")):
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = setting
        start = time.perf_counter()
        engines[place] = start_bare(str(folder))
        context.save(**{f"{place}_start_seconds": time.perf_counter() - start})
    prompts = draw_prompts(num_prompts, SHAPES[name].vocab)
    for llm in engines.values():
        run_bare(llm, prompts[: num_prompts // 4], max_tokens)
    speeds: dict[str, list[float]] = {place: [] for place in engines}
    for number in range(ROUNDS):
        if number > 1 and not context.has_time:
            break
        for place in sorted(engines, reverse=number % 2 == 1):
            engines[place].reset_prefix_cache()
            speeds[place].append(run_bare(engines[place], prompts, max_tokens))
        context.save(
            shape=name,
            rounds=number + 1,
            ratio=statistics.median(
                a / b for a, b in zip(speeds["this_process"], speeds["own_process"], strict=True)
            ),
            **{f"{place}_tokens_per_second": found for place, found in speeds.items()},
        )


def start_bare(folder: str) -> Any:
    """Return a plain ``vllm.LLM`` on weights drawn at random; two fit beside each other."""
    import vllm  # noqa: PLC0415 - reads the environment

    options: dict[str, Any] = {"model": folder, "dtype": choose_dtype(), "max_model_len": 1024}
    options |= {"disable_log_stats": True, "seed": 0} | DRAWN
    if has_cuda():
        options |= {"gpu_memory_utilization": 0.35}
    else:
        options |= {"enforce_eager": True, "enable_chunked_prefill": False}
        options |= {"max_num_batched_tokens": 8192, "enable_prefix_caching": False}
    return vllm.LLM(**options)


def draw_prompts(number: int, vocab: int) -> list[list[int]]:
    """Return prompts of random tokens, none of them a mark."""
    rng = np.random.default_rng(0)
    drawn: list[list[int]] = rng.integers(256, vocab - 16, (number, PROMPT_TOKENS)).tolist()
    return drawn


def run_bare(llm: Any, prompts: list[list[int]], max_tokens: int) -> float:
    """Return generated tokens per second of one call, with a seed per prompt."""
    import vllm  # noqa: PLC0415

    params = [
        vllm.SamplingParams(temperature=1.0, top_p=0.95, max_tokens=max_tokens, seed=number)
        for number in range(len(prompts))
    ]
    inputs = [{"prompt_token_ids": ids} for ids in prompts]
    start = time.perf_counter()
    outputs = llm.generate(inputs, params, use_tqdm=False)
    seconds = time.perf_counter() - start
    return sum(len(one.outputs[0].token_ids) for one in outputs) / seconds
