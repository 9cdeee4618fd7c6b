"""The commands that talk to a cluster: ``submit`` and ``cancel``."""

from __future__ import annotations

from pathlib import Path

import click

from synth_local.cli.options import RUN_DIRECTORY, RUN_FILE, default_out, list_arguments
from synth_local.errors import ConfigError


@click.command()
@click.argument("run_file", type=RUN_FILE)
@click.option("--site", "site_file", required=True, type=RUN_FILE, help="The cluster's site file.")
@click.option("--out", type=click.Path(path_type=Path), help="The run directory.")
@click.option("--dry-run", is_flag=True, help="Print every script; submit and write nothing.")
def submit(run_file: Path, site_file: Path, out: Path | None, dry_run: bool) -> None:
    """Submit what is missing of RUN_FILE's pipeline as Slurm jobs; print their ids and return."""
    from synth_local.backends.slurm.client import Slurm  # noqa: PLC0415
    from synth_local.config import load_run_file, load_site_file  # noqa: PLC0415
    from synth_local.pipeline.slurm.submit import Request, preview_submission, submit_run  # noqa: PLC0415

    directory = default_out(run_file, out)
    request = Request(
        load_run_file(run_file),
        run_file,
        load_site_file(site_file),
        site_file,
        directory,
        list_arguments(),
    )
    if dry_run:
        preview_submission(request, click.echo)
        return
    submission = submit_run(request, Slurm(), click.echo)
    if submission is None:
        click.echo(f"nothing to submit: every stage is done ({directory})")
        return
    click.echo(f"{len(submission.jobs)} jobs submitted ({directory})")
    click.echo(f"look:  synth-local status {directory}\nend:   synth-local cancel {directory}")


@click.command()
@click.argument("directory", type=RUN_DIRECTORY)
def cancel(directory: Path) -> None:
    """End what works on the run in DIRECTORY, or waits to; what is finished stays."""
    from synth_local.backends.slurm.client import Slurm  # noqa: PLC0415
    from synth_local.pipeline.slurm.submit import cancel_run  # noqa: PLC0415
    from synth_local.store.run_dir import RunDir  # noqa: PLC0415

    run = RunDir(directory.resolve())
    if not run.run_file.is_file():
        raise ConfigError(
            "this is not a run directory: it has no run.yaml",
            where=directory,
            fix="name the directory that was given to run or submit as --out",
        )
    if not cancel_run(run, Slurm(), click.echo):
        click.echo("nothing to end: no job and no process works on this run")


COMMANDS = (submit, cancel)
