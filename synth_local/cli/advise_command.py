"""``synth-local advise``: a page that says whether a task should use synthetic texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_local.cli.options import RUN_DIRECTORY, RUN_FILE, make_printable, print_table

if TYPE_CHECKING:
    from synth_local.analyze.advice import Advice, Finding
    from synth_local.pipeline.advise import AdvicePage
    from synth_local.records import Interval

HEAD = (
    *("task", "generator", "strategy", "student", "real", "gap to real [95 % interval]"),
    *("added to real", "agreement", "seen too much", "run"),
)
BACKGROUND = (
    "Background: a study of ten tasks (arXiv 2310.07849) found that synthetic texts fall short of "
    "real ones nearly everywhere, more so the more subjective the task, and less so with examples "
    "in the prompt. It used other generators than yours; its figures are not evidence about them."
)
RULE = (
    "A gap is macro-F1 with real texts minus macro-F1 with synthetic ones. The rule: use where the "
    "whole interval lies below {margin:.2f}; do not use where it lies above, unless texts added to "
    "real ones are shown to help; not known otherwise. Of several students the one "
    "that is best with real texts decides, of several generators those that have not seen the "
    "task. An interval speaks of other test texts, or of other tasks like those tried; of another "
    "corpus or pool it does not."
)


@click.command()
@click.argument("task_file", metavar="TASK.yaml", type=RUN_FILE)
@click.option(
    "--evidence", multiple=True, metavar="RUN", type=RUN_DIRECTORY, help="Directory of a run."
)
@click.argument("more_evidence", metavar="", nargs=-1, type=RUN_DIRECTORY)
def advise(task_file: Path, evidence: tuple[Path, ...], more_evidence: tuple[Path, ...]) -> None:
    """Say whether a task should use synthetic texts, and on what that rests.

    Several runs may follow one --evidence.
    """
    if more_evidence and not evidence:
        raise click.UsageError("runs stand behind --evidence")
    from synth_local.analyze.advice import MARGIN  # noqa: PLC0415
    from synth_local.pipeline.advise import advise_task  # noqa: PLC0415

    page = advise_task(task_file, (*evidence, *more_evidence))
    _print_answer(page.task, page.advice)
    _print_people(page)
    _print_panel(page)
    _print_findings("Tried on this task", page.here)
    _print_findings("Tried on other tasks", page.elsewhere)
    _print_curves(page)
    for line in page.left_out:
        click.echo(make_printable(f"not counted: {line}"))
    click.secho("\nWhat would make this surer", bold=True)
    for line in page.surer or ("nothing that this command knows of",):
        click.echo(f"- {line}")
    click.echo(f"\n{RULE.format(margin=MARGIN)}\n{BACKGROUND}")


def _print_answer(task: str, advice: Advice) -> None:
    click.secho(f"{make_printable(task)}: {advice.verdict}", bold=True)
    click.echo(f"because {advice.reason}")
    if advice.gap is None:
        click.echo("expected gap to real: not known")
    else:
        click.echo(f"expected gap to real: {_spell(advice.gap)}")
    rests = advice.basis
    if advice.finding is not None:
        one = advice.finding
        rests += f": {one.strategy} texts of {one.generator}, student {one.student}, {one.run}"
    elif advice.num_tasks and advice.gap is not None:
        rests += f": {advice.num_tasks} of them"
    click.echo(make_printable(f"rests on {rests}"))


def _print_people(page: AdvicePage) -> None:
    if page.agreement is None:
        click.echo(f"how far people agree about its {page.num_test} test texts: nobody says")
        return
    found = page.agreement
    alpha = "undefined" if found.alpha is None else f"{found.alpha:.3f}"
    click.echo(
        f"how far people agree about its {page.num_test} test texts: {found.mean_share:.3f} "
        f"(mean share of the most frequent label over {found.num_rated} rated texts), "
        f"Krippendorff's alpha {alpha}"
    )


def _print_panel(page: AdvicePage) -> None:
    if page.panel is None or page.panel.mean_share is None:
        return
    beside = ""
    if page.panel.spearman is not None:
        beside = f"; rank correlation with people's agreement {page.panel.spearman:+.3f}"
    click.echo(
        f"a machine's judgement, which the answer does not use: a panel of "
        f"{len(page.panel.members)} members gives the likeliest label {page.panel.mean_share:.3f} "
        f"on average{beside}"
    )


def _print_findings(title: str, findings: Sequence[Finding]) -> None:
    click.secho(f"\n{title}", bold=True)
    if not findings:
        click.echo("nothing")
        return
    print_table(HEAD, [_finding_row(one) for one in findings], num_left=4)


def _finding_row(one: Finding) -> tuple[str, ...]:
    return (
        *(one.task, one.generator, one.strategy, one.student, f"{one.real:.3f}", _spell(one.gap)),
        "; ".join(map(_spell, one.gains)) or "-",
        "-" if one.agreement is None else f"{one.agreement:.3f}",
        "yes" if one.is_tainted else "no",
        make_printable(one.run),
    )


def _print_curves(page: AdvicePage) -> None:
    made = [curve for curve in page.curves if curve.worth is not None]
    if not made:
        return
    from synth_local.report.learning import spell_worth  # noqa: PLC0415

    click.secho("\nWhat its rows are worth, in real rows", bold=True)
    for curve in made:
        _, _, generator, strategy, student = curve.condition.split("__")
        flat = "still rising" if curve.flat_from is None else f"flat from {curve.flat_from:,} rows"
        rows = f"{curve.points[-1].num_rows:,} rows of {generator}, {strategy} ({student})"
        click.echo(f"{rows}: {spell_worth(curve)}; {flat}")


def _spell(interval: Interval) -> str:
    return f"{interval.point:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"
