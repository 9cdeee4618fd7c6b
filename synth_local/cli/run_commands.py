"""The commands that make things: ``init``, ``plan``, ``preview``, ``run``."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synth_local.cli.answer import print_answer
from synth_local.cli.options import (
    RUN_FILE,
    check_folder,
    default_out,
    list_arguments,
    make_printable,
    print_reasons,
)
from synth_local.cli.streams import can_redraw, print_json
from synth_local.errors import EXIT_MACHINE, EXIT_OK, list_names
from synth_local.run.stages import STAGES

if TYPE_CHECKING:
    from synth_local.commands.plan import Overview
    from synth_local.commands.preview import PreviewRow
    from synth_local.config import RunConfig
    from synth_local.store.markers import Progress
    from synth_local.task.file_facts import FileFacts

ENGINES = ("auto", "vllm", "transformers")
LINE_SECONDS = 10.0


def _load(run_file: Path, engine: str = "auto") -> RunConfig:
    from synth_local.config import load_run_file  # noqa: PLC0415

    config = load_run_file(run_file)
    return config if engine == "auto" else config.model_copy(update={"engine": engine})


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def init(directory: Path) -> None:
    """Write a run file and task files into DIRECTORY that run as they are.

    The task is simulated, so that nothing else is needed: no weights, no data, no internet. A
    miniature generator is trained for it, which takes a minute or two on two cores.
    """
    from synth_local.commands.init import init_directory  # noqa: PLC0415

    run_file = init_directory(check_folder(directory, "DIRECTORY"), click.echo)
    click.echo(f"\nnext:  synth-local plan {run_file}\n       synth-local run {run_file}")


@click.command()
@click.argument("run_file", type=RUN_FILE)
@click.option("--out", type=click.Path(path_type=Path), help="The run directory.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plan(run_file: Path, out: Path | None, as_json: bool) -> int:
    """Check RUN_FILE and show what it asks for and what is done; compute nothing."""
    from synth_local.commands.plan import make_overview  # noqa: PLC0415

    overview = make_overview(_load(run_file), default_out(run_file, out))
    if as_json:
        print_json(overview.to_json())
    else:
        _print_overview(overview)
    # weights that are not here yet may come; a folder that is here and is not whole will not do
    for problem in overview.broken:
        click.echo(f"error: {problem}", err=True)
    return EXIT_MACHINE if overview.broken else EXIT_OK


def _print_file(facts: FileFacts) -> None:
    """Print what became of the rows of a file, and what to look at."""
    counts, *remarks = (make_printable(line) for line in facts.list_lines())
    click.echo(f"  {counts}")
    for line in remarks:
        click.echo(f"    {line}")


def _print_tasks(overview: Overview) -> None:
    from synth_local.store.records import parse  # noqa: PLC0415
    from synth_local.task.file_facts import FileFacts  # noqa: PLC0415

    for task in overview.tasks:
        parts = ("train", "pool", "validation", "test")
        counts = ", ".join(f"{part} {sum(task[part].values())}" for part in parts)
        click.echo(f"task {task['name']}: {counts}; labels {list_names(task['test'])}")
        click.echo(f"  {_format_reach(task['reach'])}")
        for file in task["files"]:
            _print_file(parse(file, FileFacts))
    for said in overview.said:
        _print_file(said.facts)


def _format_reach(reach: dict[str, Any]) -> str:
    """Return what the test texts will be able to tell."""
    told = (
        f"{reach['num_test']:,} test texts tell a gap to about {reach['half_width']:.3f} either way"
    )
    wanted = reach["num_wanted"]
    if wanted is None:
        return told
    return (
        f"{told}; about {wanted:,} are wanted to call equal ones as good within "
        f"{reach['margin']:g} four times in five"
    )


def _print_overview(overview: Overview) -> None:
    click.echo(f"run directory  {overview.out}")
    click.echo(f"engine         {overview.engine}, {overview.dtype}\n")
    _print_tasks(overview)
    _print_corpora(overview)
    done = sum(cell["state"] == "done" for cell in overview.cells)
    click.echo(f"\ncells: {len(overview.cells)}, {done} done")
    for cell in overview.cells:
        click.echo(f"  {cell['state']:<6} {cell['name']}")
    _print_steps(overview)
    if overview.classify_tokens:
        click.echo(f"~tokens that generators read to classify: {overview.classify_tokens}")
    click.echo("")
    for stage in overview.stages:
        click.echo(f"{stage['stage']:<10}{_format_state(stage['state'], stage['note'])}")
        print_reasons(stage["why"])
    for line in overview.not_here:
        click.echo(make_printable(f"not here: {line}"))
    for problem in overview.missing:
        click.echo(f"missing: {problem}")


def _print_steps(overview: Overview) -> None:
    """Print how long students train, by source: steps follow from a training set's rows alone."""
    keys = ("source", "rows", "steps", "passes")
    found = dict.fromkeys(tuple(cell[key] for key in keys) for cell in overview.cells)
    taken = [one for one in found if one[2] is not None]
    if taken:
        click.echo(f"\n{'trained on':<20}{'rows':>8}{'steps':>8}{'passes over each row':>22}")
    for source, rows, steps, passes in taken:
        click.echo(f"{source:<20}{rows:>8}{steps:>8}{passes:>22.1f}")


def _print_corpora(overview: Overview) -> None:
    if overview.corpora:
        click.echo(f"\n{'corpus':<48}{'slots':>8}{'~tokens out':>13}{'~GPU min':>10}  state")
    for corpus in overview.corpora:
        name = f"{corpus.task} / {corpus.generator} / {corpus.strategy}"
        minutes = "-" if corpus.gpu_minutes is None else f"{corpus.gpu_minutes:.1f}"
        slots = sum(corpus.slots.values())
        state = _format_state(corpus.state, corpus.note)
        click.echo(f"{name:<48}{slots:>8}{corpus.output_tokens:>13}{minutes:>10}  {state}")
        print_reasons(corpus.why)
        if corpus.read_file:
            _print_file(corpus.read_file)


def _format_state(state: str, note: str) -> str:
    return f"{state} ({note})" if note else state


@click.command()
@click.argument("run_file", type=RUN_FILE)
@click.option("-n", "num_rows", default=5, type=click.IntRange(1, 100), help="Rows per label.")
def preview(run_file: Path, num_rows: int) -> None:
    """Generate a few rows per label of RUN_FILE and show them with their exact prompts."""
    from synth_local.commands.preview import preview_rows  # noqa: PLC0415

    for row in preview_rows(_load(run_file), default_out(run_file, None), num_rows):
        _print_preview(row)


def _print_preview(row: PreviewRow) -> None:
    slot, verdict = row.turn.slot, row.turn.verdict
    click.secho(f"\n== {row.key}  {slot.label}  {slot.id}", bold=True)
    for message in row.conversation:
        click.secho(f"[{message.role}]", dim=True)
        click.echo(make_printable(message.content, keep="\n"))
    source = f"completion, {row.turn.completion.num_tokens} tokens"
    click.secho(f"[{source if row.conversation else 'brought along'}]", fg="cyan")
    click.echo(make_printable(row.turn.completion.text, keep="\n"))
    outcome = f"refused: {verdict.reason}" if verdict.reason else "passes the row checks"
    click.secho(f"-> {outcome}", fg="red" if verdict.reason else "green")


@click.command(name="run")
@click.argument("run_file", type=RUN_FILE)
@click.option("--out", type=click.Path(path_type=Path), help="The run directory.")
@click.option("--until", type=click.Choice(STAGES), default="report", help="Last stage.")
@click.option("--engine", type=click.Choice(ENGINES), default="auto", help="Engine to write with.")
def run_command(run_file: Path, out: Path | None, until: str, engine: str) -> None:
    """Run RUN_FILE's whole pipeline on this machine; safe to repeat."""
    from synth_local.pipeline.run_local import run_pipeline  # noqa: PLC0415
    from synth_local.run.sources.made_from import Asked  # noqa: PLC0415

    directory = default_out(run_file, out)
    started = time.monotonic()
    screen = _Screen()
    asked = Asked(list_arguments(), run_file)
    context, num_jobs = run_pipeline(
        _load(run_file, engine), directory, until, screen.say, screen.show, asked
    )
    seconds = time.monotonic() - started
    if not num_jobs:
        screen.say(f"nothing to do: every stage up to {until} is done ({directory})")
    else:
        screen.say(f"done: {num_jobs} jobs in {seconds:.0f} s ({directory})")
    if STAGES.index(until) >= STAGES.index("evaluate"):
        print_answer(context.run)
    if STAGES.index(until) >= STAGES.index("train"):
        error = context.look().no_answer
        if error:
            raise error


class _Screen:
    """Prints lines, and the latest progress between them.

    On a terminal one line is kept up to date; elsewhere there are JSON lines, seconds apart.
    """

    def __init__(self) -> None:
        self._shown = ""
        self._is_open = False
        self._printed = time.monotonic()
        self._started = time.time()

    def say(self, line: str) -> None:
        """Print a line, after ending the one that is kept up to date."""
        if self._is_open:
            click.echo("", err=True)
            self._is_open = False
        click.echo(line)

    def show(self, progress: list[Progress]) -> None:
        """Show the job that reported last, where it reported since this command began."""
        if not progress:
            return
        latest = max(progress, key=lambda one: one.updated)
        text = f"{latest.job}: {latest.done}/{latest.total} {latest.note}"
        if text == self._shown or latest.updated < self._started:
            return
        if can_redraw():
            self._is_open = latest.done < latest.total
            # erasing is no colour, and stays where colours are unwanted
            line_end = not self._is_open
            click.echo(f"\r\x1b[K{text[:110]}", nl=line_end, err=True, color=True)
        elif time.monotonic() - self._printed >= LINE_SECONDS:
            self._printed = time.monotonic()
            line = {"job": latest.job, "done": latest.done, "total": latest.total}
            click.echo(json.dumps({**line, "note": latest.note}), err=True)
        else:
            return
        self._shown = text


COMMANDS = (init, plan, preview, run_command)
