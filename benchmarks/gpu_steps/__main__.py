"""Run one step in this process: ``python -m gpu_steps NAME --result FILE ...``."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path

from gpu_steps.step import Context, Skipped

SKIPPED = 77
MODULES = {
    "environment": "environment",
    "tests": "gpu_tests",
    "generation_8b": "generation",
    "generation_135m": "generation",
    "batches_invariant": "batches",
    "training": "training",
    "processes": "processes",
    "offline": "offline",
    "memory": "memory",
}


def main() -> int:
    """Run the step and return its exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--shape", required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--result", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    context = Context(**vars(options))
    module = importlib.import_module(f"gpu_steps.{MODULES[options.name]}")
    try:
        module.measure(context)
    except Skipped as reason:
        print(reason)
        return SKIPPED
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # engines leave threads and processes that would be waited for
