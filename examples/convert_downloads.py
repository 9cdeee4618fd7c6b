"""Convert a public download into the data files that a shipped task file names.

    python examples/convert_downloads.py sms_spam --from ~/carried/sms --out data
    export SYNTH_LOCAL_DATA=$PWD/data

Nothing is downloaded: docs/study-data.md says what to carry in and how its folder must look.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from synth_local.errors import EXIT_INTERRUPTED, EXIT_OK, SynthLocalError
from synth_local.task.downloads import READERS, Conversion, convert_download

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(help="Write OUT/TASK/{train,test}.jsonl.gz from the public download of TASK.")
@click.argument("task", type=click.Choice(sorted(READERS)))
@click.option("--from", "folder", type=FOLDER, required=True, help="The unpacked download.")
@click.option(
    "--out",
    type=FOLDER,
    required=True,
    envvar="SYNTH_LOCAL_DATA",
    help="The folder that SYNTH_LOCAL_DATA names, or will name.",
)
def convert(task: str, folder: Path, out: Path) -> None:
    """Convert one download and print what became of its rows."""
    click.echo(describe_conversion(convert_download(task, folder, out)))


def describe_conversion(found: Conversion) -> str:
    """Return lines that account for every row.

    Args:
        found: of one download.

    Returns:
        Rows read, left out by reason, and written by file and label.
    """
    lines = [f"{found.num_rows:>9,} rows read"]
    lines += [f"{count:>9,} left out: {reason}" for reason, count in sorted(found.drops.items())]
    for file, labels in found.labels.items():
        counts = ", ".join(f"{label} {count:,}" for label, count in sorted(labels.items()))
        lines.append(f"{sum(labels.values()):>9,} in {file}: {counts}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the script and return its exit code: those of ``synth-local``."""
    try:
        convert.main(args=argv, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return EXIT_INTERRUPTED
    except SynthLocalError as error:
        click.echo(f"error: {error}", err=True)
        return error.exit_code
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
