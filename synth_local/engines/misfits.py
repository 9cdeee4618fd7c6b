"""What of a folder's weights does not fit its architecture, and what is made of it.

Light: the comparison itself is made behind a door.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from synth_local.errors import BrokenModelError

NAMED = 4  # keys that a message names


@dataclass(frozen=True, slots=True)
class Misfits:
    """What does not fit.

    Attributes:
        missing: keys of the architecture that the weights lack; nothing may be drawn for them.
        mismatched: keys whose tensor has another shape.
        head: keys of a new head, which are drawn at random.
        surplus: keys of the weights that the architecture has no place for.
        further: of these, keys of layers beyond those that the configuration names.
        unknown: why the library cannot tell: it does not know this kind of model.
        untold: why the comparison itself failed; the load is asked again.
        unbuildable: what the library says where it knows the kind and cannot build it.
    """

    missing: tuple[str, ...] = ()
    mismatched: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    unknown: str = ""
    untold: str = ""
    unbuildable: str = ""

    def describe(self) -> str:
        """Return what lies over and what is drawn anew, for people; empty where nothing is."""
        parts = []
        if self.surplus:
            parts.append(f"not used of its weights: {name_keys(self.surplus)}")
        if self.head:
            parts.append(f"a new head is drawn: {name_keys(self.head)}")
        return "; ".join(parts)


def find_problem(folder: Path, misfits: Misfits) -> BrokenModelError | None:
    """Return what to raise where weights and architecture do not fit.

    Returns:
        The error, which names keys; ``None`` where all that may not be drawn at random is there.
    """
    config = folder / "config.json"
    again = (
        "copy the folder again, whole; config.json and weights must be of one and the same model"
    )
    found = (
        (misfits.unbuildable, folder, "correct config.json, or choose another model"),
        (
            misfits.missing
            and f"the weights of {folder.name} lack {name_keys(misfits.missing)}, which config.json"
            " asks for: they would be drawn at random",
            folder,
            again,
        ),
        (
            misfits.mismatched
            and f"the weights of {folder.name} have another shape than config.json asks for: "
            f"{name_keys(misfits.mismatched)}",
            folder,
            again,
        ),
        (
            misfits.further
            and f"the weights of {folder.name} hold more layers than config.json names: "
            f"{name_keys(misfits.further)}",
            config,
            again,
        ),
    )
    for what, where, fix in found:
        if what:
            return BrokenModelError(what, where=where, fix=fix)
    return None


def name_keys(keys: Sequence[str]) -> str:
    """Return a few keys and how many more there are."""
    named = ", ".join(key[:100] for key in keys[:NAMED])
    return named if len(keys) <= NAMED else f"{named} and {len(keys) - NAMED} more"
