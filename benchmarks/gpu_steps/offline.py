"""Does the main job run with vLLM in a namespace without a network, and try nothing else?

A generator is trained, a run made and verified there, with an empty home. The kernel of the
namespace counts packets that had no route: one planted attempt shows that the counter works.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from gpu_steps.step import Context, Skipped


def measure(context: Context) -> None:
    """Run ``offline_inside`` in a network namespace of its own."""
    unshare = shutil.which("unshare")
    tried = unshare and not subprocess.run([unshare, "-n", "true"], check=False).returncode
    if not (unshare and tried):
        raise Skipped("this machine lets us make no network namespace")
    folder = context.scratch / "offline"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    command = [unshare, "-n", sys.executable, "-m", "gpu_steps.offline_inside", str(folder)]
    command += ["--shape", context.shape, "--result", str(context.result)]
    done = subprocess.run(command, check=False, cwd=Path(__file__).parents[2])
    if done.returncode:
        raise SystemExit(done.returncode)
