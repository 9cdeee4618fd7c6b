"""Measure on one GPU what was measured on CPUs alone so far, by one command and within a time.

Steps run in order of value, each in processes of its own: a step that fails, hangs or takes all
memory stops no other, and the GPU's memory comes back. ``gpu.json`` is written after each step,
with its figures so far even where the time ran out; ``gpu.log`` holds the ends of all logs.

    python benchmarks/gpu.py --minutes 12 --out results
    python benchmarks/gpu.py --minutes 5 --out results --shape tiny     # a try-out, on a CPU too

Steps joined by ``+`` run at the same time: only such as measure no speed, and of those that start
vLLM one alone, since it measures free memory. What each step answers: docs/gpu.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

HERE = Path(__file__).resolve().parent
Status = Literal["waiting", "running", "ok", "failed", "skipped", "timeout"]
# in order of value; seconds at most in the full shape
LIMITS = {
    "environment": 60,
    "tests": 150,
    "generation_8b": 320,
    "generation_135m": 240,
    "batches_invariant": 240,
    "training": 90,
    "processes": 220,
    "offline": 240,
    "memory": 60,
}
ORDER = ",".join(LIMITS)
TINY_LIMIT = 500
SKIPPED = 77  # a step's exit status: it makes no sense here
LOG_CHARACTERS = 30_000
ERROR_LINES = 12
SHORTEST = 8  # seconds left under which no step is started


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one step.

    Attributes:
        name: of the step.
        status: ``waiting`` until it starts.
        seconds: of wall clock.
        figures: what it measured.
        error: last lines of its log where it failed, or why it was skipped.
    """

    name: str
    status: Status = "waiting"
    seconds: float = 0.0
    figures: dict[str, Any] = field(default_factory=dict)
    error: str = ""


class Report:
    """The file that is written after each step.

    Args:
        folder: of ``gpu.json`` and ``gpu.log``.
        names: of all steps, in order.
        about: what else the file says.
    """

    def __init__(self, folder: Path, names: list[str], about: dict[str, Any]) -> None:
        self._folder = folder
        self._about = about
        self._lock = threading.Lock()
        self.records = {name: Record(name) for name in names}
        folder.mkdir(parents=True, exist_ok=True)
        self.write()

    def put(self, record: Record, log: str = "") -> None:
        """Replace a step's record, keep the end of its log and write the file."""
        with self._lock:
            self.records[record.name] = record
            if log:
                with (self._folder / "gpu.log").open("a", encoding="utf-8") as file:
                    file.write(f"\n===== {record.name}: {record.status} =====\n{log}\n")
            self.write()

    def write(self) -> None:
        """Write ``gpu.json`` as a whole or not at all."""
        content = self._about | {"steps": [asdict(one) for one in self.records.values()]}
        unfinished = self._folder / "gpu.json.unfinished"
        unfinished.write_text(json.dumps(content, indent=1), encoding="utf-8")
        unfinished.replace(self._folder / "gpu.json")


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs steps as processes of their own.

    Attributes:
        shape: ``full`` or ``tiny``.
        scratch: folder that steps share: models, caches, logs.
        end: on the monotonic clock.
        report: takes what became of them.
        command: that runs a step, before its name and options.
    """

    shape: str
    scratch: Path
    end: float
    report: Report
    command: tuple[str, ...] = (sys.executable, "-m", "gpu_steps")

    def run_together(self, names: list[str]) -> None:
        """Run the steps at the same time and wait for all of them."""
        threads = [threading.Thread(target=self.run_step, args=[name]) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def run_step(self, name: str) -> None:
        """Run one step within its time, and record it."""
        left = self.end - time.monotonic()
        if left < SHORTEST:
            self.report.put(Record(name, "skipped", error="no time was left"))
            return
        limit = min(LIMITS.get(name, TINY_LIMIT) if self.shape == "full" else TINY_LIMIT, left)
        self.report.put(Record(name, "running"))
        print(f"{name} ... (at most {limit:.0f} s)", flush=True)
        record = self._run_process(name, limit)
        log = (self.scratch / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        if record.status in ("failed", "skipped"):
            record = replace(record, error="\n".join(log.strip().splitlines()[-ERROR_LINES:]))
        self.report.put(record, log[-LOG_CHARACTERS:])
        print(f"{name}: {record.status} in {record.seconds:.1f} s", flush=True)

    def _run_process(self, name: str, limit: float) -> Record:
        result = self.scratch / f"{name}.json"
        result.unlink(missing_ok=True)
        start = time.monotonic()
        status: Status
        with (self.scratch / f"{name}.log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [*self.command, name, *self._list_options(result, limit)],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=make_environment(self.scratch),
                start_new_session=True,
            )
            try:
                code = process.wait(limit)
                status = "ok" if code == 0 else "skipped" if code == SKIPPED else "failed"
            except subprocess.TimeoutExpired:
                status = "timeout"
            end_group(process)
        figures = json.loads(result.read_text(encoding="utf-8")) if result.is_file() else {}
        return Record(name, status, round(time.monotonic() - start, 1), figures)

    def _list_options(self, result: Path, limit: float) -> list[str]:
        options = ["--shape", self.shape, "--scratch", str(self.scratch), "--result", str(result)]
        return [*options, "--seconds", f"{limit:.0f}"]


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a step and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def make_environment(scratch: Path) -> dict[str, str]:
    """Return the environment of the steps: silent, and with caches that they share."""
    paths = [str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONUNBUFFERED": "1",
        "HF_HOME": str(scratch / "hub"),
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "DO_NOT_TRACK": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_HOST_IP": "127.0.0.1",
        "VLLM_LOGGING_LEVEL": "INFO",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_USE_FLASHINFER_SAMPLER": "0",
        "VLLM_CACHE_ROOT": str(scratch / "vllm"),
        "TORCHINDUCTOR_CACHE_DIR": str(scratch / "inductor"),
        "TRITON_CACHE_DIR": str(scratch / "triton"),
    }


def print_table(report: Report) -> None:
    """Print one line per step, with the figures that are plain numbers."""
    for one in report.records.values():
        figures = "  ".join(
            f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in one.figures.items()
            if isinstance(value, int | float | str) and len(str(value)) < 40
        )
        last = one.error.splitlines()[-1] if one.error else ""
        print(f"{one.name:<18} {one.status:<8} {one.seconds:7.1f} s  {figures[:300]} {last[:160]}")


def main() -> int:
    """Run the steps; end with 0 however they ended, since the file says so."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shape", choices=["full", "tiny"], default="full")
    parser.add_argument("--steps", default=ORDER, help=f"default: {ORDER}")
    parser.add_argument("--scratch", type=Path, help="models and caches, kept; default: removed")
    arguments = parser.parse_args()
    groups = [group.split("+") for group in arguments.steps.split(",")]
    about = {"date": time.strftime("%Y-%m-%dT%H:%M:%S"), "shape": arguments.shape}
    about |= {"minutes": arguments.minutes, "order": arguments.steps}
    report = Report(arguments.out, [name for group in groups for name in group], about)
    end = time.monotonic() + 60 * arguments.minutes
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        scratch = (arguments.scratch or Path(temporary)).resolve()
        scratch.mkdir(parents=True, exist_ok=True)
        runner = Runner(arguments.shape, scratch, end, report)
        for group in groups:
            runner.run_together(group)
    print_table(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
