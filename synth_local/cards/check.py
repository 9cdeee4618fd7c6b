"""Is a model's folder complete, unmodified and safe to load? Everything wrong, in one list.

Reads every byte where a card fixes a digest. Loads nothing: headers are parsed, tensors are not.
"""

from __future__ import annotations

import json
from pathlib import Path

from synth_local.cards.digest import TOKENIZER_FILES, digest_model
from synth_local.cards.folder import TOKENIZER_CONFIG
from synth_local.cards.known import load_card
from synth_local.cards.weights import FAKE_TYPE, list_weights, read_config, require_weights
from synth_local.errors import ConfigError, MachineError

LARGEST_HEADER = 100_000_000  # bytes; the bound of the format itself
VOCABULARIES = ("tokenizer.json", "tokenizer.model", "vocab.*", "spiece.model",
                "sentencepiece.bpe.model", "tekken.json")  # fmt: skip


def check_model(folder: Path) -> list[str]:
    """Return everything that is wrong with a model's folder.

    Args:
        folder: of the model; its name is the model's name.

    Returns:
        One sentence a problem; none where the folder is complete, fits its card and brings no
        code of its own.
    """
    if not folder.is_dir():
        return [f"{folder} is not a folder"]
    problems = []
    usable = True
    try:
        require_weights(folder)
    except MachineError as error:
        usable = False
        problems.append(f"{error.what}; {error.fix}" if error.fix else error.what)
    for path in list_weights(folder):
        broken = check_safetensors(path)
        if broken:
            usable = False
            problems.append(f"{path.name}: {broken}")
    problems += _check_tokenizer(folder)
    problems += _check_code(folder)
    problems += _check_card(folder, usable)
    return problems


def check_safetensors(path: Path) -> str:
    """Return what is wrong with the frame of a Safetensors file.

    Args:
        path: of the file.

    Returns:
        A phrase; empty where the header can be read and the file is as long as it says.

    References:
        https://huggingface.co/docs/safetensors/index#format
    """
    size = path.stat().st_size
    with path.open("rb") as handle:
        length = int.from_bytes(handle.read(8), "little")
        if size < 8 or length > min(size - 8, LARGEST_HEADER):
            return f"no Safetensors header in {size:,} bytes; copy the file again"
        try:
            header = json.loads(handle.read(length))
            ends = [
                int(entry["data_offsets"][1]) for name, entry in header.items() if _is_tensor(name)
            ]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            return f"the Safetensors header cannot be read ({error}); copy the file again"
    expected = 8 + length + max(ends, default=0)
    if size != expected:
        return f"{size:,} bytes instead of {expected:,}; copy the file again"
    return ""


def _is_tensor(name: str) -> bool:
    return name != "__metadata__"


def _check_tokenizer(folder: Path) -> list[str]:
    if _is_fake(folder) or any(any(folder.glob(pattern)) for pattern in VOCABULARIES):
        return []
    return [f"no tokenizer; one of {', '.join(TOKENIZER_FILES)} should be there"]


def _check_code(folder: Path) -> list[str]:
    """Return where the folder asks for code of its own, which is never run unasked."""
    problems = [
        f"{path.name} is code that comes with the model; it will not be run"
        for path in sorted(folder.glob("*.py"))
    ]
    for name in ("config.json", TOKENIZER_CONFIG):
        try:
            value = json.loads((folder / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            if name == TOKENIZER_CONFIG:  # the other one is reported with the weights
                problems.append(f"{name} cannot be read: {error}")
            continue
        if isinstance(value, dict) and "auto_map" in value:
            problems.append(f"{name} asks for code of the model's own (auto_map)")
    return problems


def _check_card(folder: Path, usable: bool) -> list[str]:
    """Return where the folder does not fit its card."""
    try:
        card = load_card(folder.absolute().name, folder)
    except ConfigError as error:
        return [f"the card at {error.where} is wrong: {error.fix or error.what}"]
    if not card.digest or not usable:
        return []
    found = digest_model(folder).total
    if found == card.digest:
        return []
    return [f"its digest is {found}, the card says {card.digest}: another version, or modified"]


def _is_fake(folder: Path) -> bool:
    try:
        return bool(read_config(folder).get("model_type") == FAKE_TYPE)
    except MachineError:
        return False
