"""Open the toolkit's vLLM engine on weights that are drawn at random while it loads."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import torch

from synth_local.config import GenerateConfig
from synth_local.engines import vllm_engine, vllm_start
from synth_local.engines.vllm_engine import VllmEngine
from synth_local.models import Card

DRAWN = {"load_format": "dummy"}


@dataclass(frozen=True, slots=True)
class Opened:
    """An engine and what its start was like.

    Attributes:
        engine: ready to take requests.
        figures: seconds of the start, memory and limits as vLLM set them.
    """

    engine: VllmEngine
    figures: dict[str, Any]


def choose_dtype() -> str:
    """Return what the toolkit computes in on this machine."""
    return "bfloat16" if torch.cuda.is_available() else "float32"


def open_vllm(folder: Path, settings: GenerateConfig, context: int, **changes: Any) -> Opened:
    """Open the engine as the toolkit does, with some of vLLM's options changed.

    Args:
        folder: of the model.
        settings: sampling and memory.
        context: longest prompt and text, in tokens.
        **changes: arguments of ``vllm.LLM`` that replace or join those of the toolkit.

    Returns:
        The engine and figures of its start.
    """
    list_options = vllm_start.list_options
    card = Card(name=folder.name, context_length=context)
    start = time.perf_counter()
    with mock.patch.object(vllm_engine, "list_options", lambda *a: list_options(*a) | changes):
        engine = VllmEngine(folder, card, settings, choose_dtype())
    figures = {"start_seconds": time.perf_counter() - start} | describe_engine(engine._engine)
    return Opened(engine, figures)


def describe_engine(llm_engine: Any) -> dict[str, Any]:
    """Return memory and limits of a running engine, as far as this vLLM tells them."""
    config = llm_engine.vllm_config
    cache = config.cache_config
    tokens = (cache.num_gpu_blocks or 0) * cache.block_size
    figures = {
        "max_num_seqs": config.scheduler_config.max_num_seqs,
        "max_num_batched_tokens": config.scheduler_config.max_num_batched_tokens,
        "async_scheduling": bool(getattr(config.scheduler_config, "async_scheduling", False)),
        "kv_cache_tokens": tokens,
        "block_size": cache.block_size,
        "model_runner_v2": bool(getattr(config, "use_v2_model_runner", False)),
        "cudagraph_mode": str(config.compilation_config.cudagraph_mode),
        "attention_backend": str(config.attention_config.backend),
    }
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        figures |= {
            "gib_taken": (total - free) / 2**30,
            "gib_peak_torch": torch.cuda.max_memory_allocated() / 2**30,
            "gib_total": total / 2**30,
        }
    return figures
