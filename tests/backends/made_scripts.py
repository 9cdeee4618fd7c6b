"""An example submission, and a bench that runs a batch script with stand-ins for its commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synth_local.backends.slurm.jobs import Job, Part, cut_parts
from synth_local.backends.slurm.script import Place, render_script
from synth_local.config import SiteConfig, StageSite
from synth_local.pipeline.slurm.job_plan import GeneratorWork, Work, plan_jobs

EXAMPLE_SITE = SiteConfig.model_validate(
    {
        "account": "project-123",
        "partition": "gpu",
        "qos": "normal",
        "options": ["--constraint=a100&nvlink", "--exclusive"],
        "modules": ["cuda/12.8", "gcc/13.2"],
        "prologue": "source /etc/profile.d/site.sh\nulimit -c 0\n",
        "activate": "/shared/envs/synth-local",
        "python": "/shared/envs/synth-local/bin/python",
        "environment": {"NCCL_SOCKET_IFNAME": "ib0", "NOTE": "it's $HOME, a b"},
        "scratch": "/scratch/someone",
        "array": {"throttle": 2, "max_index": 6},
        "mail": {"user": "someone@example.org", "when": ["FAIL", "END"]},
        "stages": {
            "generate": {"shards": 4, "gres": "gpu:a100:1", "memory": "64G"},
            "curate": {"partition": "cpu", "qos": "short", "time": "30"},
            "train": {"shards": 8, "nodes": 2, "processes": 2},
        },
    }
)
EXAMPLE_PLACE = Place(
    Path("/data/runs/sms"),
    Path("/home/someone/texts"),
    {"SYNTH_LOCAL_MODELS": "/shared/models"},
    "synth-local submit /home/someone/texts/sms.yaml --site /home/someone/texts/site.yaml "
    "--out /data/runs/sms",
)


def render_example() -> dict[str, str]:
    """Return every script of the example, by name: each kind, a follow-up round, a cut array."""
    work = Work((GeneratorWork("tiny-a", 2, 2, None, is_measured=False),), 8, None)
    array = EXAMPLE_SITE.array
    return {
        part.name: render_script(part, EXAMPLE_SITE, EXAMPLE_PLACE)
        for job in plan_jobs(work, EXAMPLE_SITE.stages)
        for part in cut_parts(job, array.size, array.max_index or 0)
    }


def make_part(
    *commands: tuple[str, ...], num_shards: int | None = None, array_size: int = 1000
) -> Part:
    """Return the only part of a job with these commands."""
    stage = commands[0][0]
    return cut_parts(Job(stage, stage, commands, StageSite(), (), num_shards), array_size, 1001)[0]


STEP = """\
#!{python} -S
import json, os, signal, sys
from pathlib import Path
with open(os.environ["STUB_STEPS"], "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
def wait_for(*numbers, code=130):
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    Path(os.environ["STUB_READY"]).write_text("ready")
    number = signal.sigwait(numbers)
    with open(os.environ["STUB_STEPS"], "a") as log:
        log.write(json.dumps(signal.Signals(number).name) + "\\n")
    sys.exit(code)
{body}
"""
SCONTROL = """\
#!/bin/sh
printf '%s\\n' "$*" >> "$STUB_SCONTROL"
case "$1" in show) printf '%s\\n' "$STUB_SAYS" ;; requeue) exit "${STUB_CODE:-0}" ;; esac
"""


@dataclass
class Bench:
    """A run directory, and stand-ins for ``python`` and ``scontrol``.

    Attributes:
        folder: of everything.
        body: Python lines that the step runs.
        site: further settings of the site.
        variables: further variables of the script's environment.
        run_name: of the run directory.
    """

    folder: Path
    body: str = ""
    site: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    run_name: str = "run"

    @property
    def run(self) -> Path:
        """The run directory."""
        return self.folder / "runs" / self.run_name

    @property
    def ready(self) -> Path:
        """A pipe that the step writes to when it waits for a signal."""
        return self.folder / "ready"

    def start(self, part: Part) -> subprocess.Popen[str]:
        """Start the part's script under bash, as Slurm would."""
        python = self._write_program("python", STEP.format(python=sys.executable, body=self.body))
        self._write_program("scontrol", SCONTROL)
        (self.run / "logs").mkdir(parents=True, exist_ok=True)
        (self.run / "work" / "slurm" / "tasks").mkdir(parents=True, exist_ok=True)
        if not self.ready.exists():
            os.mkfifo(self.ready)
        site = SiteConfig.model_validate({"python": str(python), **self.site})
        place = Place(self.run, self.run, {}, f"synth-local submit --out '{self.run}'")
        script = self.folder / "job.sh"
        script.write_text(render_script(part, site, place))
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "SYNTH_"))}
        stubs = {
            "STUB_STEPS": str(self.folder / "steps"),
            "STUB_SCONTROL": str(self.folder / "calls"),
            "STUB_READY": str(self.ready),
            "PATH": f"{python.parent}:{os.environ['PATH']}",
            "SLURM_JOB_ID": "7",
        }
        return subprocess.Popen(
            ["bash", str(script)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**kept, **stubs, **self.variables},
            cwd=self.folder,
        )

    def finish(self, part: Part) -> tuple[int, str]:
        """Run the script to its end; return its exit code and what it printed."""
        process = self.start(part)
        said, _ = process.communicate(timeout=60)
        return process.returncode, said

    def interrupt(self, part: Part, number: int) -> tuple[int, str]:
        """Send a signal to the script while its step runs; return as ``finish`` does."""
        process = self.start(part)
        self.ready.read_text()  # waits until the step says that it listens
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)
        return process.returncode, said

    @property
    def steps(self) -> list[Any]:
        """The argument lists of the steps, and the names of the signals that they got."""
        path = self.folder / "steps"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    @property
    def calls(self) -> list[str]:
        """The calls of ``scontrol``."""
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def mark(self, name: str) -> str:
        """Return what the script wrote of itself."""
        return (self.run / "work" / "slurm" / "tasks" / name).read_text().strip()

    def _write_program(self, name: str, text: str) -> Path:
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path
