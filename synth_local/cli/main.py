"""``synth-local``: the commands and what they print.

Nothing heavy is imported before a command needs it, so that ``--help`` answers at once.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType

import click

from synth_local.cli import (
    advise_command,
    compare_command,
    inspect_commands,
    model_commands,
    run_commands,
    slurm_commands,
    step_command,
)
from synth_local.cli.options import fit_line
from synth_local.cli.streams import guard_streams, wants_color
from synth_local.errors import (
    EXIT_BUG,
    EXIT_CONFIG,
    EXIT_INTERRUPTED,
    EXIT_MACHINE,
    EXIT_OK,
    SynthLocalError,
)
from synth_local.version import __version__

# what the operating system refuses for reasons that are no bug of ours
MACHINE_ERRNOS = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO),
        *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE, errno.ETXTBSY, errno.EFBIG),
    }
)

# Silence is a promise: nothing is asked of a hub and nothing is reported home. Set before any
# library is imported that reads them; a value that the user set stays.
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # threads spin for a moment only: see engines/choose.py
    "GOMP_SPINCOUNT": "2000",
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="synth-local")
@click.option("--debug", is_flag=True, help="Show a traceback with an error.")
@click.pass_context
def cli(context: click.Context, debug: bool) -> None:
    """Make, check and judge synthetic training data with local models only."""
    context.obj = {**(context.obj or {}), "debug": debug}


for _command in (
    *run_commands.COMMANDS,
    *slurm_commands.COMMANDS,
    *inspect_commands.COMMANDS,
    compare_command.compare,
    advise_command.advise,
    *model_commands.COMMANDS,
    step_command.step,
):
    cli.add_command(_command)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        result = cli.main(
            args=arguments,
            prog_name="synth-local",
            standalone_mode=False,
            color=wants_color(os.environ),
            obj={"arguments": tuple(arguments)},
        )
    except click.exceptions.Exit as error:
        return error.exit_code
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in arguments:
            traceback.print_exc()
        return _explain(error)
    return result if isinstance(result, int) else EXIT_OK


def _explain(error: BaseException) -> int:
    """Print what a person can do about an error, and return its exit code."""
    if isinstance(error, click.Abort | KeyboardInterrupt):
        click.echo("interrupted: what was finished is stored", err=True)
        return EXIT_INTERRUPTED
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, SynthLocalError):
        click.echo(f"error: {error}", err=True)
        return error.exit_code
    refused = _explain_system(error)
    if refused:
        click.echo(f"error: {refused[0]}", err=True)
        return refused[1]
    click.echo(
        f"error: this is a bug of synth-local: {type(error).__name__}: {fit_line(str(error))}\n"
        "  fix: run the command again as `synth-local --debug ...` and report what it prints",
        err=True,
    )
    return EXIT_BUG


def _explain_system(error: BaseException) -> tuple[str, int] | None:
    """Return message and exit code of what the operating system refused; ``None`` for a bug."""
    if isinstance(error, MemoryError):
        fix = "end what else uses it, or take a machine with more"
        return f"this machine has too little memory for this\n  fix: {fix}", EXIT_MACHINE
    if not isinstance(error, OSError):
        return None
    why = os.strerror(error.errno or 0)
    place = fit_line(str(error.filename), 100) if error.filename else ""
    if error.errno in {errno.ENAMETOOLONG, errno.ELOOP}:
        fix = (
            "give what is named in the run file, the task file or a flag a shorter name, or "
            "another place"
        )
        return f"{why}: {place}\n  fix: {fix}", EXIT_CONFIG
    if error.errno in MACHINE_ERRNOS:
        return why + (f"\n  at:  {place}" if place else ""), EXIT_MACHINE
    return None


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run_and_exit() -> None:
    """Run the command line as a program."""
    guard_streams()
    # a scheduler's SIGTERM ends a run as a person's Ctrl-C does; background jobs of a shell
    # inherit an ignored SIGINT, so both are set
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    sys.exit(main())
