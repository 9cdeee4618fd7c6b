"""``models add``: a folder or a GGUF file that somebody carried in becomes one of the models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from synth_local.commands.intake.convert import take_gguf
from synth_local.commands.intake.own_card import Provenance, write_own_card
from synth_local.commands.intake.place import (
    Workshop,
    open_workshop,
    refuse_taken,
    require_space,
)
from synth_local.commands.model_check import require_fine
from synth_local.core.hashing import digest_file
from synth_local.errors import ConfigError, quote
from synth_local.models import (
    copy_files,
    is_gguf,
    list_model_places,
    list_taken,
    refuse_unsafe,
    require_name,
)

SNAPSHOTS = "snapshots"


def add_model(path: Path, name: str | None, out: Path | None, *, link: bool) -> Iterator[str]:
    """Take a model in; yield lines for people.

    Args:
        path: a folder with safetensors, or a GGUF file under any name.
        name: of the model; ``None``: made from the path.
        out: the folder of models; ``None``: the first of those that are looked in.
        link: make links to the folder's files instead of copies.

    Raises:
        ConfigError: the path is neither, the name cannot be one, or its place is taken.
        BrokenModelError: the weights are not safe, not whole, or not those of their architecture.
        MachineError: the package ``gguf`` or room on the disk is missing.
    """
    is_file = _require_kind(path, link=link)
    name = name or suggest_name(path)
    require_name(name)
    place = list_model_places()[0] if out is None else out.absolute()
    refuse_taken(place / name)
    if not is_file:
        refuse_unsafe(path)
        if not link:
            require_space(place, sum((path / one).stat().st_size for one in list_taken(path)))
    yield f"{name}: from {path}"
    with open_workshop(place, name) as workshop:
        provenance = _take_file(path, workshop) if is_file else _take(path, workshop, link=link)
        write_own_card(workshop.model, name, provenance)
        require_fine(name, workshop.model)
    yield f"{name}: {place / name}"


def suggest_name(path: Path) -> str:
    """Return a model's name made from a path.

    Returns:
        The folder's or the file's name in lower case; of a hub's cache that of the repository;
        empty where nothing of it can be in a name.
    """
    absolute = path.absolute()
    if absolute.parent.name == SNAPSHOTS:
        spelled = absolute.parent.parent.name.split("--")[-1]
    else:
        spelled = absolute.name.removesuffix(".gguf")
    return re.sub(r"[^a-z0-9._+-]+", "-", spelled.lower()).strip(".-")


def _require_kind(path: Path, *, link: bool) -> bool:
    """Return whether a path is a file; refuse what is neither a folder nor a GGUF file."""
    if path.is_dir():
        return False
    if not is_gguf(path):
        what = "is no GGUF file" if path.is_file() else "is not there"
        raise ConfigError(
            f"{quote(str(path))} {what}",
            fix="name a folder with config.json and safetensors, or a GGUF file",
        )
    if link:
        raise ConfigError(
            "a GGUF file is converted, and cannot be linked", where="--link", fix="leave it out"
        )
    return True


def _take(path: Path, workshop: Workshop, *, link: bool) -> Provenance:
    copy_files(path, list_taken(path), workshop.model, link=link)
    if link and (workshop.model / "README.md").is_symlink():
        # a card is written beside the links, never through one
        card = workshop.model / "README.md"
        text = card.read_bytes()
        card.unlink()
        card.write_bytes(text)
    how = "Its files are links to that folder's." if link else "Its files are copies."
    return Provenance((f"Carried in as the folder `{path.absolute().name}`. {how}",), {})


def _take_file(path: Path, workshop: Workshop) -> Provenance:
    return take_gguf(path, workshop.model, f"`{path.name}` (SHA-256 {digest_file(path)})")
