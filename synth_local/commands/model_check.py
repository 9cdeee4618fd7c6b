"""``models check``: all that is wrong with a model's folder, by files and architecture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synth_local.engines.fit import find_misfits
from synth_local.engines.misfits import find_problem
from synth_local.errors import BrokenModelError, ConfigError, MachineError
from synth_local.models import check_model, find_model, load_card, require_role, require_whole


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
    problems = check_model(folder, name)
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


def require_fine(name: str, folder: Path) -> None:
    """Do nothing where ``examine_model`` has no problem with a folder.

    Raises:
        BrokenModelError: it has; all are named.
    """
    problems = examine_model(name, folder).problems
    if problems:
        raise BrokenModelError(
            f"{name} is not what it should be: {problems[0]}",
            where=folder,
            fix="\n".join(problems[1:]) or "get it again, whole",
        )


def locate_model(name: str) -> Path:
    """Return the folder of a model.

    Raises:
        ConfigError: the name cannot be one, or its card is wrong.
        MachineError: there is none; how to get it is said where its card has a source.
    """
    try:
        return find_model(name)
    except MachineError as error:
        source = load_card(name, None).source
        if source is None:
            raise
        fix = f"{source.spell_command(name)}   (from {source.describe()}), or\n{error.fix}"
        raise MachineError(error.what, where=error.where, fix=fix) from error
