"""The command for a GPU: no step stops another, and the file is complete whatever happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from gpu import LIMITS, ORDER, Record, Report, Runner
from gpu_steps.__main__ import MODULES

ROOT = Path(__file__).parents[2]
STEP = """
import json, pathlib, subprocess, sys, time
name, options = sys.argv[1], dict(zip(sys.argv[2::2], sys.argv[3::2]))
pathlib.Path(options["--result"]).write_text(json.dumps({"figure": 1.5}))
if name == "fails":
    raise SystemExit("this is why")
if name == "skips":
    print("no such thing here")
    sys.exit(77)
if name == "hangs":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    pathlib.Path(options["--scratch"], "child").write_text(str(child.pid))
    time.sleep(60)
"""


def run_steps(folder: Path, groups: list[list[str]], seconds: float = 30.0) -> dict[str, Any]:
    names = [name for group in groups for name in group]
    report = Report(folder, names, {"shape": "tiny"})
    scratch = folder / "scratch"
    scratch.mkdir()
    command = (sys.executable, "-c", STEP)
    runner = Runner("tiny", scratch, time.monotonic() + seconds, report, command)
    for group in groups:
        runner.run_together(group)
    found: dict[str, Any] = json.loads((folder / "gpu.json").read_text())
    return {one["name"]: one for one in found["steps"]}


def test_a_step_that_fails_or_is_skipped_stops_no_other(tmp_path: Path) -> None:
    steps = run_steps(tmp_path, [["fails", "skips"], ["works"]])
    assert [one["status"] for one in steps.values()] == ["failed", "skipped", "ok"]
    assert "this is why" in steps["fails"]["error"]
    assert "no such thing here" in steps["skips"]["error"]
    assert steps["works"]["figures"] == {"figure": 1.5}
    assert "===== fails: failed =====" in (tmp_path / "gpu.log").read_text()


def test_a_step_that_hangs_is_ended_with_its_children_and_keeps_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpu.TINY_LIMIT", 2)
    steps = run_steps(tmp_path, [["hangs"], ["works"]])
    assert [one["status"] for one in steps.values()] == ["timeout", "ok"]
    assert steps["hangs"]["figures"] == {"figure": 1.5}
    child = Path("/proc") / (tmp_path / "scratch" / "child").read_text()
    state = (child / "stat").read_text().split()[2] if child.exists() else "gone"
    assert state in {"gone", "Z"}


def test_steps_for_which_no_time_is_left_say_so(tmp_path: Path) -> None:
    steps = run_steps(tmp_path, [["works"]], seconds=1)
    assert steps["works"]["status"] == "skipped"
    assert "no time" in steps["works"]["error"]


def test_the_file_names_every_step_before_the_first_has_run(tmp_path: Path) -> None:
    report = Report(tmp_path, ["a", "b"], {})
    report.put(Record("a", "running"))
    steps = json.loads((tmp_path / "gpu.json").read_text())["steps"]
    assert [(one["name"], one["status"]) for one in steps] == [("a", "running"), ("b", "waiting")]


def test_every_step_has_a_module_and_a_limit() -> None:
    names = ORDER.split(",")
    assert set(names) == set(LIMITS) == set(MODULES)
    for module in set(MODULES.values()):
        assert (ROOT / "benchmarks" / "gpu_steps" / f"{module}.py").is_file()


@pytest.mark.slow
def test_a_real_step_runs_on_a_cpu_with_a_tiny_shape(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/gpu.py", "--shape", "tiny", "--minutes", "3"]
    command += ["--steps", "training+tests", "--out", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip
    steps = {one["name"]: one for one in json.loads((tmp_path / "gpu.json").read_text())["steps"]}
    assert steps["training"]["status"] == "ok", steps["training"]["error"]
    assert steps["training"]["figures"]["ratio"] > 0
    assert (steps["tests"]["status"], steps["tests"]["error"]) == (
        "skipped",
        "there is no GPU here",
    )
    assert "training" in done.stdout.splitlines()[-2]
