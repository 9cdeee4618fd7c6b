"""The site file: what belongs to a cluster, and to no result.

Nothing here enters a fingerprint: two sites make the same corpus of the same run file. (What a run
file leaves to ``auto``, engine and dtype, is decided once, by whether the first submission asks for
GPUs, as a local run decides it by whether there is one.) Values that
become options of ``sbatch`` are held to the characters that Slurm's own names have, so that none
can be read as something else; shell lines of ``prologue`` are the site's own and run as they are.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from synth_local.config.slurm_values import count_gpus, find_gres_problem
from synth_local.core.section import Section

WORD = re.compile(r"[A-Za-z0-9_.,:=/@+*()|&\[\]-]+")
TIME = re.compile(
    r"UNLIMITED|INFINITE|[0-9]+|[0-9]+:[0-9]{2}(:[0-9]{2})?|[0-9]+-[0-9]+(:[0-9]{2}){0,2}"
)
MEMORY = re.compile(r"[0-9]+[KMGT]?")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OPTION = re.compile(r"--[a-z][a-z0-9-]*(=[A-Za-z0-9_.,:=/@+*()|&\[\]-]+)?")
# what the pipeline itself decides: a site that sets these would break it without a word
RESERVED_OPTIONS = (
    "--array", "--dependency", "--output", "--error", "--open-mode", "--job-name", "--requeue",
    "--no-requeue", "--signal", "--kill-on-invalid-dep", "--export", "--wrap",
    "--ntasks", "--ntasks-per-node", "--nodes", "--hold", "--test-only", "--parsable", "--wait",
    "--tasks-per-node", "--clusters", "--cluster", "--chdir",
)  # fmt: skip


def _match(pattern: re.Pattern[str], problem: str) -> AfterValidator:
    """Return a check of whole values; ``problem`` is said behind a value that does not match."""

    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            msg = f"{value!r} {problem}"
            raise ValueError(msg)
        return value

    return AfterValidator(check)


def _check_line(value: str) -> str:
    if not value.isprintable():
        msg = f"{value!r} holds control characters"
        raise ValueError(msg)
    return value


Word = Annotated[
    str,
    _match(WORD, f"holds characters that no name of Slurm's has: {WORD.pattern} is allowed"),
]
Time = Annotated[
    str, _match(TIME, "is not a time of Slurm's: minutes, MM:SS, HH:MM:SS or D-HH:MM:SS, quoted")
]
Memory = Annotated[
    str, _match(MEMORY, "is not a size: a number with K, M, G or T behind it, such as 64G")
]
Line = Annotated[str, AfterValidator(_check_line)]


class StageSite(Section):
    """What one stage's jobs ask Slurm for.

    Attributes:
        time: limit of one job; a longer one drains, is requeued and goes on.
        cpus: cores per process.
        memory: of one node.
        gpus: per process; 0 asks for none. Where there is a gres, that decides.
        gres: what stands for the GPUs of a node here, such as ``gpu:a100:1``; ``null`` is
            ``gpu:<gpus>``.
        partition: where it differs from the site's.
        qos: where it differs from the site's.
    """

    time: Time = "01:00:00"
    cpus: int = Field(default=4, ge=1)
    memory: Memory | None = None
    gpus: int = Field(default=0, ge=0)
    gres: Word | None = None
    partition: Word | None = None
    qos: Word | None = None

    @field_validator("gres")
    @classmethod
    def validate_gres(cls, value: str | None) -> str | None:
        """Require GPUs that can be counted."""
        problem = find_gres_problem(value) if value else ""
        if problem:
            raise ValueError(problem)
        return value

    def count_gpus(self, processes: int = 1) -> int:
        """Return the GPUs of a node: those of the gres where it names some, else by ``gpus``.

        Args:
            processes: of the node, each with ``gpus`` of its own.

        Returns:
            The number; at least 1 where a gres stands for GPUs under a name that is not Slurm's.
        """
        named = count_gpus(self.gres) if self.gres else None
        if named is not None:
            return named
        return max(self.gpus * processes, 1 if self.gres else 0)


class GenerateSite(StageSite):
    """Generation: one array task per shard.

    Attributes:
        shards: parts that a round is cut into; each loads the generator once.
        top_up_shards: parts of the follow-up rounds, which are small or empty.
    """

    time: Time = "08:00:00"
    cpus: int = Field(default=8, ge=1)
    gpus: int = Field(default=1, ge=0)
    shards: int = Field(default=4, ge=1, le=1_000_000)
    top_up_shards: int = Field(default=1, ge=1, le=1_000_000)


class TrainSite(StageSite):
    """Training: an array over cells.

    Attributes:
        shards: parts that the cells are cut into; ``null`` is one per cell.
        nodes: that train one cell together.
        processes: per node, that train one cell together.
    """

    time: Time = "04:00:00"
    gpus: int = Field(default=1, ge=0)
    shards: int | None = Field(default=None, ge=1, le=1_000_000)
    nodes: int = Field(default=1, ge=1)
    processes: int = Field(default=1, ge=1)


class StagesSite(Section):
    """The stages that ask for something of their own; ``prepare`` hashes weights, once."""

    prepare: StageSite = StageSite()
    generate: GenerateSite = GenerateSite()
    curate: StageSite = StageSite()
    measure: StageSite = StageSite()
    train: TrainSite = TrainSite()
    evaluate: StageSite = StageSite()


class ArraySite(Section):
    """How large an array may be.

    Attributes:
        size: most array tasks of one stage; where there are more shards, a task does several.
        max_index: the cluster's ``MaxArraySize``; ``null`` asks the cluster (1001 in a dry run).
        throttle: array tasks of one array that run at once; ``null`` leaves it to the scheduler.
    """

    size: int = Field(default=1000, ge=1, le=1_000_000)
    max_index: int | None = Field(default=None, ge=2)
    throttle: int | None = Field(default=None, ge=1)


class RequeueSite(Section):
    """What becomes of a job that runs into its time limit.

    Attributes:
        allowed: whether a job may put itself back into the queue; else it ends and says how to go
            on.
        limit: requeues of one job after which it fails with a reason.
        warn_seconds: before the time limit, when a job begins to drain.
    """

    allowed: bool = True
    limit: int = Field(default=50, ge=0)
    warn_seconds: int = Field(default=120, ge=1, le=65535)


class MailSite(Section):
    """Whom Slurm writes to, and when."""

    user: Word
    when: tuple[Literal["BEGIN", "END", "FAIL", "REQUEUE", "ALL", "TIME_LIMIT"], ...] = ("FAIL",)


class SiteConfig(Section):
    """A site file.

    Attributes:
        account: that the jobs are charged to.
        partition: of all stages that name none.
        qos: of all stages that name none.
        job_name: what the jobs' names begin with; ``null`` is the run directory's name.
        options: further options of ``sbatch``, such as ``--constraint=a100``.
        modules: loaded by ``module load`` before anything else.
        prologue: shell lines that run before each job's command.
        activate: folder of a Python environment whose ``bin`` comes first on the path.
        python: interpreter of the jobs; ``null`` is the environment's, else the one that submits.
        environment: variables that the jobs see.
        scratch: folder for temporary files and caches; ``~`` and ``$VARIABLES`` are those of the
            machine that submits.
        array: how large an array may be.
        requeue: what becomes of a job that runs into its time limit.
        mail: whom Slurm writes to.
        stages: what each stage asks for.
    """

    account: Word | None = None
    partition: Word | None = None
    qos: Word | None = None
    job_name: Line | None = None
    options: tuple[str, ...] = ()
    modules: tuple[Word, ...] = ()
    prologue: str = ""
    activate: Line | None = None
    python: Line | None = None
    environment: dict[str, Line] = Field(default_factory=dict)
    scratch: Line | None = None
    array: ArraySite = ArraySite()
    requeue: RequeueSite = RequeueSite()
    mail: MailSite | None = None
    stages: StagesSite = StagesSite()

    @field_validator("options")
    @classmethod
    def validate_options(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Require long options of one word that the pipeline does not set itself."""
        for option in value:
            if not OPTION.fullmatch(option):
                msg = f"{option!r} is not one option of the form --name or --name=value"
                raise ValueError(msg)
            name = option.partition("=")[0]
            # sbatch takes the first letters of an option for the option
            if any(reserved.startswith(name) for reserved in RESERVED_OPTIONS):
                msg = f"{name} is set by synth-local itself"
                raise ValueError(msg)
        return value

    @field_validator("environment")
    @classmethod
    def validate_environment(cls, value: dict[str, str]) -> dict[str, str]:
        """Require names that a shell takes as variables."""
        for name in value:
            if not VARIABLE.fullmatch(name):
                msg = f"{name!r} is not the name of an environment variable"
                raise ValueError(msg)
        return value

    @field_validator("prologue")
    @classmethod
    def validate_prologue(cls, value: str) -> str:
        """Require text that a shell script can hold."""
        if not all(char.isprintable() or char in "\n\t" for char in value):
            msg = "prologue holds control characters"
            raise ValueError(msg)
        return value
