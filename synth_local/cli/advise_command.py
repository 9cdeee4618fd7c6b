"""``synth-local advise``: a page that says whether a task should use synthetic texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_local.cli.options import RUN_DIRECTORY, RUN_FILE, make_printable, print_table
from synth_local.cli.streams import print_json

if TYPE_CHECKING:
    from synth_local.commands.advise.advise import AdvicePage
    from synth_local.evaluate.verdicts.advice import Finding

HEAD = (
    *("task", "student", "question", "answer", "difference", "rows", "partner's rows"),
    *("agreement", "run"),
)
BACKGROUND = (
    "Background: a study of ten tasks (arXiv 2310.07849) found that synthetic texts fall short of "
    "real ones nearly everywhere, more so the more subjective the task, and less so with examples "
    "in the prompt. It used other generators than yours; its figures are not evidence about them."
)
RULE = (
    "A gap is macro-F1 with the real texts minus macro-F1 with the synthetic ones. As good: the "
    "whole interval of the gap is at most the margin; worse: it lies above it; open: neither. What "
    "is added helps or harms where the whole interval lies on that side of zero. Of several runs "
    "the largest training decides, of several students the one that is best on validation texts."
)


@click.command()
@click.argument("task_file", metavar="TASK.yaml", type=RUN_FILE)
@click.option(
    "--evidence", multiple=True, metavar="RUN", type=RUN_DIRECTORY, help="Directory of a run."
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 0.5),
    metavar="M",
    help="Largest loss of macro-F1 that is good enough; by default that of each run.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the answers, as verdicts.json.")
@click.argument("more_evidence", metavar="", nargs=-1, type=RUN_DIRECTORY)
def advise(
    task_file: Path,
    evidence: tuple[Path, ...],
    margin: float | None,
    more_evidence: tuple[Path, ...],
    *,
    as_json: bool,
) -> None:
    """Say whether a task should use synthetic texts, and on what that rests.

    Several runs may follow one --evidence.
    """
    if more_evidence and not evidence:
        raise click.UsageError("runs stand behind --evidence")
    from synth_local.commands.advise.advise import advise_task  # noqa: PLC0415

    page = advise_task(task_file, (*evidence, *more_evidence), margin)
    if as_json:
        print_json([answer.verdict.to_json() | {"run": answer.run} for answer in page.answers])
        return
    _print_answers(page)
    _print_people(page)
    _print_panel(page)
    _print_findings("Tried on this task", page.here)
    _print_findings("Tried on other tasks", page.elsewhere)
    _print_curves(page)
    for line in dict.fromkeys(page.left_out):
        click.echo(make_printable(f"not counted: {line}"))
    click.secho("\nWhat would make this surer", bold=True)
    for line in page.surer or ("nothing that this command knows of",):
        click.echo(f"- {line}")
    click.echo(f"\n{RULE}\n{BACKGROUND}")


def _print_answers(page: AdvicePage) -> None:
    """Print one answer for each question, headed by the situation that it is for."""
    from synth_local.evaluate.verdicts.words import (  # noqa: PLC0415
        ASKED,
        format_basis,
        format_reasons,
        format_verdict,
    )

    click.secho(make_printable(page.task), bold=True)
    for answer in page.answers:
        verdict = answer.verdict
        click.secho(f"\n{_situate(answer)}{ASKED[verdict.question]}", bold=True)
        click.echo(make_printable(format_verdict(verdict)))
        for line in format_basis(verdict):
            click.echo(make_printable(line))
        reasons = format_reasons(verdict)
        for line in reasons[1:] if verdict.verdict == "none" else reasons:
            click.echo(make_printable(f"- {line}"))
        if answer.run:
            click.echo(make_printable(f"rests on this task: {answer.run}"))
    click.echo("")


def _situate(one: Finding) -> str:
    """Return for whom an answer is: who has all the real texts, or only the pool."""
    rows = one.verdict.partner_num_train
    if rows is None:
        return ""
    if one.verdict.question == "with_pool":
        return f"You have about {rows:,} real texts. "
    if one.verdict.question in ("with_all_real", "instead_of_all_real"):
        return f"You have all {rows:,} real texts. "
    return ""


def _print_people(page: AdvicePage) -> None:
    if page.agreement is None:
        click.echo(f"how far people agree about its {page.num_test} test texts: nobody says")
        return
    found = page.agreement
    alpha = "undefined" if found.alpha is None else f"{found.alpha:.3f}"
    click.echo(
        f"how far people agree about its {page.num_test} test texts: {found.mean_share:.3f} "
        f"(mean share of the most frequent label over {found.num_rated} rated texts), two "
        f"annotators agree on {found.pair_agreement or 0:.3f} of them, "
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
    print_table(HEAD, [_finding_row(finding) for finding in findings], num_left=4)


def _finding_row(one: Finding) -> tuple[str, ...]:
    from synth_local.evaluate.verdicts.words import ASKED, format_difference, name_answer  # noqa: PLC0415

    verdict = one.verdict
    return (
        *(verdict.task, verdict.student, ASKED[verdict.question], name_answer(verdict)),
        format_difference(verdict) or "-",
        *(
            "-" if rows is None else f"{rows:,}"
            for rows in (verdict.num_train, verdict.partner_num_train)
        ),
        "-" if one.agreement is None else f"{one.agreement:.3f}",
        make_printable(one.run),
    )


def _print_curves(page: AdvicePage) -> None:
    made = [curve for curve in page.curves if curve.worth is not None]
    if not made:
        return
    from synth_local.records import Cell  # noqa: PLC0415
    from synth_local.report.sections.learning import format_worth  # noqa: PLC0415

    click.secho("\nWhat its rows are worth, in real rows", bold=True)
    for curve in made:
        cell = Cell.parse(curve.condition)
        flat = "still rising" if curve.flat_from is None else f"flat from {curve.flat_from:,} rows"
        rows = f"{curve.points[-1].num_rows:,} rows of {cell.generator}, {cell.strategy}"
        click.echo(f"{rows} ({cell.student}): {format_worth(curve)}; {flat}")
