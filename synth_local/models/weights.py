"""Is there a model in this folder? Safetensors only: pickled weights can run code when loaded.

Knows the files of a Hugging Face folder; nothing about cards, engines or tensors' meaning.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from synth_local.errors import BrokenModelError, MachineError, one_line
from synth_local.models.headers import TensorHeader, read_header
from synth_local.models.links import refuse_dangling

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
ADAPTER = "adapter_config.json"
FAKE_TYPE = "synth-local-fake"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
PART = re.compile(r"-(\d+)-of-(\d+)\.safetensors$")
AGAIN = "copy the folder again, whole"
POINTER = b"version https://git-lfs"
POINTER_BYTES = 1024  # a Git LFS pointer is a short text; weights are never that small


def require_weights(folder: Path) -> None:
    """Do nothing where ``folder`` holds weights that may be loaded.

    The served fake (``model_type: synth-local-fake``) needs no weights.

    Raises:
        MachineError: there is no ``config.json``, no Safetensors file, a shard or the index is
            missing, a link leads nowhere, the weights are pickled, or those of an adapter.
    """
    refuse_dangling(folder)
    refuse_adapter(folder)
    config = read_config(folder)
    if config.get("model_type") == FAKE_TYPE:
        return
    weights = list_weights(folder)
    if not weights:
        raise _explain_no_weights(folder)
    missing = [name for name in list_shards(folder) if not (folder / name).is_file()]
    if missing:
        raise BrokenModelError(
            f"{len(missing)} of the weights' shards missing: {', '.join(missing[:3])}",
            where=folder / INDEX,
            fix=AGAIN,
        )
    _require_index(folder, weights)
    for path in weights:
        if is_pointer(path):
            raise BrokenModelError(
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

    Returns:
        The mapping, with at least one key.

    Raises:
        MachineError: the file is missing or is not a JSON object.
    """
    path = folder / CONFIG
    fix = f"{AGAIN}, or choose another model"
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        what = f"the model folder {folder.name} has no {CONFIG}"
        raise BrokenModelError(what, where=folder, fix=fix) from error
    except (OSError, ValueError, RecursionError) as error:
        what = f"{CONFIG} cannot be read: {one_line(error)}"
        raise BrokenModelError(what, where=path, fix=fix) from error
    if not isinstance(value, dict) or not value:
        raise BrokenModelError(f"{CONFIG} describes no model", where=path, fix=fix)
    return value


def list_weights(folder: Path) -> list[Path]:
    """Return the Safetensors files of a folder, by name."""
    return sorted(folder.glob("*.safetensors"))


def list_shards(folder: Path) -> list[str]:
    """Return the names of the files that the index of split weights asks for.

    Returns:
        Sorted names; none where the weights are not split.

    Raises:
        BrokenModelError: the index cannot be read.
    """
    return sorted(set(read_index(folder).values()))


def read_index(folder: Path) -> dict[str, str]:
    """Return the index of split weights.

    Returns:
        Names of tensors to names of files; nothing where the weights are not split.

    Raises:
        BrokenModelError: the index cannot be read, or names a file outside of the folder.
    """
    path = folder / INDEX
    if not path.is_file():
        return {}
    try:
        files = {
            str(key): str(file) for key, file in json.loads(path.read_bytes())["weight_map"].items()
        }
        outside = next((file for file in files.values() if Path(file).name != file), None)
        if outside is not None:
            raise ValueError(f"{outside[:100]!r} is no file of this folder")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BrokenModelError(
            f"the index of the weights, {INDEX}, cannot be read: {one_line(error)}",
            where=path,
            fix=AGAIN,
        ) from error
    return files


def list_tensors(folder: Path) -> dict[str, TensorHeader]:
    """Return the tensors that a library loads from a folder, by name; headers are read alone.

    Args:
        folder: of a model that has passed ``require_weights``.

    Returns:
        Those of ``model.safetensors``, or of the files of the index where there is none.

    Raises:
        BrokenModelError: a file is cut, or has no such header.
    """
    whole = folder / WEIGHTS
    files = [whole] if whole.is_file() else [folder / name for name in list_shards(folder)]
    return {name: entry for path in files for name, entry in read_header(path).items()}


def is_pointer(path: Path) -> bool:
    """Return whether a file is what Git leaves where large files were not fetched."""
    if path.stat().st_size > POINTER_BYTES:
        return False
    return path.read_bytes().startswith(POINTER)


def refuse_adapter(folder: Path) -> None:
    """Do nothing where a folder is no adapter: that changes a base's weights and has none itself.

    Raises:
        BrokenModelError: PEFT wrote the folder; its base is named.
    """
    path = folder / ADAPTER
    weights = [weight.name for weight in list_weights(folder)]
    if not path.is_file() and (not weights or any(not n.startswith("adapter_") for n in weights)):
        return
    try:
        config = json.loads(path.read_bytes())
        base = str(config["base_model_name_or_path"])[:100]
    except (OSError, ValueError, KeyError, TypeError):
        base = "a base that it does not name"
    raise BrokenModelError(
        f"{folder.name} is an adapter of {base}, not a whole model",
        where=path if path.is_file() else folder,
        fix="merge it into its base where that lies, and copy what that writes: "
        "PeftModel.from_pretrained(BASE, ADAPTER).merge_and_unload().save_pretrained(FOLDER), "
        "and the tokenizer's save_pretrained(FOLDER)",
    )


def _require_index(folder: Path, weights: list[Path]) -> None:
    """Refuse files that are parts of a whole without the index that says which."""
    if (folder / WEIGHTS).is_file() or (folder / INDEX).is_file():
        return
    parts = [found for path in weights if (found := PART.search(path.name))]
    if parts:
        raise BrokenModelError(
            f"{weights[0].name} is one of {int(parts[0][2])} parts, and the index {INDEX} that "
            "says what is in them is missing",
            where=folder,
            fix=AGAIN,
        )
    raise BrokenModelError(
        f"there is neither {WEIGHTS} nor {INDEX}, and {weights[0].name} alone is not looked for",
        where=folder,
        fix=f"rename {weights[0].name} to {WEIGHTS} where it holds the whole model, or {AGAIN}",
    )


def _explain_no_weights(folder: Path) -> MachineError:
    pickled = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
    if pickled:
        return BrokenModelError(
            f"the weights of {folder.name} are pickled ({pickled[0]}): loading them can run code",
            where=folder,
            fix="convert them on a machine where that does no harm: load the folder with "
            "transformers and call save_pretrained(FOLDER)",
        )
    other = sorted(path.name for path in folder.glob("*.gguf"))
    found = f" ({other[0]} is in a format that is not served)" if other else ""
    return BrokenModelError(
        f"the model folder {folder.name} has no weights{found}",
        where=folder,
        fix="copy the *.safetensors files there, or make a miniature: synth-local models tiny ...",
    )
