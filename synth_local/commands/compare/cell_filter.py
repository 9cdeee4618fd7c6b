"""Which cells of a run an argument of ``compare`` asks for: ``DIR[::PART=VALUE[,PART=VALUE...]]``.

Text in, chosen parts out; facts of a run in, those of the chosen cells out. Reads no file. Does not
know how conditions are paired: ``unlike_runs`` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from synth_local.commands.compare.run_facts import RunFacts
from synth_local.errors import ConfigError, DataError, nearest
from synth_local.evaluate.summary import Condition

MARK = "::"
PARTS = tuple(field.name for field in fields(Condition))
ROWS = "num_train"
_FORM = f"write DIR{MARK}PART=VALUE[,PART=VALUE...], such as runs/mine{MARK}strategy=few_shot"


@dataclass(frozen=True, slots=True)
class ChosenCells:
    """What one argument asks for.

    Attributes:
        text: as typed.
        parts: what was chosen, by the names in ``PARTS``; empty where it is the whole run.
    """

    text: str
    directory: Path
    parts: Mapping[str, str]


def parse_cells(text: str) -> ChosenCells:
    """Return what an argument asks for.

    Args:
        text: as typed; a directory's name may hold ``::`` itself.

    Raises:
        ConfigError: no directory stands before the mark, or what stands behind it is no list of
            known parts, each once and with a value.
    """
    directory, mark, choice = text.rpartition(MARK)
    if not mark or Path(text).is_dir():
        return ChosenCells(text, Path(text), {})
    if not directory:
        raise ConfigError(f"no run directory before {MARK!r}", where=text, fix=_FORM)
    parts: dict[str, str] = {}
    for piece in choice.split(","):
        name, value = _parse_part(piece, text)
        if name in parts:
            raise ConfigError(
                f"{name} is chosen twice: {parts[name]!r} and {value!r}",
                where=text,
                fix="choose one value; another one is another argument",
            )
        parts[name] = value
    return ChosenCells(text, Path(directory), parts)


def choose_cells(run: RunFacts, asked: ChosenCells) -> RunFacts:
    """Return the facts of a run with nothing but the chosen cells and their corpora.

    Args:
        asked: what of it; the run is returned as it is where nothing was chosen.

    Returns:
        The facts, under the argument as it was typed.

    Raises:
        DataError: no condition of the run is like that, with or without predictions.
    """
    parts = asked.parts
    if not parts:
        return run
    kept = tuple(condition for condition in run.conditions if _fits(condition.condition, parts))
    waiting = tuple(one for one in run.waiting if _fits(one, parts))
    if not waiting and all(one.is_repeat for one in kept):
        there = [condition.condition for condition in run.conditions if not condition.is_repeat]
        raise _explain_no_match(asked, [*there, *run.waiting], has_repeats=bool(kept))
    corpora = {one.corpus for one in kept}
    return replace(
        run,
        name=asked.text,
        conditions=kept,
        num_waiting=len(waiting),
        waiting=waiting,
        corpora={key: one for key, one in run.corpora.items() if key in corpora},
        chosen=parts,
    )


def find_free_parts(first: RunFacts, other: RunFacts) -> tuple[str, ...]:
    """Return the parts that need not be the same: those chosen on either side.

    The task is never among them: test items are told apart by their numbers, so that two tasks
    would have items in common that are other texts.
    """
    chosen = first.chosen.keys() | other.chosen.keys()
    return tuple(part for part in PARTS if part in chosen and part != "task")


def explain_ambiguity(
    run: RunFacts, conditions: Sequence[Condition], free: Sequence[str], name: str
) -> str:
    """Return why it is not clear which of a run's conditions is meant, or nothing.

    Args:
        run: where they stand.
        conditions: of it, which are all alike but for ``free`` and their numbers of rows.
        free: the parts that need not be the same in both runs.
        name: what the conditions have in common, as people read it.

    Returns:
        A sentence that says what to choose, or the empty text.
    """
    values = {part: _list_values(conditions, part) for part in free}
    several = {part: found for part, found in values.items() if len(found) > 1}
    if not several:
        return ""
    spelled = " and ".join(f"{part} ({', '.join(found)})" for part, found in several.items())
    example = ",".join(f"{part}={found[0]}" for part, found in several.items())
    return (
        f"{name}: {run.name} leaves open which {spelled}; "
        f"choose one, such as {run.name}{',' if run.chosen else MARK}{example}"
    )


def _parse_part(piece: str, text: str) -> tuple[str, str]:
    name, mark, value = piece.partition("=")
    if not mark:
        raise ConfigError(f"{piece!r} is not PART=VALUE", where=text, fix=_FORM)
    if name not in PARTS:
        raise ConfigError(
            f"there is no part {name!r}",
            where=text,
            fix=f"use {', '.join(PARTS[:-1])} or {ROWS}, its number of rows{nearest(name, PARTS)}",
        )
    if not value:
        raise ConfigError(f"{name} has no value", where=text, fix=_FORM)
    if name == ROWS and not (value.isascii() and value.isdigit()):
        raise ConfigError(f"{ROWS} is no whole number: {value!r}", where=text, fix="write digits")
    return name, (value.lstrip("0") or "0") if name == ROWS else value


def _fits(condition: Condition, parts: Mapping[str, str]) -> bool:
    return all(str(getattr(condition, part)) == value for part, value in parts.items())


def _list_values(conditions: Iterable[Condition], part: str) -> list[str]:
    found = {getattr(condition, part) for condition in conditions}
    return [str(value) for value in sorted(found)]


def _explain_no_match(
    asked: ChosenCells, there: Sequence[Condition], *, has_repeats: bool
) -> DataError:
    """Return the error that names the part without a match and the values there are."""
    note = "; repeats of a corpus are left out" if has_repeats else ""
    for part, value in asked.parts.items():
        values = _list_values(there, part)
        if value not in values:
            return DataError(
                f"no condition of this run has the {part} {value!r}",
                where=asked.text,
                fix=f"choose from {', '.join(values) or 'none: the run has no cells yet'}"
                f"{nearest(value, values)}{note}",
            )
    ways = []
    for part in asked.parts:
        rest = {name: value for name, value in asked.parts.items() if name != part}
        values = _list_values((one for one in there if _fits(one, rest)), part)
        if values:
            ways.append(f"{part} from {', '.join(values)}, with {_format(rest)}")
    return DataError(
        f"no condition of this run has {_format(asked.parts)} at once",
        where=asked.text,
        fix=f"choose {'; or '.join(ways) or 'fewer parts'}{note}",
    )


def _format(parts: Mapping[str, str]) -> str:
    return ", ".join(f"{part}={value}" for part, value in parts.items())
