"""Tables of judgements of whole tasks: their ranking, their cycles, the votes on each pair.

Pure. What is undefined says why; a circle of majorities is named, and its tasks share a rank.
"""

from __future__ import annotations

from collections.abc import Iterable

from synth_local.analyze.judgements.records import JudgedTask, JudgedTasks, PairVotes
from synth_local.analyze.summary import Analysis
from synth_local.report import columns as col
from synth_local.report.tables import Columns, Table, Undefined, make_table, or_undefined

MEANINGS = (
    ("rank", "topological order of the majorities, the most objective task first. A range: ties or "
     "pairs that nobody judged leave the place open, or majorities run in a circle"),
    ("strength", "Bradley-Terry, in log-odds, mean 0: the difference of two tasks is the log-odds "
     "that the first is called more objective. A little drawn together, so that a task that always "
     "wins has a finite one; the far end of its interval rests on that alone"),
)  # fmt: skip


def make_ranking_table(analysis: Analysis) -> Table:
    """Return one row per task, the most objective first; no rows where nobody judged."""
    judged = analysis.judged
    columns: Columns[tuple[JudgedTask, JudgedTasks]] = (
        col.text("task", "Task", lambda pair: pair[0].task),
        col.text("rank", "Rank", lambda pair: or_undefined(format_rank(pair[0]), pair[1].reason)),
        col.text("cycle", "Circle", lambda pair: _name_circle(*pair)),
        col.difference(
            "strength",
            "Strength (log-odds)",
            lambda pair: or_undefined(pair[0].strength, pair[1].reason),
        ),
        col.count("num_wins", "Called more objective", lambda pair: pair[0].num_wins),
        col.count("num_judgements", "Judgements", lambda pair: pair[0].num_judgements),
    )
    caption = "How objective people judge the tasks to be, from the most to the least."
    tasks = [(task, judged) for task in judged.tasks] if judged else []
    return make_table("task_ranking", caption, columns, tasks)


def _name_circle(one: JudgedTask, judged: JudgedTasks) -> str | None:
    places = [place for place, group in enumerate(judged.cycles, start=1) if one.task in group]
    return str(places[0]) if places else None


def make_pair_table(analysis: Analysis) -> Table:
    """Return one row per judged pair of tasks; no rows where nobody judged."""
    columns: Columns[PairVotes] = (
        col.text("first", "Task", lambda pair: pair.first),
        col.text("second", "Other task", lambda pair: pair.second),
        col.count("num_first", "For the task", lambda pair: pair.num_first),
        col.count("num_second", "For the other", lambda pair: pair.num_second),
        col.text("majority", "Majority", lambda pair: pair.majority or Undefined("tie")),
    )
    caption = "How often each task of a pair was called the more objective one."
    pairs = analysis.judged.pairs if analysis.judged else ()
    return make_table("task_pairs", caption, columns, pairs, num_headers=2, is_long=True)


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


def format_rank(one: JudgedTask) -> str | None:
    """Return a rank as people read it: one place, or the range that is left open."""
    if one.rank is None or one.rank == one.last_rank:
        return None if one.rank is None else f"{one.rank}"
    return f"{one.rank} to {one.last_rank}"
