"""Starting vLLM: what it is asked for, and what its failures mean."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from synth_local.config import GenerateConfig
from synth_local.errors import EngineError, MachineError, one_line

# In this process: a signal or a kill ends the engine too, and requests can be drained.
FORCED = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}

DEFAULTS = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",
    "VLLM_HOST_IP": "127.0.0.1",  # else a route to a public address is asked for
    "VLLM_CPU_KVCACHE_SPACE": "2",  # GiB
    # FlashInfer's sampler takes no seed per row; only asking for it may fetch and compile kernels
    "VLLM_USE_FLASHINFER_SAMPLER": "0",
}

CPU_BATCHED_TOKENS = 8192

# words of vLLM's own messages
NO_ROOM = ("out of memory", "kv cache", "memory utilization", "free memory", "available memory")


def import_vllm() -> Any:
    """Import vLLM with its environment set; some of it is read at import alone."""
    os.environ.update(FORCED)
    for variable, value in DEFAULTS.items():
        os.environ.setdefault(variable, value)
    try:
        import vllm  # noqa: PLC0415 - reads the environment
        import vllm.platforms  # noqa: PLC0415
        import vllm.sampling_params  # noqa: PLC0415
    except (ImportError, OSError, RuntimeError) as error:
        raise MachineError(
            f"vLLM is installed but cannot be imported: {error}",
            fix="use --engine transformers, or install a vLLM that fits this machine's PyTorch",
        ) from error
    return vllm


def list_options(
    folder: Path, settings: GenerateConfig, dtype: str, context: int, is_cpu: bool
) -> dict[str, Any]:
    """Return the arguments of ``LLM``."""
    options: dict[str, Any] = {
        "model": str(folder),
        "dtype": dtype,
        "seed": settings.seed % 2**31,
        "max_model_len": context,
        "trust_remote_code": False,
        "load_format": "safetensors",
        "disable_log_stats": True,
        "max_num_seqs": settings.max_num_seqs,
    }
    if is_cpu:
        # seeds per request need whole prompts in one step: chunks make the CPU generator fail.
        # Compiling costs minutes, and gains nothing for models that fit a CPU.
        options |= {
            "enforce_eager": True,
            "enable_chunked_prefill": False,
            "enable_prefix_caching": False,
            "max_num_batched_tokens": max(CPU_BATCHED_TOKENS, context),
        }
    else:
        options |= {
            "gpu_memory_utilization": settings.gpu_memory,
            "tensor_parallel_size": settings.tensor_parallel,
            "enable_prefix_caching": True,
        }
    return {name: value for name, value in options.items() if value is not None}


@contextmanager
def explain_start(folder: Path) -> Iterator[None]:
    """Turn what vLLM says when it cannot start into an error with a fix."""
    try:
        yield
    except Exception as error:
        first = one_line(error)
        if isinstance(error, torch.OutOfMemoryError) or any(w in first.lower() for w in NO_ROOM):
            raise MachineError(
                f"the model does not fit into memory: {first}",
                where=folder,
                fix="set a smaller context_length in the model's card, change generate.gpu_memory "
                "or generate.tensor_parallel (on a CPU: VLLM_CPU_KVCACHE_SPACE, in GiB), or use a "
                "smaller model",
            ) from error
        raise EngineError(
            f"vLLM cannot serve this model: {first}",
            where=folder,
            fix=f"synth-local models check {folder.name}; where it finds nothing wrong, install a "
            "vLLM release that knows the architecture",
        ) from error


@contextmanager
def explain_failure() -> Iterator[None]:
    """Turn a failure of the running engine into an error with a fix."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise MachineError(
            f"out of memory while generating: {one_line(error)}",
            fix="set a smaller generate.gpu_memory or generate.max_num_seqs",
        ) from error
    except Exception as error:
        raise EngineError(
            f"vLLM failed while generating: {type(error).__name__}: {one_line(error)}",
            fix="run again: what is stored is kept; the log holds all that vLLM said",
        ) from error


def describe_grade(dtype: str, is_cpu: bool) -> tuple[str, ...]:
    """Return what a text depends on, for the manifest."""
    if is_cpu and dtype == "float32":
        return ("a text depends on prompt, seed, weights and versions, not on the batch",)
    device = "a CPU" if is_cpu else "a GPU"
    return (f"{dtype} on {device}: another batch or order may change some of the texts",)
