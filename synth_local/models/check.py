"""Is a model's folder complete, unmodified and safe to load? Everything wrong, in one list.

Reads every byte where a card fixes a digest. Loads nothing: headers are parsed, tensors are not.
"""

from __future__ import annotations

from pathlib import Path

from synth_local.errors import ConfigError
from synth_local.models.digest import digest_model
from synth_local.models.headers import check_safetensors
from synth_local.models.known import load_card, read_own_card
from synth_local.models.roles import name_architecture
from synth_local.models.taken import list_code_requests
from synth_local.models.weights import read_config
from synth_local.models.whole import list_faults

__all__ = ["check_model", "check_safetensors"]


def check_model(folder: Path, name: str = "") -> list[str]:
    """Return everything that is wrong with a model's folder.

    Args:
        name: of the model; empty: the folder's.

    Returns:
        One sentence a problem; none where the folder is complete, fits its card and brings no
        code of its own.
    """
    if not folder.is_dir():
        return [f"{folder} is not a folder"]
    faults = list_faults(folder)
    problems = [f"{fault.what}; {fault.fix}" if fault.fix else fault.what for fault in faults]
    problems += _check_code(folder)
    problems += _check_card(folder, name or folder.absolute().name, usable=not faults)
    return problems


def _check_code(folder: Path) -> list[str]:
    """Return where the folder asks for code of its own, which is never run unasked."""
    problems = [
        f"{path.name} is code that comes with the model; it will not be run"
        for path in sorted(folder.glob("*.py"))
    ]
    problems += [
        f"{name} asks for code of the model's own (auto_map)" for name in list_code_requests(folder)
    ]
    return problems


def _check_card(folder: Path, name: str, *, usable: bool) -> list[str]:
    """Return where the folder does not fit its card, nor the digest that lies in it."""
    try:
        card = load_card(name, folder)
        arrived = read_own_card(folder)
    except ConfigError as error:
        return [f"the card at {error.where} is wrong: {error.fix or error.what}"]
    if not usable:
        return []
    problems = []
    architecture = name_architecture(read_config(folder))
    if card.architecture and architecture and card.architecture != architecture:
        problems.append(f"its architecture is {architecture}, the card says {card.architecture}")
    expected = {"the card says": card.digest}
    expected["its own README.md says"] = arrived.digest if arrived else ""
    if not any(expected.values()):
        return problems
    digest = digest_model(folder).total
    said = [f"{who} {one}" for who, one in expected.items() if one not in {"", digest}]
    if said:
        what = f"its digest is {digest}, {said[0]}: another version, or modified"
        problems.append(what)
    return problems
