"""What a folder says of how its weights were quantised, and whether that can be read here.

Knows the key ``quantization_config`` of ``config.json``; looks for packages without importing them.

References:
    https://huggingface.co/docs/transformers/main/quantization/overview
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from synth_local.errors import BrokenModelError, MachineError
from synth_local.models.weights import CONFIG, read_config

KEY = "quantization_config"
# what transformers needs beside itself: one of the packages of each method
PACKAGES = {
    "awq": ("gptqmodel", "awq"),
    "gptq": ("gptqmodel", "auto_gptq"),
    "bitsandbytes": ("bitsandbytes",),
    "compressed-tensors": ("compressed_tensors",),
    "aqlm": ("aqlm",),
    "hqq": ("hqq",),
    "quanto": ("optimum",),
    "torchao": ("torchao",),
}
# a method's own key without which no library can read the weights
_NEEDED = {"compressed-tensors": "config_groups", "awq": "bits", "gptq": "bits"}


def find_quantization_fault(folder: Path, config: Mapping[str, Any]) -> MachineError | None:
    """Return what is wrong with what a folder says of its quantisation.

    Args:
        config: its ``config.json``.

    Returns:
        The error; ``None`` where the weights are not quantised or the section is complete.
    """
    section = config.get(KEY)
    if section is None:
        return None
    if not isinstance(section, dict):
        return _explain(folder, f"{KEY} is no section of keys")
    method = _name_method(section)
    if not method:
        return _explain(folder, f"{KEY} names no quant_method")
    needed = _NEEDED.get(method)
    names = (needed, "w_bit") if needed == "bits" else (needed,)
    if needed and not any(section.get(name) for name in names):
        return _explain(folder, f"{KEY} of {method} weights has no {needed}")
    return None


def require_quantization_package(folder: Path) -> None:
    """Do nothing where transformers can read a folder's quantised weights with what is installed.

    Raises:
        MachineError: none of the method's packages is installed.
    """
    section = read_config(folder).get(KEY)
    method = _name_method(section) if isinstance(section, dict) else ""
    packages = PACKAGES.get(method, ())
    if packages and not any(find_spec(name) for name in packages):
        raise MachineError(
            f"the weights of {folder.name} are quantised ({method}), and transformers needs the "
            f"package {packages[0]} for that, which is not installed",
            where=folder / CONFIG,
            fix=f"install {packages[0]}, or take the weights that are not quantised",
        )


def _name_method(section: Mapping[str, Any]) -> str:
    method = section.get("quant_method")
    if isinstance(method, str) and method:
        return method
    return "bitsandbytes" if section.get("load_in_4bit") or section.get("load_in_8bit") else ""


def _explain(folder: Path, what: str) -> MachineError:
    return BrokenModelError(
        f"{CONFIG}: {what}",
        where=folder / CONFIG,
        fix=f"copy {CONFIG} again from where the weights are from, or take other weights",
    )
