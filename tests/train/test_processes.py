"""Two real processes that train one student together."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.train.made_students import clean_environment, make_encoder

pytestmark = pytest.mark.slow

SCRIPT = """\
import json, os, sys
from pathlib import Path
from synth_local.train.encoder import loop
from synth_local.train.cell import prepare_student, run_cell
from synth_local.train.students import StudentRef
from tests.train.made_students import QUICK, make_cell, make_data

loop.helps_bf16 = lambda device: False
encoder, out = map(Path, sys.argv[1:])
prepared = prepare_student(StudentRef("tiny", encoder), make_data(49), QUICK)
result = run_cell(make_cell(), prepared, 12, out / "student")
rank = os.environ.get("RANK", "0")
answer = {
    "processes": result.report.num_processes,
    "accuracy": result.report.final_accuracy,
    "is_main": result.is_main,
    "student": (out / "student" / "model.safetensors").exists(),
    "probabilities": [row.probabilities for row in result.predictions],
}
(out / f"rank{rank}.json").write_text(json.dumps(answer))
"""


def launch(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        check=check,
        env=clean_environment(),
        timeout=300,
    )


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    script = tmp_path / "train_one.py"
    script.write_text(SCRIPT)
    return [str(script), str(make_encoder(tmp_path / "tiny", dropout=0.0))]


def test_two_processes_train_the_student_that_one_trains(
    tmp_path: Path, arguments: list[str]
) -> None:
    torchrun = ("torch.distributed.run", "--standalone", "--nproc-per-node")
    answers = {}
    for number in (1, 2):
        out = tmp_path / f"out{number}"
        out.mkdir()
        launch(*torchrun, str(number), *arguments, str(out))
        answers[number] = [json.loads(path.read_text()) for path in sorted(out.glob("rank*"))]
    assert [row["processes"] for row in answers[1]] == [1]
    assert [row["processes"] for row in answers[2]] == [2, 2]
    assert [row["is_main"] for row in answers[2]] == [True, False]
    assert all(row["student"] for row in answers[2])
    assert {row["accuracy"] for row in answers[2]} == {answers[1][0]["accuracy"]}
    assert answers[2][0]["probabilities"] == answers[2][1]["probabilities"]
    _compare_weights(tmp_path / "out1" / "student", tmp_path / "out2" / "student")


def test_a_launch_that_lost_a_process_is_refused(tmp_path: Path, arguments: list[str]) -> None:
    launcher = ("accelerate.commands.launch", "--cpu", "--num_processes", "2")
    answer = launch(*launcher, *arguments, str(tmp_path), check=False)
    assert answer.returncode != 0
    assert "started only this one" in answer.stderr
    assert "torch.distributed.run" in answer.stderr
    assert not (tmp_path / "student").exists()


def _compare_weights(one: Path, other: Path) -> None:
    import torch  # noqa: PLC0415
    from safetensors.torch import load_file  # noqa: PLC0415

    ours, theirs = (load_file(folder / "model.safetensors") for folder in (one, other))
    assert ours.keys() == theirs.keys()
    for name, weight in ours.items():
        assert torch.allclose(weight, theirs[name], atol=2e-5), name
