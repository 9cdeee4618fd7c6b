"""What transformers would find missing in a folder, asked without reading a single weight.

The model is built on the ``meta`` device and given tensors of the shapes that the headers name, so
that transformers' own renaming, tying and ignoring decide. A door to torch and transformers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
)
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.utils import logging as transformers_logging

from synth_local.engines.misfits import Misfits
from synth_local.errors import one_line
from synth_local.models import Role, read_config
from synth_local.models.headers import TensorHeader

_BUILDERS: Mapping[Role, Any] = {
    "generator": AutoModelForCausalLM,
    "student": AutoModelForSequenceClassification,
    "embedder": AutoModel,
}
_DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
_NUMBER = re.compile(r"(?<=\.)\d+(?=\.)|^\d+(?=\.)")


def compare_with_architecture(
    folder: Path, tensors: Mapping[str, TensorHeader], role: Role
) -> Misfits:
    """Compare the tensors of a folder with the architecture that its configuration names.

    Returns:
        What does not fit; where transformers cannot tell, it says why.
    """
    kind = read_config(folder).get("model_type")
    if kind not in CONFIG_MAPPING:
        said = f"transformers {transformers.__version__} does not know the model type {kind!r}"
        return Misfits(unknown=said)
    try:
        with silence(), torch.device("meta"):
            config: Any = AutoConfig.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            model = _BUILDERS[role].from_config(config, trust_remote_code=False)
    except Exception as error:
        said = f"transformers {transformers.__version__} cannot build it: {one_line(error)}"
        is_ours = isinstance(error, NotImplementedError) or "meta" in said
        return Misfits(untold=said) if is_ours else Misfits(unbuildable=said)
    try:
        held = {name: _make_empty(one) for name, one in tensors.items()}
        with silence():
            _, info = type(model).from_pretrained(
                None, config=config, state_dict=held, device_map="meta",
                ignore_mismatched_sizes=True, output_loading_info=True,
            )  # fmt: skip
    except Exception as error:  # of how it is asked here, not of the folder: the load will tell
        return Misfits(untold=one_line(error))
    return sort_misfits(model, info, role)


def sort_misfits(model: Any, info: Mapping[str, Any], role: Role) -> Misfits:
    """Return what a report on loading means for a role.

    Args:
        model: as built from the configuration.
        info: transformers' report (``output_loading_info``).

    Returns:
        Missing keys by whether they belong to a new head, and what lies over.
    """
    prefix = str(model.base_model_prefix)
    missing = sorted(map(str, info["missing_keys"]))
    mismatched = sorted(str(one[0] if isinstance(one, tuple) else one)
                        for one in info["mismatched_keys"])  # fmt: skip
    is_new = {key: _is_head(key, prefix, role) for key in (*missing, *mismatched)}
    surplus = sorted(map(str, info["unexpected_keys"]))
    expected = set(model.state_dict())
    return Misfits(
        missing=tuple(key for key in missing if not is_new[key]),
        mismatched=tuple(key for key in mismatched if not is_new[key]),
        head=tuple(key for key in (*missing, *mismatched) if is_new[key]),
        surplus=tuple(surplus),
        further=tuple(key for key in surplus if _is_further_layer(key, prefix, expected)),
    )


def _is_head(key: str, prefix: str, role: Role) -> bool:
    """Return whether a key belongs to what is drawn anew: above the last layer of the body.

    A pooler stands above it: BERT has one in ``bert.``, and folders from masked language models
    come without; an embedder does not read it.
    """
    if role == "generator":
        return False
    inner = key.removeprefix(f"{prefix}.") if prefix else key
    is_pooler = inner.startswith("pooler.")
    if role == "embedder":
        return is_pooler
    return is_pooler or inner == key


def _is_further_layer(key: str, prefix: str, expected: Collection[str]) -> bool:
    """Return whether a key is one of the architecture's with a number that it does not go up to."""
    if key in expected or f"{prefix}.{key}" in expected:
        return False
    for found in _NUMBER.finditer(key):
        other = f"{key[: found.start()]}0{key[found.end() :]}"
        if other in expected or f"{prefix}.{other}" in expected:
            return True
    return False


def _make_empty(one: TensorHeader) -> torch.Tensor:
    dtype = _DTYPES.get(one.dtype, torch.float32)
    return torch.empty(one.shape, dtype=dtype, device="meta")


@contextmanager
def silence() -> Iterator[None]:
    """Switch off transformers' warnings and progress bars for a while."""
    verbosity = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
