"""Is a model's folder whole, as far as headers and JSON files tell? All that is wrong, in one list.

Light, so that ``plan`` can ask: no tensor is read, nothing heavy imported. Whether every weight of
the architecture is there is asked at the engines' door, which builds the model without weights.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synth_local.errors import BrokenModelError, MachineError, one_line
from synth_local.models.headers import TensorHeader, read_header
from synth_local.models.quantization import find_quantization_fault
from synth_local.models.vocabulary import find_tokenizer_fault, find_vocabulary_fault
from synth_local.models.weights import (
    AGAIN,
    CONFIG,
    FAKE_TYPE,
    INDEX,
    list_tensors,
    list_weights,
    read_config,
    read_index,
    require_weights,
)

STATIC_TYPE = "model2vec"
# files whose content must be an object; of the others it is enough that they are JSON
OBJECTS = (CONFIG, "generation_config.json", "tokenizer_config.json", "special_tokens_map.json")
_LAYER_COUNTS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_LAYER = re.compile(r"(?:^|\.)(?:layers|layer|h|blocks)\.(\d+)\.")


def require_whole(folder: Path) -> None:
    """Do nothing where nothing is wrong with a model's folder, as far as headers tell.

    Raises:
        MachineError: the first of ``list_faults``.
    """
    for fault in list_faults(folder):
        raise fault


def list_faults(folder: Path) -> list[MachineError]:
    """Return what is wrong with a model's folder; headers and JSON files are read, no tensors.

    Returns:
        Errors that name file, key and fix; none where weights, index, configuration and tokenizer
        fit one another.
    """
    try:
        require_weights(folder)
    except MachineError as error:
        return [error, *(fault for fault in _check_json(folder) if fault.where != error.where)]
    faults = _check_json(folder)
    config = read_config(folder)
    if config.get("model_type") == FAKE_TYPE:
        return faults
    frames = _check_frames(folder)
    if frames:
        return faults + frames
    faults += _check_index(folder)
    if (lost := find_tokenizer_fault(folder)) is not None:
        faults.append(lost)
    if config.get("model_type") == STATIC_TYPE or faults:
        return faults
    tensors = list_tensors(folder)
    found = (
        find_quantization_fault(folder, config),
        _check_layers(folder, config, tensors),
        find_vocabulary_fault(folder, tensors),
    )
    return [one for one in found if one is not None]


def _check_json(folder: Path) -> list[MachineError]:
    """Return the JSON files that are none: a copy that was cut, a page of a proxy."""
    faults: list[MachineError] = []
    for path in sorted(one for one in folder.glob("*.json") if one.is_file()):
        if path.name == INDEX:
            continue  # read with the weights
        try:
            value = json.loads(path.read_bytes())
            if path.name in OBJECTS and not isinstance(value, dict):
                raise TypeError(f"it holds a {type(value).__name__}, not an object")
        except (OSError, ValueError, TypeError, RecursionError) as error:
            what = f"{path.name} cannot be read: {one_line(error)}"
            faults.append(BrokenModelError(what, where=path, fix=f"copy {path.name} again"))
    return faults


def _check_frames(folder: Path) -> list[MachineError]:
    faults: list[MachineError] = []
    for path in list_weights(folder):
        try:
            read_header(path)
        except BrokenModelError as error:
            faults.append(error)
    return faults


def _check_index(folder: Path) -> list[MachineError]:
    """Return where the index and its files do not hold the same tensors."""
    index = read_index(folder)
    held = {name: read_header(folder / name).keys() for name in set(index.values())}
    lost = sorted(key for key, name in index.items() if key not in held[name])
    unnamed = sorted({key for keys in held.values() for key in keys} - index.keys())
    if lost:
        what = (
            f"says that {index[lost[0]]} holds {lost[0]}, and it does not "
            f"({len(lost)} of {len(index)} tensors are not where the index says)"
        )
    elif unnamed:
        what = f"does not name {unnamed[0]}, which its files hold ({len(unnamed)} such tensors)"
    else:
        return []
    return [
        BrokenModelError(
            f"the index {INDEX} {what}",
            where=folder / INDEX,
            fix="copy the index and its files again, of one and the same version",
        )
    ]


def _check_layers(
    folder: Path, config: Mapping[str, Any], tensors: Mapping[str, TensorHeader]
) -> MachineError | None:
    """Return which layers have no tensor at all, whatever the architecture calls its parts."""
    count = next((config[key] for key in _LAYER_COUNTS if isinstance(config.get(key), int)), 0)
    numbers = {int(found[1]) for name in tensors if (found := _LAYER.search(name))}
    lost = sorted(set(range(count)) - numbers)
    if not numbers or not lost:
        return None
    return BrokenModelError(
        f"the weights hold nothing of layer {lost[0]} ({len(lost)} of the {count} layers that "
        f"{CONFIG} names are missing)",
        where=folder,
        fix=f"{AGAIN}; {CONFIG} and weights must be of one and the same model",
    )
