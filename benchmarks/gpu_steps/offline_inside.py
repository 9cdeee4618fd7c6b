"""The part of ``offline`` that runs where there is no network."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from gpu_steps.shapes import make_task
from gpu_steps.step import Context, has_cuda

UNREACHABLE = ("192.0.2.1", 9)  # set aside for documentation
GET_FLAGS, SET_FLAGS, IS_UP = 0x8913, 0x8914, 1
RUN_FILE = """\
tasks: [{task}]
generators: [tiny-offline]
strategies: [{strategies}]
students: [{students}]
sources: [real, synthetic]
per_label: {per_label}
seeds: [0]
models: models
generate: {{max_tokens: 48, chain_length: 5, gpu_memory: 0.3, shots: 2}}
curate: {{near_duplicates: 1.0, max_rounds: 1}}
train: {{epochs: 1, learning_rate: 5.0e-4, max_length: 64}}
"""


def main() -> int:
    """Train, run and verify; save what was tried beside loopback."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shape", required=True)
    parser.add_argument("--result", type=Path, required=True)
    options = parser.parse_args()
    context = Context("offline", options.shape, options.folder, options.result, 0.0)
    bring_loopback_up()
    before = count_unroutable()
    knock()
    planted = count_unroutable() - before
    context.save(counter_works=planted > 0)
    tokens, per_label = (10_000, 6) if context.is_tiny else (150_000, 60)
    values = {"strategies": "few_shot", "students": "tfidf-logreg"}
    if not context.is_tiny:
        values = {"strategies": "zero_shot, few_shot", "students": "scratch-bert, tfidf-logreg"}
    task = make_task(options.folder, num_train=600)
    run_file = options.folder / "run.yaml"
    text = RUN_FILE.format(task=task, per_label=per_label, **values)
    run_file.write_text(text, encoding="utf-8")
    model = options.folder / "models" / "tiny-offline"
    out = options.folder / "run"
    before = count_unroutable()
    failed = 0
    for name, arguments in {
        "tiny": ["models", "tiny", "--task", task, "--out", model, "--size", "xs", "--tokens",
                 tokens],
        "run": ["run", run_file, "--out", out],
        "verify": ["verify", out],
    }.items():  # fmt: skip
        start = time.perf_counter()
        code = call(options.folder, [str(one) for one in arguments])
        context.save(**{f"{name}_status": code, f"{name}_seconds": time.perf_counter() - start})
        failed += code != 0
    context.save(unroutable_attempts=count_unroutable() - before, **read_engine(out))
    return 1 if failed else 0


def call(folder: Path, arguments: list[str]) -> int:
    """Run the command line with an empty home and no variable that says where hubs are."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS"))}
    environment |= {"HOME": str(home)}
    if has_cuda():
        environment.pop("VLLM_CPU_KVCACHE_SPACE", None)
    command = [sys.executable, "-m", "synth_local", *arguments]
    return subprocess.run(command, check=False, env=environment).returncode


def bring_loopback_up() -> None:
    """Do what ``ip link set lo up`` does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        answer = fcntl.ioctl(one, GET_FLAGS, struct.pack("16sH14x", b"lo", 0))
        (flags,) = struct.unpack_from("16xH", answer)
        fcntl.ioctl(one, SET_FLAGS, struct.pack("16sH14x", b"lo", flags | IS_UP))


def knock() -> None:
    """Try to reach an address that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect_ex(UNREACHABLE)


def count_unroutable() -> int:
    """Return how often this namespace found no route, over IPv4 and IPv6."""
    names, values = [
        line.split()
        for line in Path("/proc/net/snmp").read_text().splitlines()
        if line[:3] == "Ip:"
    ]
    count = int(values[names.index("OutNoRoutes")])
    six = Path("/proc/net/snmp6")
    if six.is_file():
        lines = [line.split() for line in six.read_text().splitlines()]
        count += sum(int(value) for name, value in lines if name == "Ip6OutNoRoutes")
    return count


def read_engine(out: Path) -> dict[str, str]:
    """Return which engine wrote the texts, from the run's own files."""
    for file in sorted(out.rglob("*.json")):
        found = json.loads(file.read_text(encoding="utf-8"))
        engine = found.get("engine") if isinstance(found, dict) else None
        if isinstance(engine, dict) and "name" in engine:
            return {f"engine_{key}": str(engine.get(key)) for key in ("name", "device", "grade")}
    return {}


if __name__ == "__main__":
    sys.exit(main())
