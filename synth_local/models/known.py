"""Which models are known on this machine: by a card, by a folder, or by both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synth_local.errors import ConfigError, MachineError, nearest
from synth_local.models.card import UNKNOWN_LICENSE, Card
from synth_local.models.folder import describe_folder
from synth_local.models.front_matter import SECTION, find_license, parse_front_matter, read_card
from synth_local.models.links import explain_link, is_dangling
from synth_local.models.places import (
    BUILT_IN_STUDENTS,
    find_card,
    list_card_places,
    list_model_places,
)
from synth_local.models.weights import require_weights

FOLDER_CARD = "README.md"


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One line of the list of models.

    Attributes:
        card: what is known of it; ``None`` where its card is wrong.
        card_file: where the card stands, or ``None`` where the folder alone spoke.
        folder: where it lies, or ``None``.
        problem: why it cannot be used; empty where it can.
    """

    name: str
    card: Card | None
    card_file: Path | None
    folder: Path | None
    problem: str

    @property
    def role(self) -> str:
        """Return what the model is for; empty where its card is wrong."""
        return self.card.role if self.card else ""

    @property
    def license(self) -> str:
        """Return the licence's short name; empty where the card is wrong."""
        return self.card.license if self.card else ""


def load_card(name: str, folder: Path | None) -> Card:
    """Return the card of a model.

    ``model_cards/NAME.md`` of the current folder comes first, then the cards that came with the
    package, then the card inside the model's folder. A publisher's card says nothing but the
    licence; the rest is then guessed from the folder.

    Args:
        folder: of the model, or ``None`` where there is none.

    Returns:
        The card; a bare one where nobody wrote any.

    Raises:
        ConfigError: a card is wrong.
    """
    path = find_card_file(name, folder)
    if path is None:
        return describe_folder(name, folder, _read_license(folder))
    return read_card(path, name)


def read_card_text(name: str) -> str:
    """Return the Markdown of a model's card, front matter included.

    Returns:
        The text of the card that ``load_card`` takes; where there is none, the publisher's.

    Raises:
        ConfigError: nobody wrote a card of that name; the nearest known names are offered.
    """
    entries = {entry.name: entry for entry in list_models()}
    entry = entries.get(name)
    if entry is not None:
        path = entry.card_file or (entry.folder / FOLDER_CARD if entry.folder else None)
        text = _read_leniently(path) if path else ""
        if text:
            return text
    known = sorted(entry.name for entry in entries.values() if entry.card_file)
    raise ConfigError(
        f"there is no card for the model {name!r}{nearest(name, known)}",
        fix=f"known cards: {', '.join(known)}; write your own as model_cards/{name}.md",
    )


def find_card_file(name: str, folder: Path | None) -> Path | None:
    """Return the file that ``load_card`` takes, or ``None`` where the folder alone speaks."""
    path = find_card(name)
    if path is None and folder is not None and _is_ours(folder / FOLDER_CARD):
        path = folder / FOLDER_CARD
    return path


def read_own_card(folder: Path) -> Card | None:
    """Return the card of this toolkit that lies in a model's folder, or ``None``.

    Raises:
        ConfigError: it is wrong.
    """
    path = folder / FOLDER_CARD
    return read_card(path, folder.absolute().name) if _is_ours(path) else None


def list_models(extra: Path | None = None) -> tuple[KnownModel, ...]:
    """Return every model that has a card or a folder, by name.

    Returns:
        One entry a name; a folder in an earlier place hides those in later ones.
    """
    folders: dict[str, Path] = {}
    for place in list_model_places(extra):
        children = sorted(place.iterdir()) if place.is_dir() else []
        for child in children:
            if _may_be_model(child):
                folders.setdefault(child.name, child)
    cards = {path.stem for place in list_card_places() for path in place.glob("*.md")}
    names = sorted({*folders, *cards, *BUILT_IN_STUDENTS})
    return tuple(_describe(name, folders.get(name)) for name in names)


def _describe(name: str, folder: Path | None) -> KnownModel:
    card_file = find_card_file(name, folder)
    try:
        card = load_card(name, folder)
    except ConfigError as error:
        return KnownModel(name, None, card_file, folder, f"its card is wrong: {error.what}")
    except OSError as error:
        return KnownModel(name, None, card_file, folder, f"it cannot be read: {error.strerror}")
    problem = ""
    if name not in BUILT_IN_STUDENTS:
        try:
            if folder is None:
                problem = "no folder"
            elif is_dangling(folder):
                problem = explain_link(folder).what
            else:
                require_weights(folder)
        except MachineError as error:
            problem = error.what
        except OSError as error:
            problem = f"it cannot be read: {error.strerror}"
    return KnownModel(name, card, card_file, folder, problem)


def _may_be_model(path: Path) -> bool:
    """Return whether a path is a folder, or a link where one should be."""
    return not path.name.startswith(".") and (path.is_dir() or is_dangling(path))


def _is_ours(path: Path) -> bool:
    """Return whether a folder's card was written for this toolkit."""
    return any(line.startswith(f"{SECTION}:") for line in _read_leniently(path).splitlines())


def _read_license(folder: Path | None) -> str:
    """Return the licence that a publisher's card names; a card that cannot be read names none."""
    if folder is None:
        return UNKNOWN_LICENSE
    path = folder / FOLDER_CARD
    try:
        value, _ = parse_front_matter(_read_leniently(path), path)
    except ConfigError:
        return UNKNOWN_LICENSE
    return find_license(value)


def _read_leniently(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
