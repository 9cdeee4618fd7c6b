"""Is there a model in this folder? Safetensors only: pickled weights can run code when loaded.

Knows the files of a Hugging Face folder; nothing about cards, engines or tensors' meaning.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from synth_local.errors import MachineError

CONFIG = "config.json"
INDEX = "model.safetensors.index.json"
FAKE_TYPE = "synth-local-fake"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
POINTER = b"version https://git-lfs"
POINTER_BYTES = 1024  # a Git LFS pointer is a short text; weights are never that small


def require_weights(folder: Path) -> None:
    """Do nothing where ``folder`` holds weights that may be loaded.

    The served fake (``model_type: synth-local-fake``) needs no weights.

    Args:
        folder: of a model.

    Raises:
        MachineError: there is no ``config.json``, no Safetensors file, a shard is missing, or the
            weights are pickled.
    """
    config = read_config(folder)
    if config.get("model_type") == FAKE_TYPE:
        return
    weights = list_weights(folder)
    if not weights:
        raise _explain_no_weights(folder)
    missing = [name for name in list_shards(folder) if not (folder / name).is_file()]
    if missing:
        raise MachineError(
            f"{len(missing)} of the weights' shards missing: {', '.join(missing[:3])}",
            where=folder / INDEX,
            fix="copy the folder again, whole",
        )
    for path in weights:
        if is_pointer(path):
            raise MachineError(
                f"{path.name} is a Git LFS pointer, not the weights",
                where=path,
                fix="run `git lfs pull` where the folder was cloned, and copy it again",
            )


def has_weights(folder: Path) -> bool:
    """Return whether ``require_weights`` accepts the folder."""
    try:
        require_weights(folder)
    except MachineError:
        return False
    return True


def read_config(folder: Path) -> dict[str, Any]:
    """Return a model folder's ``config.json``.

    Args:
        folder: of a model.

    Returns:
        The mapping, with at least one key.

    Raises:
        MachineError: the file is missing or is not a JSON object.
    """
    path = folder / CONFIG
    fix = "copy the folder again, whole, or choose another model"
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        what = f"the model folder {folder.name} has no {CONFIG}"
        raise MachineError(what, where=folder, fix=fix) from error
    except (OSError, ValueError) as error:
        raise MachineError(f"{CONFIG} cannot be read: {error}", where=path, fix=fix) from error
    if not isinstance(value, dict) or not value:
        raise MachineError(f"{CONFIG} describes no model", where=path, fix=fix)
    return value


def list_weights(folder: Path) -> list[Path]:
    """Return the Safetensors files of a folder, by name."""
    return sorted(folder.glob("*.safetensors"))


def list_shards(folder: Path) -> list[str]:
    """Return the names of the files that the index of split weights asks for.

    Args:
        folder: of a model.

    Returns:
        Sorted names; none where the weights are not split.

    Raises:
        MachineError: the index cannot be read.
    """
    path = folder / INDEX
    if not path.is_file():
        return []
    try:
        return sorted({str(name) for name in json.loads(path.read_bytes())["weight_map"].values()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MachineError(
            f"the index of the weights cannot be read: {error}",
            where=path,
            fix="copy the folder again, whole",
        ) from error


def is_pointer(path: Path) -> bool:
    """Return whether a file is what Git leaves where large files were not fetched."""
    if path.stat().st_size > POINTER_BYTES:
        return False
    return path.read_bytes().startswith(POINTER)


def _explain_no_weights(folder: Path) -> MachineError:
    pickled = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
    if pickled:
        return MachineError(
            f"the weights of {folder.name} are pickled ({pickled[0]}): loading them can run code",
            where=folder,
            fix="convert them on a machine where that does no harm: load the folder with "
            "transformers and call save_pretrained(FOLDER)",
        )
    other = sorted(path.name for path in folder.glob("*.gguf"))
    found = f" ({other[0]} is in a format that is not served)" if other else ""
    return MachineError(
        f"the model folder {folder.name} has no weights{found}",
        where=folder,
        fix="copy the *.safetensors files there, or make a miniature: synth-local models tiny ...",
    )
