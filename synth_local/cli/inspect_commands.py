"""The commands that look at what is there, and the one that hands it out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synth_local.cli.answer import print_answer
from synth_local.cli.options import RUN_DIRECTORY, make_printable, print_reasons
from synth_local.cli.streams import print_json
from synth_local.errors import EXIT_NO, EXIT_OK

if TYPE_CHECKING:
    from synth_local.commands.replay import Replayed
    from synth_local.commands.status import RunStatus


@click.command()
@click.argument("directory", type=RUN_DIRECTORY)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(directory: Path, as_json: bool) -> int:
    """Show what of the run in DIRECTORY is done, running or failed; exit 1 with failures."""
    from synth_local.commands.status import read_status  # noqa: PLC0415
    from synth_local.run.context import open_context  # noqa: PLC0415

    found = read_status(open_context(directory, reads_weights=False))
    if as_json:
        print_json(found.to_json())
    else:
        _print_status(found)
    return EXIT_NO if found.has_failures else EXIT_OK


def _print_status(found: RunStatus) -> None:
    for stage in found.stages:
        state = "done" if stage.is_done else "to do"
        click.echo(f"{stage.stage:<10}{state:<7}{stage.done}/{stage.total}")
        print_reasons(stage.why)
    for corpus in found.corpora:
        click.echo(f"  {_format_corpus(corpus)}")
    for line in found.untrained:
        click.echo(f"  {make_printable(line)}")
    for line in found.not_here:
        click.echo(make_printable(f"not checked here: {line}"))
    for line in found.live:
        click.echo(f"running: {line}")
    if found.live:
        for one in found.progress:
            click.echo(f"  {one.job}: {one.done}/{one.total} {one.note}")
    _print_jobs(found)
    _print_failures(found)


def _print_failures(found: RunStatus) -> None:
    for failure in found.failures:
        click.echo(f"failed: {failure.job}: {failure.what}", err=True)
        click.echo(f"  log: {failure.log}", err=True)
        if failure.fix:
            click.echo(f"  fix: {failure.fix}", err=True)
    if found.no_answer:
        click.echo(found.no_answer, err=True)


def _format_corpus(corpus: dict[str, Any]) -> str:
    name = f"{corpus['task']} / {corpus['generator']} / {corpus['strategy']}"
    accepted = corpus["accepted"]
    rows = f"{corpus['written']}/{corpus['admitted']} slots written"
    if corpus["is_brought"]:
        rows = f"{corpus['admitted']} rows brought along"
    tail = "" if accepted is None else f", {accepted} rows accepted"
    short = "" if corpus["complete"] in (None, True) else " (short)"
    return f"{name}: {rows}{tail}{short}"


def _print_jobs(found: RunStatus) -> None:
    for job in found.jobs.jobs:
        counts = ", ".join(f"{count} {state}" for state, count in sorted(job.counts.items()))
        reason = f" ({job.reason})" if job.reason else ""
        click.echo(f"job {job.id} {job.name}: {counts}{reason}")
        for task in job.failed:
            code = "killed" if task.exit_code is None else f"exit code {task.exit_code}"
            click.echo(f"failed: {job.name} {task.task}, {code}: {task.line}", err=True)
            click.echo(f"  log: {task.log}", err=True)
            click.echo(f"  fix: {task.fix}", err=True)
    if found.jobs.note:
        click.echo(found.jobs.note)


@click.command()
@click.argument("directory", type=RUN_DIRECTORY)
def verify(directory: Path) -> int:
    """Prove the run in DIRECTORY: every slot once, checksums, fingerprints; exit 1 if not so.

    What needs data or weights that are not on this machine is named; it is neither proven nor
    wrong.
    """
    from synth_local.commands.verify import verify_run  # noqa: PLC0415
    from synth_local.run.context import open_context  # noqa: PLC0415

    findings = verify_run(open_context(directory))
    for line in findings.proven:
        click.echo(f"ok     {line}")
    for line in findings.unknown:
        click.echo(make_printable(f"?      cannot be checked here: {line}"))
    for line in findings.wrong:
        click.echo(f"WRONG  {line}")
    held = "verified, as far as it can be checked here" if findings.unknown else "verified"
    click.echo(held if not findings.wrong else f"{len(findings.wrong)} problem(s)")
    return EXIT_NO if findings.wrong else EXIT_OK


@click.command()
@click.argument("directory", type=RUN_DIRECTORY)
@click.option("--show-real", is_flag=True, help="Show real texts beside synthetic ones.")
@click.option("--text", is_flag=True, help="Print the answer too, as run does at its end.")
def report(directory: Path, show_real: bool, text: bool) -> None:
    """Rebuild the report of DIRECTORY from stored results."""
    from synth_local.pipeline.steps.report import run_report  # noqa: PLC0415
    from synth_local.run.context import open_context  # noqa: PLC0415

    context = open_context(directory)
    page = run_report(context, show_real=show_real)
    if text:
        print_answer(context.run)
    else:
        click.echo(f"report: {page}")


@click.command()
@click.option("--offline", is_flag=True, help="Also prove that nothing is asked of a network.")
def doctor(offline: bool) -> int:
    """Say what this machine can do and what is missing, each line with its fix."""
    from synth_local.commands.doctor import examine_machine  # noqa: PLC0415

    lines = examine_machine(offline=offline)
    for line in lines:
        click.echo(f"{line.state:<8}{line.what}")
        if line.fix and line.state != "ok":
            click.echo(f"        fix: {line.fix}")
    return EXIT_NO if any(line.state == "missing" for line in lines) else EXIT_OK


@click.command()
@click.argument("directory", type=RUN_DIRECTORY)
@click.option(
    "--out",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="The table: .parquet, .csv or .jsonl; a card is written beside it.",
)
@click.option(
    "--corpus",
    "chosen",
    multiple=True,
    metavar="TASK/GENERATOR/STRATEGY",
    help="Only this corpus; may be given several times. By default all that are finished.",
)
def export(directory: Path, file: Path, chosen: tuple[str, ...]) -> None:
    """Hand out the corpora of DIRECTORY as one table, without exemplars, and a card.

    The card lists the licences of all generators, what looks personal, and how close the texts
    come to real ones.
    """
    from synth_local.commands.export.export import export_run  # noqa: PLC0415
    from synth_local.run.context import open_context  # noqa: PLC0415

    made = export_run(open_context(directory, reads_weights=False), file, chosen)
    click.echo(make_printable(f"{made.num_rows:,} texts: {file}"))
    click.echo(make_printable(f"card: {made.card}"))
    if made.num_personal:
        click.echo(f"{made.num_personal:,} texts hold something that looks personal: see the card")


@click.command()
@click.argument("directory", type=RUN_DIRECTORY)
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    metavar="N",
    help="Stored texts to generate again, spread over the corpora.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(directory: Path, sample: int, as_json: bool) -> int:
    """Generate stored texts of DIRECTORY again and say how many are the same.

    Exit 1 where a text differs that should not: one of the grade exact, by the same engine.
    Changed weights or settings are refused, with the reason.
    """
    from synth_local.commands.replay import replay_run  # noqa: PLC0415
    from synth_local.run.context import open_context  # noqa: PLC0415

    results = replay_run(open_context(directory), sample)
    if as_json:
        print_json([result.to_json() for result in results])
    else:
        _print_replayed(results)
    return EXIT_NO if any(result.is_broken for result in results) else EXIT_OK


def _print_replayed(results: Sequence[Replayed]) -> None:
    for result in results:
        click.echo(
            f"{result.corpus}: {result.num_same} of {result.num_slots} texts are the same; "
            f"reproducible: {result.grade}"
        )
        for line in (*result.engine, *result.differing):
            click.echo(make_printable(f"  {line}"))


COMMANDS = (status, verify, report, doctor, export, replay)
