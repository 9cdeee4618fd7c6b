"""Ways in which folders of models arrive broken, each made from a whole one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
Tensors = dict[str, torch.Tensor]


def copy_model(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    return target


def change_json(path: Path, **values: Any) -> None:
    """Change keys of a JSON file; ``None`` takes one out."""
    config = json.loads(path.read_text()) | values
    path.write_text(json.dumps({key: one for key, one in config.items() if one is not None}))


def change_weights(folder: Path, change: Callable[[Tensors], Mapping[str, torch.Tensor]]) -> None:
    changed = change(load_file(folder / WEIGHTS))
    kept = {name: tensor.contiguous() for name, tensor in changed.items()}
    save_file(kept, folder / WEIGHTS, {"format": "pt"})


def lose(*parts: str) -> Callable[[Path], None]:
    """Return what takes every tensor out whose name holds one of the parts."""

    def change(folder: Path) -> None:
        change_weights(
            folder,
            lambda held: {k: v for k, v in held.items() if not any(part in k for part in parts)},
        )

    return change


def write(name: str, content: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return change


def configure(**values: Any) -> Callable[[Path], None]:
    return lambda folder: change_json(folder / "config.json", **values)


def split(folder: Path) -> None:
    """Cut the weights into two files with an index, as large models come."""
    held = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    names = [f"model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    place = {key: names[number % 2] for number, key in enumerate(sorted(held))}
    for name in names:
        save_file({k: v for k, v in held.items() if place[k] == name}, folder / name)
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": place}))


def lose_index(folder: Path) -> None:
    split(folder)
    (folder / INDEX).unlink()


def misplace(folder: Path) -> None:
    """Let the index name the other file for each tensor."""
    split(folder)
    place = json.loads((folder / INDEX).read_text())["weight_map"]
    other = dict(zip(sorted(set(place.values())), sorted(set(place.values()))[::-1], strict=True))
    index = {"weight_map": {key: other[name] for key, name in place.items()}}
    (folder / INDEX).write_text(json.dumps(index))


def forget(folder: Path) -> None:
    """Let the index leave out a tensor that a file holds."""
    split(folder)
    index = json.loads((folder / INDEX).read_text())
    index["weight_map"].pop(sorted(index["weight_map"])[1])
    (folder / INDEX).write_text(json.dumps(index))


def lose_shard(folder: Path) -> None:
    split(folder)
    (folder / "model-00002-of-00002.safetensors").unlink()


def point_outside(folder: Path) -> None:
    split(folder)
    index = json.loads((folder / INDEX).read_text())
    index["weight_map"] = dict.fromkeys(index["weight_map"], "../elsewhere.safetensors")
    (folder / INDEX).write_text(json.dumps(index))


def hang(name: str) -> Callable[[Path], None]:
    """Return what makes a file a link that leads nowhere, as in a hub's cache without its blobs."""

    def change(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to("../../blobs/0123abcd")

    return change


def cut(folder: Path) -> None:
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[: len(content) // 2])


def adapt(folder: Path) -> None:
    """Make it what PEFT saves: an adapter without a configuration."""
    (folder / "config.json").unlink()
    adapt_beside(folder)


def adapt_beside(folder: Path) -> None:
    """Make it an adapter to which somebody copied the configuration of its base."""
    (folder / WEIGHTS).unlink()
    save_file({"base_model.model.lora_A": torch.zeros(2, 2)}, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "org/base-7b"}')


def lose_adapter_config(folder: Path) -> None:
    adapt_beside(folder)
    (folder / "adapter_config.json").unlink()


def add_tokens(folder: Path) -> None:
    """Add tokens to the tokenizer as people do, without rows for them."""
    path = folder / "tokenizer.json"
    value = json.loads(path.read_text())
    taken = max(value["model"]["vocab"].values())
    for one in value["added_tokens"]:
        taken = max(taken, one["id"])
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
    value["added_tokens"] += [
        {"id": taken + 1 + n, "content": f"[new{n}]", **flags} for n in range(3)
    ]
    path.write_text(json.dumps(value))


def quantise(section: Any) -> Callable[[Path], None]:
    return configure(quantization_config=section)
