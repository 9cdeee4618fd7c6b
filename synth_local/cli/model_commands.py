"""``models``: the cards, the weights behind them, how they come here, and miniature generators."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from synth_local.cli.options import check_folder
from synth_local.cli.streams import can_redraw
from synth_local.errors import EXIT_NO, EXIT_OK, ConfigError

LINE_SECONDS = 10.0

if TYPE_CHECKING:
    from synth_local.models import KnownModel
    from synth_local.tiny.settings import TinyProgress, TinySize


@click.group()
def models() -> None:
    """Look at model cards and weights; get, add or make a model."""


@models.command(name="list")
def list_command() -> None:
    """List the models that have a card or a folder here."""
    from synth_local.models import list_models  # noqa: PLC0415

    for entry in list_models():
        weights = str(entry.folder) if entry.folder else _tell_missing(entry)
        if entry.folder and entry.problem:
            weights = f"{weights}  WRONG: {entry.problem}"
        click.echo(f"{entry.name:<32}{entry.role or '-':<11}{entry.license or '-':<18}{weights}")


@models.command()
@click.argument("name")
def show(name: str) -> None:
    """Show the card of the model NAME."""
    from synth_local.models import read_card_text  # noqa: PLC0415

    click.echo(read_card_text(name))


@models.command()
@click.argument("name")
def check(name: str) -> int:
    """Check that the weights of NAME are there, whole, and those of its card; exit 1 if not so."""
    from synth_local.commands.model_check import examine_model, locate_model  # noqa: PLC0415
    from synth_local.models import digest_model  # noqa: PLC0415

    folder = locate_model(name)
    found = examine_model(name, folder)
    for problem in found.problems:
        click.echo(f"WRONG  {problem}")
    for note in found.notes:
        click.echo(f"note   {note}")
    if not found.problems:
        click.echo(f"ok     {folder}\ndigest {digest_model(folder).total}")
    return EXIT_NO if found.problems else EXIT_OK


@models.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option(
    "--allow-network", is_flag=True, help="Let this command open connections; no other one does."
)
@click.option("--out", type=click.Path(path_type=Path), help="The folder of models.")
def get(names: tuple[str, ...], allow_network: bool, out: Path | None) -> None:
    """Fetch the weights of NAME from where its card says (needs a network)."""
    from synth_local.commands.intake import get_models  # noqa: PLC0415

    place = None if out is None else check_folder(out, "--out")
    for line in get_models(names, place, allow_network=allow_network):
        click.echo(line)


@models.command()
@click.argument("path", metavar="FOLDER|FILE.gguf", type=click.Path(path_type=Path))
@click.option("--name", help="What the model is called here; default: as the folder or file.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder of models.")
@click.option("--link", is_flag=True, help="Link to the folder's files instead of copying them.")
def add(path: Path, name: str | None, out: Path | None, link: bool) -> None:
    """Take in a model that was carried here: a folder with safetensors, or a GGUF file."""
    from synth_local.commands.intake import add_model  # noqa: PLC0415

    place = None if out is None else check_folder(out, "--out")
    for line in add_model(path, name, place, link=link):
        click.echo(line)


@models.command()
@click.option(
    "--task",
    "tasks",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="A task file; may be given several times.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The model's folder.")
@click.option("--minutes", type=click.FloatRange(0.05, 600), help="Ceiling of training time.")
@click.option("--tokens", type=click.IntRange(1000), help="Training tokens, instead of minutes.")
@click.option("--size", type=click.Choice(("xs", "s", "m")), default="s", help="Size.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Seed.")
@click.option(
    "--from",
    "source",
    type=click.Choice(("train", "pool")),
    default="train",
    help="The real texts that it is trained on.",
)
def tiny(  # noqa: PLR0913, PLR0917 - one parameter per flag of the public contract
    tasks: tuple[Path, ...],
    out: Path,
    minutes: float | None,
    tokens: int | None,
    size: TinySize,
    seed: int,
    source: Literal["train", "pool"],
) -> None:
    """Train a miniature generator on the real texts of one or more tasks."""
    from synth_local.commands.tiny_model import TinyOrder, make_tiny  # noqa: PLC0415

    if minutes is not None and tokens is not None:
        raise ConfigError("--minutes and --tokens exclude each other", fix="give one of the two")
    if minutes is None and tokens is None:
        minutes = 4.0
    order = TinyOrder(tasks, check_folder(out, "--out"), minutes, tokens, size, seed, source)
    for line in make_tiny(order, _ShownProgress()):
        click.echo(line)


def _tell_missing(entry: KnownModel) -> str:
    source = entry.card.source if entry.card else None
    if source is None:
        return "no weights here"
    if not source.is_pinned:
        return f"no weights here; from {source.describe()}"
    return f"no weights here: {source.spell_command(entry.name)}"


class _ShownProgress:
    """Shows progress: one line kept up to date on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._printed = 0.0

    def __call__(self, progress: TinyProgress) -> None:
        from synth_local.commands.tiny_model import describe_progress  # noqa: PLC0415

        line = describe_progress(progress)
        if can_redraw():
            click.echo(f"\r\x1b[K{line[:110]}", nl=False, err=True, color=True)
        elif time.monotonic() - self._printed >= LINE_SECONDS:
            self._printed = time.monotonic()
            click.echo(line, err=True)


COMMANDS = (models,)
