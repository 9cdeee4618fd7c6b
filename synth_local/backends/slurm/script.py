"""A part of a job as a batch script: readable, and safe whatever names stand in it.

Options stand in the script; ids of other jobs and the run directory do not: they are arguments of
``sbatch``. What stands in an ``#SBATCH`` line is made of harmless characters alone, since versions
of Slurm's parser differ in what they take for a quote; a word in a command is quoted for the shell.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2

from synth_local.backends.slurm.jobs import Part, format_indices
from synth_local.config import SiteConfig
from synth_local.core.places import find_shipped
from synth_local.errors import ConfigError
from synth_local.version import __version__

INHERITED = ("SYNTH_LOCAL_DATA", "SYNTH_LOCAL_MODELS")
_UNSAFE_IN_NAME = re.compile(r"[^A-Za-z0-9_.+-]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the jobs of a submission run.

    Attributes:
        run: the run directory, absolute.
        working_directory: the folder that the user submits from: relative paths start there.
        environment: variables of the user's that the jobs need.
        go_on: the command that submits again what is missing.
    """

    run: Path
    working_directory: Path
    environment: Mapping[str, str]
    go_on: str


def describe_place(run: Path, run_file: Path, site_file: Path) -> Place:
    """Return the place of a submission made from this process.

    Args:
        run_file: as the user named it.
        site_file: as the user named it.

    Raises:
        ConfigError: a path holds what neither Slurm nor a shell script can.
    """
    if not str(run).isprintable() or {"\\", "%"} & set(str(run)):
        # both have a meaning of their own in the name of a log
        raise ConfigError(
            f"Slurm cannot write logs to a folder of this name: {str(run)!r}",
            where=run,
            fix="use a run directory without %, backslash and control characters in its path",
        )
    found = {name: os.environ[name] for name in INHERITED if os.environ.get(name)}
    paths = {name: str(Path(value).absolute()) for name, value in found.items()}
    files = [str(run_file.absolute()), "--site", str(site_file.absolute())]
    words = ["synth-local", "submit", *files, "--out", str(run)]
    return Place(run, Path.cwd(), paths, shlex.join(words))


def render_script(part: Part, site: SiteConfig, place: Place) -> str:
    """Return the batch script of a part of a job.

    Args:
        place: where it runs.

    Returns:
        A bash script that ends in a line feed.
    """
    job = part.job
    default = f"{site.activate}/bin/python" if site.activate else sys.executable
    several = job.nodes * job.processes > 1
    return _template().render(
        directives=_list_directives(part, site, place),
        title=_describe(part),
        version=__version__,
        working_directory=shlex.quote(str(place.working_directory)),
        environment=[
            f"{name}={shlex.quote(value)}"
            for name, value in {**place.environment, **site.environment}.items()
        ],
        modules=shlex.join(site.modules),
        prologue=site.prologue.rstrip("\n"),
        activate=shlex.quote(site.activate) if site.activate else "",
        run=shlex.quote(str(place.run)),
        stage=job.stage,
        scratch=shlex.quote(_expand_scratch(site.scratch)) if site.scratch else "",
        # one failed process ends the others, and the step with them
        launcher="srun --kill-on-bad-exit=1 " if several else "",
        python=shlex.quote(site.python or default),
        requeue=site.requeue.allowed,
        requeue_limit=site.requeue.limit,
        warn_seconds=site.requeue.warn_seconds,
        # the rest is for closing files and for asking Slurm
        drain_seconds=site.requeue.warn_seconds * 2 // 3,
        go_on=shlex.quote(place.go_on),
        num_shards=job.num_shards,
        first=part.first,
        stride=part.stride,
        commands=[shlex.join(command) for command in job.commands],
    )


def job_name(site: SiteConfig, place: Place, part: Part) -> str:
    """Return the name that the queue shows, made of characters that no parser minds."""
    head = _UNSAFE_IN_NAME.sub("_", site.job_name or place.run.name).strip("_") or "run"
    return f"{head[:60]}.{part.name}"


def _expand_scratch(scratch: str) -> str:
    try:
        path = os.path.expandvars(Path(scratch).expanduser())
    except RuntimeError as error:
        raise ConfigError(
            f"scratch lies in the home of nobody: {scratch[:100]!r}",
            where="scratch",
            fix="write the folder out",
        ) from error
    if "$" in path:
        raise ConfigError(
            f"scratch names a variable that is not set here: {path}",
            where="scratch",
            fix="set it, or write the folder out; $SLURM_JOB_ID is added in each job anyway",
        )
    return path


def _list_directives(part: Part, site: SiteConfig, place: Place) -> list[str]:
    job = part.job
    want = job.resources
    log = f"logs/{job.stage}-%A-%a.out" if part.tasks else f"logs/{job.stage}-%j-0.out"
    throttle = f"%{site.array.throttle}" if site.array.throttle else ""
    gres = want.gres or (f"gpu:{want.gpus * job.processes}" if want.gpus else None)
    partition, qos = want.partition or site.partition, want.qos or site.qos
    options: list[tuple[str, str | None]] = [
        ("job-name", job_name(site, place, part)),
        ("output", log),
        ("open-mode", "append"),
        ("array", format_indices(part.tasks) + throttle if part.tasks else None),
        ("account", site.account),
        ("partition", partition),
        ("qos", qos),
        ("time", want.time),
        ("nodes", str(job.nodes)),
        ("ntasks-per-node", str(job.processes)),
        ("cpus-per-task", str(want.cpus)),
        ("mem", want.memory),
        ("gres", gres),
        ("mail-user", site.mail.user if site.mail else None),
        ("mail-type", ",".join(site.mail.when) if site.mail else None),
        ("signal", f"B:USR1@{site.requeue.warn_seconds}"),
        ("kill-on-invalid-dep", "yes"),
    ]
    lines = [f"--{name}={value}" for name, value in options if value is not None]
    lines += ["--requeue" if site.requeue.allowed else "--no-requeue"]
    return [*lines, *site.options]


def _describe(part: Part) -> str:
    job = part.job
    what = ", ".join(shlex.join(command) for command in job.commands)
    if job.num_shards is None:
        return what
    shards = f"{job.num_shards} shards in {len(part.tasks)} array tasks"
    return f"{what}, {shards}" + (f", from shard {part.first}" if part.first else "")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(  # noqa: S701 - a shell script: every value is quoted above
        trim_blocks=False,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    path = find_shipped("slurm") / "templates" / "job.sh.j2"
    return environment.from_string(path.read_text(encoding="utf-8"))
