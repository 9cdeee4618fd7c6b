"""FewRel: sentences in which two entities are marked, and the relation from one to the other.

A relation has a direction. The head, of which something is said, is marked ``<e1>``; the tail,
which is said of it, ``<e2>``, whichever stands first in the sentence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from synth_local.errors import DataError
from synth_local.task.downloads.source_rows import SourceRow, find_part

FILES = ("train_wiki.json", "val_wiki.json")
# Wikidata's number of the relation; the head is a thing, team, film or river
RELATIONS = {"P17": "country", "P118": "league", "P58": "screenwriter", "P974": "tributary"}
SHAPE_FIX = 'each row must be {"tokens": [...], "h": [name, id, [[positions]]], "t": [...]}'


def read_fewrel(folder: Path) -> Iterator[SourceRow]:
    """Yield the four relations of FewRel that the task knows.

    Args:
        folder: that holds ``train_wiki.json`` and perhaps ``val_wiki.json``, each a mapping of
            relation numbers to rows. A relation stands in one of the two.

    Yields:
        SourceRow: of no official part: the authors split relations, not sentences.

    Raises:
        DataError: a file is missing or not in that form.
    """
    find_part(folder, FILES[0])
    for path in (folder / name for name in FILES):
        if path.is_file():
            rows = _read_relations(path)
            for number, label in RELATIONS.items():
                for index, row in enumerate(rows.get(number, ())):
                    yield _convert_row(row, label, f"{path}: {number}, row {index + 1}")


def mark_entities(tokens: Sequence[str], head: Sequence[int], tail: Sequence[int]) -> str:
    """Return a sentence with the head in ``<e1>`` and the tail in ``<e2>``.

    Args:
        head: positions of the head's tokens, in [0, tokens); at least one.
        tail: positions of the tail's tokens; none may lie between the head's first and last.

    Returns:
        The tokens with blanks between them; no blank stands inside a marker's edges.
    """
    words = list(tokens)
    for name, places in (("e1", head), ("e2", tail)):
        words[min(places)] = f"<{name}>{words[min(places)]}"
        words[max(places)] = f"{words[max(places)]}</{name}>"
    return " ".join(words)


def _read_relations(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"cannot read the file: {error}", where=path) from error
    except json.JSONDecodeError as error:
        raise DataError(
            f"not valid JSON: {error.msg}",
            where=f"{path}:{error.lineno}",
            fix="the file may be cut short; copy it again",
        ) from error
    if not isinstance(value, dict):
        raise DataError(
            f"expected a mapping of relation numbers, found {type(value).__name__}", where=path
        )
    for number, rows in value.items():
        if not isinstance(rows, list):
            raise DataError(
                f"relation {number} has no list of rows but {type(rows).__name__}",
                where=path,
                fix=SHAPE_FIX,
            )
    return value


def _convert_row(row: Any, label: str, where: str) -> SourceRow:
    try:
        tokens = [str(token) for token in row["tokens"]]
        # an entity may be named more than once; the first mention is marked
        head, tail = ([int(place) for place in row[end][2][0]] for end in ("h", "t"))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise DataError(
            f"the row is not in FewRel's form: {error!r}", where=where, fix=SHAPE_FIX
        ) from error
    if not all(places and min(places) >= 0 for places in (head, tail)) or (
        max(*head, *tail) >= len(tokens)
    ):
        raise DataError(
            f"positions lead out of the {len(tokens)} tokens: {head} and {tail}",
            where=where,
            fix=SHAPE_FIX,
        )
    if min(head) <= max(tail) and min(tail) <= max(head):
        return SourceRow(where, "whole", " ".join(tokens), label, refused="entities overlap")
    return SourceRow(where, "whole", mark_entities(tokens, head, tail), label)
