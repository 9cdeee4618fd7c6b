"""``models check``: all that is wrong with a model's folder, by files and architecture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synth_local.engines.fit import find_misfits
from synth_local.engines.misfits import find_problem
from synth_local.errors import ConfigError, MachineError
from synth_local.models import check_model, load_card, require_role, require_whole


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found.

    Attributes:
        problems: one sentence each; none where the model is what it says.
        notes: what is worth a word and no problem.
    """

    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def examine_model(name: str, folder: Path) -> Examined:
    """Return what is wrong with a model's folder; headers are read, tensors are not.

    Returns:
        Problems of its files, and of its weights against the architecture for the role that its
        card names. What transformers does not know, and vLLM may, is a note.
    """
    problems = check_model(folder)
    try:
        require_whole(folder)
    except MachineError:
        return Examined(tuple(problems))
    try:
        card = load_card(name, folder)
        require_role(card.role, name, folder, card)
    except ConfigError as error:  # a wrong card is among the problems already
        named = [] if problems else [f"{error.what}; {error.fix}"]
        return Examined((*problems, *named))
    role = card.role
    misfits = find_misfits(folder, role)
    problem = find_problem(folder, misfits)
    if problem is not None:
        problems.append(f"{problem.what}; {problem.fix}")
    unknown = misfits.unknown and f"not compared with its architecture: {misfits.unknown}"
    notes = (one for one in (unknown, misfits.describe()) if one)
    return Examined(tuple(problems), tuple(notes))
