"""The door that every user of a model folder knocks at: is the model what it says?

``models check``, ``plan``, both engines, the embedder and the training ask here, so that they
answer alike. The heavy part (what would transformers draw at random?) is asked once per content of
headers and configuration, and remembered in the user's cache.
"""

from __future__ import annotations

import importlib.metadata
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from synth_local.core.files import read_json, write_json
from synth_local.core.hashing import digest_json
from synth_local.engines.environment import set_environment
from synth_local.engines.misfits import Misfits, find_problem
from synth_local.errors import BrokenModelError, MachineError
from synth_local.models import Role, read_config, require_quantization_package, require_whole
from synth_local.models.quantization import KEY
from synth_local.models.weights import FAKE_TYPE, list_tensors
from synth_local.models.whole import STATIC_TYPE

VERSION = 1  # of the comparison: raised where the same folder gets another answer


def require_fit(folder: Path, role: Role, *, engine: str = "transformers") -> Misfits:
    """Do nothing where a folder holds all weights of its architecture and a tokenizer that fits.

    Headers are read, never tensors.

    Args:
        engine: that will load it: what transformers does not know, vLLM may.

    Returns:
        What is no error and worth a word: what lies over, and what a new head is drawn for.

    Raises:
        MachineError: a file is broken, a key is missing, or transformers cannot load the model.
    """
    require_whole(folder)
    if engine == "transformers":
        require_quantization_package(folder)
    misfits = find_misfits(folder, role)
    problem = find_problem(folder, misfits)
    if problem is not None:
        raise problem
    if misfits.unknown and engine == "transformers":
        raise BrokenModelError(
            f"{folder.name}: {misfits.unknown}",
            where=folder / "config.json",
            fix="correct model_type in config.json, install a newer transformers, or choose "
            "another model",
        )
    return misfits


def find_misfits(folder: Path, role: Role) -> Misfits:
    """Return what of a folder's weights does not fit its architecture.

    Args:
        folder: of a model that ``require_whole`` accepts.

    Returns:
        Nothing for what has no architecture of transformers (the fake, tables of vectors) and for
        quantised weights, whose tensors are packed in ways of their own: of those the load itself
        tells.
    """
    config = read_config(folder)
    if config.get("model_type") in (FAKE_TYPE, STATIC_TYPE) or config.get(KEY) is not None:
        return Misfits()
    tensors = list_tensors(folder)
    shapes = {name: [one.dtype, *one.shape] for name, one in tensors.items()}
    version = importlib.metadata.version("transformers")
    memory = _place_memory() / f"{digest_json([VERSION, version, role, config, shapes])}.json"
    known = _recall(memory)
    if known is not None:
        return known
    set_environment()
    from synth_local.engines.blueprint import compare_with_architecture  # noqa: PLC0415 - heavy

    misfits = compare_with_architecture(folder, tensors, role)
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        write_json(memory, asdict(misfits))
    except (MachineError, OSError):
        pass  # it is asked again the next time
    return misfits


def _place_memory() -> Path:
    root = os.environ.get("XDG_CACHE_HOME", "")
    try:
        cache = Path(root) if root else Path.home() / ".cache"
    except RuntimeError:  # a user without a home directory
        cache = Path("/nonexistent")
    return cache / "synth-local" / "fits"


def _recall(memory: Path) -> Misfits | None:
    try:
        stored: Any = read_json(memory)
        values: dict[str, Any] = {
            name: one if isinstance(one, str) else tuple(map(str, one))
            for name, one in stored.items()
        }
        return Misfits(**values)
    except (OSError, ValueError, TypeError, AttributeError):
        return None
