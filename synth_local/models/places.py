"""Where model folders and model cards lie.

A name means the folder ``$SYNTH_LOCAL_MODELS/NAME`` (``models/NAME`` in the current folder where
the variable is not set), then the same in the user's data directory, then in a further folder of
models that a caller names.
Knows nothing about what is in a folder or a card.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from synth_local.core.places import find_shipped
from synth_local.errors import ConfigError, MachineError, nearest
from synth_local.models.links import explain_link, is_dangling

MODELS_VARIABLE = "SYNTH_LOCAL_MODELS"
BUILT_IN_STUDENTS = ("scratch-bert", "tfidf-logreg", "majority", "text-length", "generator-itself")
NAME = re.compile(r"[a-z0-9_+][a-z0-9._+-]*")


def find_model(
    name: str,
    *,
    extra: Path | None = None,
    before: Path | None = None,
    is_default: bool = False,
) -> Path:
    """Return the folder of a model.

    Args:
        name: of a generator, student or embedder that has a folder.
        before: the model's folder when it was used before; looked at last.
        is_default: look at ``before`` first, unless the variable is set.

    Returns:
        The folder's absolute path; whether it holds weights is not looked at.

    Raises:
        ConfigError: the name cannot be a folder's name, or is a built-in student's.
        MachineError: no place has such a folder; all that were tried are named. Or the folder is a
            link that leads nowhere.
    """
    require_name(name)
    places = list_model_places(extra)
    folders = [place / name for place in places]
    if before is not None:
        is_first = is_default and not os.environ.get(MODELS_VARIABLE)
        folders.insert(0 if is_first else len(folders), before)
    for folder in folders:
        if not os.access(folder.parent, os.F_OK):  # other users' folders may be closed
            continue
        if folder.is_dir():
            return folder
        if is_dangling(folder):
            raise explain_link(folder)
    raise MachineError(
        f"there is no folder for the model {name!r}",
        fix=f"{_guess_folder(name, places)}copy its folder to one of these places, set "
        f"{MODELS_VARIABLE}, or make a miniature: synth-local models tiny --out {places[0] / name}"
        + "".join(f"\ntried {folder}" for folder in dict.fromkeys(folders)),
    )


def require_name(name: str) -> None:
    """Do nothing where a name can be a model folder's.

    Raises:
        ConfigError: it cannot, or is a built-in student's.
    """
    if name in BUILT_IN_STUDENTS:
        raise ConfigError(
            f"{name} is a built-in student and has no folder", fix="name it under students: only"
        )
    if not NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot be a model's name",
            fix="use lower-case letters, digits and . _ + - only; rename the folder alike",
        )


def list_model_places(extra: Path | None = None) -> list[Path]:
    """Return the folders that model folders are looked for in, in order.

    Returns:
        Absolute paths, each once; they need not exist.
    """
    root = os.environ.get(MODELS_VARIABLE, "")
    places = [Path(root or "models")]
    data = os.environ.get("XDG_DATA_HOME", "")
    try:
        home = Path(data) if data else Path.home() / ".local" / "share"
        places.append(home / "synth-local" / "models")
        places = [place.expanduser() for place in places]
    except RuntimeError:  # a user without a home directory
        pass
    if extra is not None:
        places.append(extra)
    return list(dict.fromkeys(place.absolute() for place in places))


def list_card_places() -> list[Path]:
    """Return the folders that model cards are looked for in, in order.

    Returns:
        ``model_cards`` of the current folder, then the cards that came with the package.
    """
    return list(dict.fromkeys([Path("model_cards").absolute(), find_shipped("model_cards")]))


def find_card(name: str) -> Path | None:
    """Return the first card file of that name outside model folders, or ``None``."""
    if Path(name).name != name:
        return None
    paths = (place / f"{name}.md" for place in list_card_places())
    return next((path for path in paths if path.is_file()), None)


def _guess_folder(name: str, places: list[Path]) -> str:
    """Return a hint at a folder that may be meant, or nothing."""
    for place in places:
        may_look = os.access(place, os.R_OK | os.X_OK) and place.is_dir()
        children = [child.name for child in place.iterdir()] if may_look else []
        for child in children:
            if child.casefold() == name:
                return f"rename {place / child} to {name}, or\n"
        near = nearest(name, children)
        if near:
            return f"correct the name{near}, or\n"
    return ""
