"""Slurm's commands, called sparingly and mistrusted: ``sbatch squeue scancel scontrol``.

No accounting is asked: it may be off or down, and lags behind. A job that Slurm does not know is
not a finished job; what is finished is said by files of the run directory alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from synth_local.backends.slurm.refusals import find_fix
from synth_local.errors import MachineError

AWAY = (
    "Unable to contact slurm controller", "Socket timed out", "Connection refused",
    "Zero Bytes were transmitted", "Transport endpoint", "Communication connection failure",
    "Slurm backup controller in standby mode", "Resource temporarily unavailable",
)  # fmt: skip
# the answer was lost, not the question: the job may have been taken
UNCERTAIN = ("Socket timed out", "Zero Bytes were transmitted", "Transport endpoint")
WAITS = (2.0, 5.0, 10.0, 20.0, 40.0)
CALL_SECONDS = 120.0
MESSAGE_LIMIT = 1000  # characters of a message of Slurm's that are shown
ACTIVE = frozenset(
    ["PENDING", "RUNNING", "SUSPENDED", "COMPLETING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD",
     "REQUEUE_FED", "RESIZING", "SIGNALING", "SPECIAL_EXIT", "STAGE_OUT", "STOPPED"]
)  # fmt: skip
DEFAULT_MAX_ARRAY_SIZE = 1001
# settings of one's own that would override what a script says
_OVERRIDES = ("SBATCH_", "SQUEUE_", "SCANCEL_", "SINFO_", "SLURM_")
_KEPT = ("SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_CLUSTERS", "SLURM_JWT")


@dataclass(frozen=True, slots=True)
class QueuedTask:
    """One job or array task as ``squeue`` lists it.

    Attributes:
        state: Slurm's word, such as ``PENDING``.
        reason: why it waits or ended, such as ``Resources``.
    """

    state: str
    reason: str


class SlurmError(MachineError):
    """A command of Slurm's failed; ``is_away`` where nobody answered it."""

    def __init__(self, what: str, *, is_away: bool, fix: str) -> None:
        super().__init__(what, fix=fix)
        self.is_away = is_away


def has_slurm() -> bool:
    """Return whether this machine has Slurm's commands."""
    return shutil.which("sbatch") is not None and shutil.which("squeue") is not None


def require_slurm() -> None:
    """Raise where this machine has no Slurm.

    Raises:
        MachineError: saying what to do.
    """
    if not has_slurm():
        raise MachineError(
            "this machine has no Slurm: there is no sbatch or no squeue on the path",
            fix="call this on a login node of the cluster, look at the scripts with --dry-run, "
            "or use synth-local run",
        )


@dataclass(frozen=True)
class Slurm:
    """The commands of one cluster.

    Attributes:
        sleep: waits between two attempts; injected by tests.
        waits: seconds before each further attempt while the controller is away.
    """

    sleep: Callable[[float], None] = time.sleep
    waits: Sequence[float] = WAITS

    def submit(self, script: Path, folder: Path, dependency: str, token: str, *, hold: bool) -> str:
        """Submit a script and return its job id.

        Args:
            folder: that it starts in; given here, where no parser reads a path as anything else.
            dependency: as ``sbatch`` takes it, such as ``afterok:3:4``; empty for none.
            token: unique to this job; finds it again where Slurm's answer was lost.
            hold: whether it waits for ``release``.

        Returns:
            The job's id, of the array where it is one.

        Raises:
            SlurmError: Slurm refuses the job or does not answer.
        """
        argv = ["sbatch", "--parsable", f"--chdir={folder}", f"--comment={token}"]
        argv += [f"--dependency={dependency}"] if dependency else []
        argv += ["--hold"] if hold else []
        for wait in (*self.waits, None):
            try:
                answer = _call([*argv, str(script)])
            except SlurmError as error:
                if not error.is_away or wait is None:
                    raise
                self.sleep(wait)
                taken = self._find(token) if any(w in error.what for w in UNCERTAIN) else ""
                if taken:
                    return taken
            else:
                return answer.strip().partition(";")[0]  # JOB;CLUSTER with several clusters
        raise AssertionError

    def release(self, job: str) -> None:
        """Let a held job start."""
        self._retried(["scontrol", "release", job])

    def cancel(self, jobs: Sequence[str]) -> None:
        """End jobs, waiting or running; ones that Slurm has forgotten are no error."""
        if jobs:
            self._retried(["scancel", "--quiet", *jobs])

    def list_tasks(self, *, patient: bool = False) -> dict[str, QueuedTask]:
        """Return this user's jobs and array tasks that Slurm still knows, in one query.

        Args:
            patient: whether to wait for a controller that is away.

        Returns:
            By ``<job>`` or ``<job>_<task>``.

        Raises:
            SlurmError: nobody answers.
        """
        # %F is the array's id, %K the task's; the JSON differs between versions, this does not
        argv = ["squeue", "-h", "-r", "-t", "all", "-u", str(os.getuid()), "-o", "%F|%K|%T|%r"]
        text = self._retried(argv) if patient else _call(argv)
        tasks = {}
        for line in text.splitlines():
            job, task, state, reason = (*line.split("|", 3), "", "", "")[:4]
            name = f"{job}_{task}" if task.isdigit() else job
            tasks[name] = QueuedTask(state, reason)
        return tasks

    def list_active(self, *, patient: bool = False) -> dict[str, QueuedTask]:
        """Return those of ``list_tasks`` that wait, run or have not quite ended."""
        tasks = self.list_tasks(patient=patient)
        return {name: task for name, task in tasks.items() if task.state in ACTIVE}

    def max_array_size(self) -> int:
        """Return the cluster's ``MaxArraySize``: array indices are below it."""
        for line in self._retried(["scontrol", "show", "config"]).splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "MaxArraySize" and value.strip().isdigit():
                return max(1, int(value))
        return DEFAULT_MAX_ARRAY_SIZE

    def _find(self, token: str) -> str:
        argv = ["squeue", "-h", "-t", "all", "-u", str(os.getuid()), "-o", "%F|%k"]
        for line in self._retried(argv).splitlines():
            job, _, comment = line.partition("|")
            if comment == token:
                return job
        return ""

    def _retried(self, argv: list[str]) -> str:
        for wait in self.waits:
            try:
                return _call(argv)
            except SlurmError as error:
                if not error.is_away:
                    raise
            self.sleep(wait)
        return _call(argv)


def _call(argv: list[str]) -> str:
    env = {k: v for k, v in os.environ.items() if not k.startswith(_OVERRIDES) or k in _KEPT}
    try:
        found = subprocess.run(  # noqa: S603
            argv,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=CALL_SECONDS,
            env=env,
            # a controller that hangs up is to be an error that the command tries again, not a
            # signal that ends it: Python ignores SIGPIPE, and the command does so too
            restore_signals=False,
        )
    except FileNotFoundError as error:
        raise SlurmError(
            f"there is no {argv[0]} on this machine", is_away=False, fix="call this on a login node"
        ) from error
    except OSError as error:
        raise SlurmError(
            f"{argv[0]} does not start: {os.strerror(error.errno or 0)}",
            is_away=False,
            fix=f"look at `which {argv[0]}`, or call this on a login node",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise SlurmError(
            f"{argv[0]} gave no answer in {CALL_SECONDS:.0f} s: Socket timed out",
            is_away=True,
            fix="try again when the controller is back",
        ) from error
    if found.returncode == 0:
        return found.stdout
    said = found.stderr.strip() or found.stdout.strip() or f"exit code {found.returncode}"
    is_away = any(sign in said for sign in AWAY)
    raise SlurmError(
        f"{argv[0]} failed: {said[:MESSAGE_LIMIT]}",
        is_away=is_away,
        fix="try again when the controller is back" if is_away else find_fix(said),
    )
