"""Tables of judgements of whole tasks: their ranking, their cycles, the votes on each pair.

Pure. What is undefined says why; a circle of majorities is named, and its tasks share a rank.
"""

from __future__ import annotations

from collections.abc import Iterable

from synth_local.analyze.judgements.records import JudgedTask, JudgedTasks
from synth_local.analyze.summary import Analysis
from synth_local.report.tables import Column, Table, Undefined, Value

MEANINGS = (
    ("rank", "topological order of the majorities, the most objective task first. A range: ties or "
     "pairs that nobody judged leave the place open, or majorities run in a circle"),
    ("strength", "Bradley-Terry, in log-odds, mean 0: the difference of two tasks is the log-odds "
     "that the first is called more objective. A little drawn together, so that a task that always "
     "wins has a finite one; the far end of its interval rests on that alone"),
)  # fmt: skip


def make_ranking_table(analysis: Analysis) -> Table:
    """Return one row per task, the most objective first; no rows where nobody judged."""
    found = analysis.judged
    return Table(
        name="task_ranking",
        caption="How objective people judge the tasks to be, from the most to the least.",
        columns=(
            Column("task", "Task"),
            Column("rank", "Rank"),
            Column("cycle", "Circle"),
            Column("strength", "Strength (log-odds)", "interval", is_signed=True),
            Column("num_wins", "Called more objective", "count"),
            Column("num_judgements", "Judgements", "count"),
        ),
        rows=tuple(_rank_row(one, found) for one in found.tasks) if found else (),
    )


def _rank_row(one: JudgedTask, found: JudgedTasks) -> tuple[Value, ...]:
    circle = [place for place, group in enumerate(found.cycles, start=1) if one.task in group]
    return (
        one.task,
        Undefined(found.reason) if one.rank is None else spell_rank(one),
        str(circle[0]) if circle else None,
        Undefined(found.reason) if one.strength is None else one.strength,
        one.num_wins,
        one.num_judgements,
    )


def make_pair_table(analysis: Analysis) -> Table:
    """Return one row per judged pair of tasks; no rows where nobody judged."""
    pairs = analysis.judged.pairs if analysis.judged else ()
    return Table(
        name="task_pairs",
        caption="How often each task of a pair was called the more objective one.",
        columns=(
            Column("first", "Task"),
            Column("second", "Other task"),
            Column("num_first", "For the task", "count"),
            Column("num_second", "For the other", "count"),
            Column("majority", "Majority"),
        ),
        rows=tuple(
            (
                *(one.first, one.second, one.num_first, one.num_second),
                one.majority or Undefined("tie"),
            )
            for one in pairs
        ),
        num_headers=2,
    )


def list_cycles(found: JudgedTasks) -> tuple[str, ...]:
    """Return a line for each group of tasks that no order can honour."""
    return tuple(
        f"circle {place}: {', '.join(group)}. No order agrees with every majority among them; "
        "they share a rank"
        for place, group in enumerate(found.cycles, start=1)
    )


def describe(found: JudgedTasks) -> Iterable[str]:
    """Yield what is behind the ranking: how many judgements, how far they agree, what is open."""
    who = "annotator" if found.num_annotators == 1 else "annotators"
    yield (
        f"{found.num_judgements:,} judgements by {found.num_annotators:,} {who} on "
        f"{len(found.pairs):,} of {found.num_pairs:,} pairs; {found.num_tied:,} tied. "
        "Intervals take judgements for independent: annotators who differ make them too narrow."
    )
    if found.same is None or found.coefficient is None:
        yield "Agreement between annotators is undefined: no pair has two judgements."
    else:
        yield (
            f"Two judgements of one pair say the same in {found.same:.1%} of cases (guessing: "
            f"50 %); Kendall's coefficient of agreement {found.coefficient:.3f}."
        )


def spell_rank(one: JudgedTask) -> str:
    """Return a rank as people read it: one place, or the range that is left open."""
    return f"{one.rank}" if one.rank == one.last_rank else f"{one.rank} to {one.last_rank}"
