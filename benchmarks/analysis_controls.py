"""Controls of the analysis: do intervals cover, and tests alarm, as often as they say?

Simulates prediction tables, annotators and judgements whose truth is known, asks the toolkit's own
functions, and prints a page in Markdown. The designs are those of ``tests/controls``, where the
quick ones are tests.

    python -m benchmarks.analysis_controls [--draws 1000] > docs/analysis-controls.md
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from tests.controls import items, students, tasks, verdicts
from tests.controls.record import Control

Check = Callable[[int], Control | Sequence[Control]]
Jury, World, Process = tasks.Jury, students.World, verdicts.Process

HEAD = (
    "# Controls: intervals that cover, tests that alarm, as often as they say\n"
    "\n"
    "Made by `python -m benchmarks.analysis_controls --draws {draws}` ({date}). "
    "Tables with a known truth are\n"
    "simulated, {draws:,} times each, and the toolkit's own functions are asked. *Found* "
    "stands with its binomial standard error. *Holds*: within\n"
    "three standard errors of the stated level. *Careful*: an interval covers more often, or "
    "a test alarms less often, than stated. Where a row says\n"
    "*not claimed*, the toolkit prints no such figure or says that the figure does not mean "
    "this; the row shows why. Intervals of diversity\n"
    "measures come from subsampling and have figures of their own "
    "(`synth_local/measure/subsample.py`). No interval is printed for the\n"
    "Brier score, Krippendorff's alpha, mean agreement, Spearman's correlation, R "
    "squared and the line of a threshold curve.\n"
)
SECTIONS: tuple[tuple[str, str, tuple[Check, ...]], ...] = (
    (
        "Verdicts",
        "Two processes of training, not two sets of students: every seed has a skill of its own, "
        "and every corpus (or cut of the real rows) moves it. Where there is one corpus and "
        "corpora differ, the verdict says that it is for this corpus, and the row shows how often "
        "equal processes would then differ.",
        (
            *(
                lambda num, n=n, seeds=seeds, sd=sd: verdicts.check_equal(
                    num, Process(n, seeds, sd)
                )
                for n in (200, 1000, 5000)
                for seeds in (3, 5)
                for sd in (0.0, 0.005, 0.01, 0.02)
            ),
            *(
                lambda num, n=n, sd=sd, corpora=corpora: verdicts.check_equal(
                    num, Process(n, 3, sd, sd, corpora)
                )
                for n in (200, 1000)
                for sd in (0.005, 0.01, 0.02)
                for corpora in (1, 3, 5)
            ),
            *(
                lambda num, n=n, sd=sd: [verdicts.check_as_good(num, Process(n, 3, sd))]
                for n in (200, 1000, 5000)
                for sd in (0.0, 0.01, 0.02)
            ),
            lambda num: [verdicts.check_as_good(num, Process(1000, 3, 0.01, 0.01, 3))],
            lambda num: [verdicts.check_best_of(num, Process(1000, 3, 0.01))],
            *(
                lambda num, n=n, rare=rare: [verdicts.check_rare(num, n, rare)]
                for n, rare in ((200, 3), (200, 5), (200, 10), (1000, 3), (1000, 10))
            ),
        ),
    ),
    (
        "Scores and differences",
        "Several training seeds answer the same items; items are hard or easy for all of them. "
        "An item is drawn, or swapped, with all its "
        "seeds. Truth is that of *these* students on endlessly many further items.",
        (
            lambda num: students.check_differences(num, World()),
            lambda num: students.check_differences(num, World(num_items=60)),
            lambda num: students.check_alarms(num, World()),
            lambda num: [students.check_other_errors(num)],
            lambda num: students.check_family(num, 0),
            lambda num: students.check_family(num, 2),
        ),
    ),
    (
        "The gap by item",
        "Agreement is one of three levels. *Flat*: it says nothing of the gap. *Hard items "
        "vary more*: it says nothing of the mean gap, but "
        "disputed items are rare and their gaps scatter. *Falling*: the gap falls by 0.2 a level.",
        (
            lambda num: items.check_slope(num, "flat", 20),
            lambda num: items.check_slope(num, "falling", 20),
            lambda num: items.check_slope(num, "falling", 200),
            lambda num: items.check_slope(num, "hard items vary more", 100),
            lambda num: items.check_slope(num, "hard items vary more", 200),
            lambda num: items.check_slope_alarms(num, "flat", 20),
            lambda num: items.check_slope_alarms(num, "flat", 200),
            lambda num: items.check_slope_alarms(num, "hard items vary more", 200),
            lambda num: items.check_levels(num, 60),
            lambda num: items.check_levels(num, 200),
        ),
    ),
    (
        "Few annotators",
        "Every annotator gives the true label with the item's own chance. The agreement of few "
        "of them is a rough reading of that chance: "
        "the slope on it is closer to 0 than the slope on what endlessly many annotators would "
        "say.",
        (
            lambda num: items.check_crowd(num, 3),
            lambda num: items.check_crowd(num, 5),
            lambda num: items.check_crowd_alarms(num, 3),
            lambda num: items.check_crowd_alarms(num, 4),
            items.check_gold,
            lambda num: items.check_gold(num, 3),
            lambda num: items.check_gold(num, 5),
        ),
    ),
    (
        "Threshold curves",
        "The points of a curve share items. The toolkit prints slope, R squared and Spearman's "
        "correlation, no interval and no p value, "
        "and that the points share items. Alarms are those of the tests that one would run on "
        "the points.",
        (
            lambda num: items.check_thresholds(num, 5),
            lambda num: items.check_thresholds(num, 11),
        ),
    ),
    (
        "From task to task",
        "The unit is the task. The true slope is -0.4. With three tasks none is printed.",
        (
            *(
                lambda num, n=n, even=even: tasks.check_task_slope(num, n, is_even=even)
                for even in (True, False)
                for n in (4, 5, 6, 8, 10)
            ),
        ),
    ),
    (
        "Strengths of tasks",
        "Everybody judges every pair once; true strengths are standard normal. Where "
        "annotators differ, each has strengths of their own "
        "around the common ones (SD 0.7), and truth is what endlessly many of them would lead to.",
        (
            lambda num: tasks.check_strengths(num, Jury(3, 3)),
            lambda num: tasks.check_strengths(num, Jury(3, 12)),
            lambda num: tasks.check_strengths(num, Jury(5, 3)),
            lambda num: tasks.check_strengths(num, Jury(10, 3)),
            lambda num: tasks.check_strengths(num, Jury(5, 6)),
            lambda num: tasks.check_strengths(num, Jury(5, 6, 0.7)),
            lambda num: tasks.check_strengths(num, Jury(10, 12, 0.7)),
        ),
    ),
    (
        "Learning curves",
        "Every point of a curve answers the same items.",
        (
            lambda num: tasks.check_worth(num, (0.6, 0.7, 0.8, 0.9), 0.75),
            lambda num: tasks.check_worth(num, (0.7, 0.8, 0.82, 0.84), 0.83),
        ),
    ),
)


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    num = parser.parse_args().draws
    start, parts = time.perf_counter(), []
    for title, lead, checks in SECTIONS:
        rows = [row for check in checks for row in _as_rows(check(num))]
        parts.append(f"\n## {title}\n\n{lead}\n\n{format_table(rows)}")
        print(f"{title}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    print(HEAD.format(draws=num, date=datetime.now(UTC).date()), end="")
    print("\n".join(parts))


def _as_rows(found: Control | Sequence[Control]) -> Sequence[Control]:
    return (found,) if isinstance(found, Control) else found


def format_table(rows: Sequence[Control]) -> str:
    """Return the controls as a Markdown table."""
    lines = ["| quantity | design | stated | found | verdict |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        word = "alarms" if row.stated < 0.5 else "covers"
        stated = f"{word} {row.stated:.1%}"
        found = f"{row.found:.1%} ± {row.error:.1%}"
        lines.append(f"| {row.quantity} | {row.design} | {stated} | {found} | {row.verdict} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
