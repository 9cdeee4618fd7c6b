"""The card that lies in a folder which was taken in: where it is from, and its digest.

Rendering and reading of what a folder says itself; licences are named where they are stated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_local.engines.context_length import find_context_length
from synth_local.errors import ConfigError
from synth_local.models import (
    UNKNOWN_LICENSE,
    GgufHeader,
    digest_model,
    list_weights,
    load_card,
    parse_front_matter,
    read_config,
    read_own_card,
    write_card,
)
from synth_local.models.folder import describe_folder
from synth_local.models.front_matter import SECTION, find_license

CARD = "README.md"
PUBLISHERS = "README.publisher.md"
# keys of hubs that a card may pass on; the rest of a publisher's card stays in its own file
PASSED_ON = ("license", "license_name", "license_link", "language", "base_model")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a folder is from.

    Attributes:
        told: sentences for people.
        stated: front matter that the place itself states, such as the licence in a GGUF file.
    """

    told: tuple[str, ...]
    stated: dict[str, Any]


def describe_gguf(header: GgufHeader, named: str, conversion: str) -> Provenance:
    """Return what a GGUF file says of itself, and how it became a folder.

    Args:
        named: the file, its digest and whence it came, in words.
        conversion: type and versions, in words.
    """
    title = header.text("general.name")
    told = [
        f"Made from {named}, most of whose tensors are quantised as {header.main_type}, "
        f"dequantised {conversion}. **Its quality is that of the quantised file**, not that of the "
        "publisher's weights."
    ]
    if title:
        told.append(f"The file calls itself `{_tame(title)}`.")
    stated = {}
    if header.text("general.license"):
        stated["license"] = _tame(header.text("general.license"))
    return Provenance(tuple(told), stated)


def write_own_card(
    folder: Path, name: str, provenance: Provenance, inherited: dict[str, Any] | None = None
) -> None:
    """Write the card of a folder in the making, with the digest of what is in it.

    A publisher's card stays beside it as ``README.publisher.md``. A card of this toolkit that came
    along, such as a miniature's, is left as it is.

    Args:
        name: of the model; the folder's own for now is another one.
        inherited: front matter of the model's card where it has one; ``None``: what the folder
            says of itself.
    """
    if inherited is None and read_own_card(folder) is not None:
        return
    publisher = _read_front_matter(folder / CARD)
    if (folder / CARD).is_file():
        (folder / CARD).rename(folder / PUBLISHERS)
    passed_on = {key: publisher[key] for key in PASSED_ON if _is_plain(publisher.get(key))}
    head = passed_on | provenance.stated
    section = _describe(folder, name, find_license(head))
    if inherited is not None:
        head = {key: value for key, value in inherited.items() if key != SECTION}
        section = inherited.get(SECTION) or {}
    weight_bytes = sum(path.stat().st_size for path in list_weights(folder))
    section = section | {"weight_bytes": weight_bytes, "digest": digest_model(folder).total}
    write_card(folder / CARD, head | {SECTION: section}, _render(folder, name, provenance))


def read_shipped_head(name: str, path: Path) -> dict[str, Any]:
    """Return the front matter of a model's card."""
    load_card(name, None)  # a card that is wrong is an error before anything is fetched
    return parse_front_matter(path.read_text(encoding="utf-8"), path)[0]


def _describe(folder: Path, name: str, license_name: str) -> dict[str, Any]:
    card = describe_folder(name, folder, license_name)
    section: dict[str, Any] = {"role": card.role, "thinking": card.thinking}
    if card.architecture:
        section["architecture"] = card.architecture
    if card.role == "generator":
        section["context_length"] = find_context_length(folder, card)
    return section


def _render(folder: Path, name: str, provenance: Provenance) -> str:
    config = read_config(folder)
    facts = [
        f"- architecture: {_tame(str((config.get('architectures') or ['not stated'])[0]))}",
        f"- window: {_tame(str(config.get('max_position_embeddings', 'not stated')))} tokens",
        f"- stored as: {_tame(str(config.get('dtype', config.get('torch_dtype', 'not stated'))))}",
    ]
    publisher = (folder / PUBLISHERS).is_file()
    last = [f"The publisher's own card is `{PUBLISHERS}` beside this one."] if publisher else []
    told = [*provenance.told, *last]
    return "\n\n".join([f"# {name}", "## Where it is from", *told, "\n".join(facts)])


def _read_front_matter(path: Path) -> dict[str, Any]:
    try:
        value, _ = parse_front_matter(path.read_text(encoding="utf-8", errors="replace"), path)
    except (ConfigError, OSError):
        return {}
    if find_license(value) == UNKNOWN_LICENSE:
        value.pop("license", None)
    return value


def _is_plain(value: Any) -> bool:
    """Return whether a value of somebody's YAML is text, or a list of texts."""
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    )


def _tame(text: str) -> str:
    """Return somebody's text as part of a line of Markdown."""
    return re.sub(r"[^\w .,:+/()-]", " ", text)[:200].strip()
