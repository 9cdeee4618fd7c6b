from __future__ import annotations

import json
from pathlib import Path

import pytest

from synth_local.config import TrainConfig
from synth_local.errors import ConfigError, MachineError
from synth_local.train.launch import check_launch
from synth_local.train.students import StudentRef, check_student

FULL, LORA = TrainConfig(), TrainConfig(method="lora")


def make_folder(path: Path, *files: str, **config: object) -> Path:
    path.mkdir()
    (path / "config.json").write_text(json.dumps({"model_type": "bert", **config}))
    for name in files:
        (path / name).write_bytes(b"")
    return path


@pytest.mark.parametrize("name", ["scratch-bert", "tfidf-logreg"])
def test_lora_is_refused_where_there_is_nothing_to_adapt(name: str) -> None:
    check_student(StudentRef(name), FULL)
    with pytest.raises(ConfigError, match="LoRA") as caught:
        check_student(StudentRef(name), LORA)
    assert caught.value.where == "train.method"


def test_a_folder_with_safetensors_is_taken(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "bert", "model.safetensors", "pytorch_model.bin")
    check_student(StudentRef("bert", folder), FULL)
    check_student(StudentRef("bert", folder), LORA)


@pytest.mark.parametrize(
    ("files", "config", "message"),
    [
        pytest.param(["pytorch_model.bin"], {}, "pickles.*pytorch_model", id="only a pickle"),
        pytest.param([], {}, "no weights", id="no weights"),
        pytest.param(["model.safetensors"], {"auto_map": {"AutoModel": "x.Y"}}, "code", id="code"),
    ],
)
def test_a_folder_that_must_not_be_opened_is_refused(
    tmp_path: Path, files: list[str], config: dict[str, object], message: str
) -> None:
    folder = make_folder(tmp_path / "bert", *files, **config)
    with pytest.raises(MachineError, match=message) as caught:
        check_student(StudentRef("bert", folder), FULL)
    assert caught.value.fix


def test_a_missing_folder_is_refused_with_a_fix(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="cannot read config"):
        check_student(StudentRef("bert", tmp_path / "nowhere"), FULL)
    with pytest.raises(MachineError, match="no folder"):
        check_student(StudentRef("bert"), FULL)


def test_a_broken_configuration_is_refused(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "bert", "model.safetensors")
    (folder / "config.json").write_text("{")
    with pytest.raises(MachineError, match="not a model folder"):
        check_student(StudentRef("bert", folder), FULL)


LAUNCHED = {"ACCELERATE_DYNAMO_BACKEND": "NO", "ACCELERATE_USE_CPU": "True"}
MEETING = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}


@pytest.mark.parametrize(
    ("environment", "num_processes"),
    [
        pytest.param({}, 1, id="plain python"),
        pytest.param(LAUNCHED, 1, id="accelerate launch with one process"),
        pytest.param(MEETING, 1, id="a job script that exports an address"),
        pytest.param({**MEETING, "RANK": "1", "WORLD_SIZE": "2"}, 2, id="torch.distributed.run"),
        pytest.param({**LAUNCHED, **MEETING, "RANK": "0", "WORLD_SIZE": "2"}, 2, id="on GPUs"),
    ],
)
def test_launches_that_keep_their_word_are_fine(
    environment: dict[str, str], num_processes: int
) -> None:
    check_launch(num_processes, environment)


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({**LAUNCHED, **MEETING}, id="accelerate launch --cpu --num_processes 2"),
        pytest.param({"WORLD_SIZE": "2"}, id="a world of two in which one has come"),
    ],
)
def test_launches_that_lost_processes_are_refused(environment: dict[str, str]) -> None:
    with pytest.raises(MachineError) as caught:
        check_launch(1, environment)
    assert "torch.distributed.run" in caught.value.fix
