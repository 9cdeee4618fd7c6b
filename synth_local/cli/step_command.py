"""``step``: one job of the pipeline, the same line in a shell, a child process and sbatch."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from synth_local.cli.options import RUN_DIRECTORY, parse_shard
from synth_local.run.stages import STEPS


@click.command()
@click.argument("stage", type=click.Choice(STEPS))
@click.option("--run", "run_dir", required=True, type=RUN_DIRECTORY, help="The run directory.")
@click.option("--shard", default="0/1", metavar="K/N", help="One shard of N, K from 0.")
@click.option(
    "--generator",
    default=None,
    help="Only this generator's corpora (generate, curate, measure), or what it classifies itself "
    "(train).",
)
def step(stage: str, run_dir: Path, shard: str, generator: str | None) -> int:
    """Run one STAGE of a run directory, or one shard of it."""
    from synth_local.core.signals import die_with_parent  # noqa: PLC0415

    die_with_parent()
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    for noisy in ("httpx", "datasets", "filelock", "matplotlib"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    from synth_local.pipeline.step import run_step  # noqa: PLC0415

    number, total = parse_shard(shard)
    return run_step(stage, run_dir, number, total, generator)
