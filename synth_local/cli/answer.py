"""Prints the answer of a run: the same lines at the end of ``run`` and from ``report --text``."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click

from synth_local.cli.options import make_printable

if TYPE_CHECKING:
    from synth_local.store.run_dir import RunDir


def print_answer(run: RunDir) -> None:
    """Print the answers of an evaluated run, as wide as the terminal, and where the report is."""
    from synth_local.report.answer_text import write_answer_text  # noqa: PLC0415
    from synth_local.run.verdict_file import load_verdicts  # noqa: PLC0415

    for line in write_answer_text(load_verdicts(run), shutil.get_terminal_size().columns):
        click.echo(make_printable(line))
    page = run.report / "report.html"
    if page.is_file():
        click.echo(f"report: {page}")
