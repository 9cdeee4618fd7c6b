"""The answer as a few lines of text: what ``run`` prints at its end, and ``report --text`` again.

Pure. Each task's own verdict comes first and says why there is none, or what would settle it; the
others have a line each while there is room.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from types import MappingProxyType

from synth_local.evaluate.verdicts.verdict import Verdict, pick_main
from synth_local.evaluate.verdicts.words import ASKED_SHORT, format_difference, format_why

#: Lines of the whole answer, its head included.
MOST_LINES = 12
#: Lines that explain one verdict.
MOST_REASONS = 2
NOTHING = "no answer: no student was evaluated"
_ANSWERS = MappingProxyType(
    {
        "as_good": "as good",
        "worse": "worse",
        "helps": "helps",
        "harms": "harms",
        "open": "open",
        "none": "no verdict",
    }
)
_HEAD = ("task", "student", "synthetic", "answer", "difference")
_GAP = 2
_SMALLEST_NAME = 8


def write_answer_text(verdicts: Sequence[Verdict], width: int = 80) -> list[str]:
    """Return the answers of a run as lines.

    Args:
        verdicts: of a run, in its order.
        width: columns of the terminal, at least 40; no line is longer, where names can be cut.

    Returns:
        At most a dozen lines; where there are more answers the last one says how many.
    """
    if not verdicts:
        return [NOTHING]
    mains = _list_mains(verdicts)
    others = [verdict for verdict in verdicts if verdict not in mains]
    ordered = [*mains, *others]
    rows = [_HEAD, *(_make_row(one) for one in ordered)]
    if len({verdict.student for verdict in verdicts}) == 1:  # the line above the table names it
        rows = [(row[0], "", *row[2:]) for row in rows]
    head, *lines = _align(rows, width)
    meaning = textwrap.wrap(_explain_table(verdicts), width)
    room = MOST_LINES - len(meaning) - 2  # head, and how many there are besides
    spare = max(0, room - len(mains))
    found: list[str] = []
    for one, line in zip(mains[:room], lines, strict=False):
        reasons = _explain(one, width)[:spare]
        spare -= len(reasons)
        found += [line, *reasons]
    found += lines[len(mains) :][:spare]
    more = max(0, len(mains) - room) + max(0, len(others) - spare)
    # the line that would count one more answer has room for it
    rest = lines[-1:] if more == 1 else [f"and {more} more answers: see the report"]
    return [*meaning, head, *found, *(rest if more else [])]


def _explain_table(verdicts: Sequence[Verdict]) -> str:
    is_one = all(verdict.num_corpora == 1 for verdict in verdicts)
    margin = f"{verdicts[0].margin:g}"
    scope = "for this corpus" if is_one else "for these corpora"
    students = {verdict.student for verdict in verdicts}
    who = f"; student {verdicts[0].student}" if len(students) == 1 else ""
    return f"macro-F1, synthetic minus partner; as good: within {margin}; {scope}{who}"


def _list_mains(verdicts: Sequence[Verdict]) -> list[Verdict]:
    tasks = dict.fromkeys(verdict.task for verdict in verdicts)
    return [pick_main([verdict for verdict in verdicts if verdict.task == task]) for task in tasks]


def _make_row(one: Verdict) -> tuple[str, ...]:
    return (
        one.task,
        one.student,
        ASKED_SHORT[one.question],
        _ANSWERS[one.verdict],
        format_difference(one) or "-",
    )


def _align(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return the rows in columns; names of tasks and students give way where they must."""
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    widths = [max(map(len, column)) for column in columns]
    names = range(len(columns) - 3)
    over = sum(widths) + _GAP * (len(columns) - 1) - width
    while over > 0 and max(widths[place] for place in names) > _SMALLEST_NAME:
        widths[max(names, key=widths.__getitem__)] -= 1
        over -= 1
    return [
        (" " * _GAP)
        .join(_cut(cell, size).ljust(size) for cell, size in zip(row, widths, strict=True))
        .rstrip()
        for row in zip(*columns, strict=True)
    ]


def _cut(text: str, size: int) -> str:
    if len(text) <= size:
        return text
    tail = (size - 2) // 2
    return f"{text[: size - 2 - tail]}..{text[len(text) - tail :]}"


def _explain(one: Verdict, width: int) -> list[str]:
    why = format_why(one)
    if not why:
        return []
    return textwrap.wrap(
        why,
        width=width,
        initial_indent="    ",
        subsequent_indent="    ",
        max_lines=MOST_REASONS,
        placeholder=" ...",
    )
