"""Do the tests marked ``gpu`` pass here?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from gpu_steps.step import Context, require_cuda

ROOT = Path(__file__).parents[2]


def measure(context: Context) -> None:
    """Run them and save what each came to."""
    require_cuda()
    file = context.scratch / "gpu_tests.xml"
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "tests", f"--junitxml={file}"]
    command += ["-p", "no:cacheprovider", "-o", f"timeout={context.seconds:.0f}", "--tb=short"]
    command += [f"--basetemp={context.scratch / 'pytest'}"]
    done = subprocess.run(command, check=False, cwd=ROOT, env=os.environ)
    cases = ET.parse(file).getroot().iter("testcase") if file.is_file() else []  # noqa: S314 - our own
    outcomes = {}
    for case in cases:
        found = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        outcomes[str(case.get("name"))] = f"{(found or ['passed'])[0]} {case.get('time')} s"
    context.save(
        passed=sum(one.startswith("passed") for one in outcomes.values()),
        tests=len(outcomes),
        outcomes=outcomes,
    )
    if done.returncode:
        raise SystemExit(done.returncode)
