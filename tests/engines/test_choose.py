"""Choosing an engine: by what is asked, what the folder is and what the machine has."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from synth_local.config import GenerateConfig
from synth_local.engines import choose
from synth_local.engines.context_length import (
    DEFAULT_CONTEXT,
    UNSTATED_CONTEXT,
    find_context_length,
)
from synth_local.engines.fake import write_fake_model
from synth_local.errors import ConfigError, MachineError
from synth_local.models import Card


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    return tmp_path


def install(monkeypatch: pytest.MonkeyPatch, *, vllm: bool, gpu: bool, cpu_build: bool) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object() if vllm else None)
    monkeypatch.setattr(choose, "has_gpu", lambda: gpu)
    monkeypatch.setattr(choose, "_is_cpu_build", lambda: cpu_build)


@pytest.mark.parametrize(
    ("vllm", "gpu", "cpu_build", "expected"),
    [
        (True, True, False, "vllm"),
        (True, False, True, "vllm"),
        (True, False, False, "transformers"),
        (False, True, False, "transformers"),
    ],
)
def test_auto_takes_vllm_wherever_it_can_run(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    vllm: bool,
    gpu: bool,
    cpu_build: bool,
    expected: str,
) -> None:
    install(monkeypatch, vllm=vllm, gpu=gpu, cpu_build=cpu_build)
    assert choose.resolve_engine("auto", folder) == expected
    assert choose.resolve_engine("transformers", folder) == "transformers"


@pytest.mark.parametrize("installed", [True, False])
def test_vllm_where_it_cannot_run_is_an_error_of_the_machine(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    installed: bool,
) -> None:
    install(monkeypatch, vllm=installed, gpu=False, cpu_build=False)
    with pytest.raises(MachineError, match="vLLM is") as caught:
        choose.resolve_engine("vllm", folder)
    assert caught.value.exit_code == 4
    assert "--engine transformers" in caught.value.fix


def test_an_unknown_engine_is_an_error_of_the_configuration(folder: Path) -> None:
    with pytest.raises(ConfigError, match="'vlm'"):
        choose.resolve_engine("vlm", folder)


@pytest.mark.parametrize("requested", ["auto", "vllm", "transformers"])
def test_a_fake_folder_is_served_by_the_fake_engine(tmp_path: Path, requested: str) -> None:
    assert choose.resolve_engine(requested, write_fake_model(tmp_path)) == "fake"


def test_weights_are_asked_for_before_anything_heavy_is_imported(folder: Path) -> None:
    with pytest.raises(MachineError, match="no weights"):
        choose.open_engine("vllm", folder, Card(name="x"), GenerateConfig(), "float32")


def test_an_empty_list_of_visible_devices_is_no_gpu(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(choose, "GPU_SIGNS", (tmp_path,))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert choose.has_gpu()
    assert choose.resolve_dtype("auto") == "bfloat16"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert not choose.has_gpu()
    assert choose.resolve_dtype("auto") == "float32"
    assert choose.resolve_dtype("float16") == "float16"


def test_choosing_imports_nothing_heavy() -> None:
    code = (
        "import sys; from synth_local.engines import choose, protocol, fake, context_length; "
        "print([m for m in ('torch', 'transformers', 'vllm', 'tokenizers', 'sklearn') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("config", "in_card", "expected"),
    [
        ({"max_position_embeddings": 2048}, None, 2048),
        ({"max_position_embeddings": 131072}, None, DEFAULT_CONTEXT),
        ({"max_position_embeddings": 131072}, 32768, 32768),
        ({"max_position_embeddings": 2048}, 4096, 2048),
        ({"text_config": {"max_position_embeddings": 4096}}, None, 4096),
        ({"n_positions": 1024}, None, 1024),
        ({}, None, UNSTATED_CONTEXT),
        ({}, 512, 512),
    ],
)
def test_the_context_comes_from_card_and_model(
    tmp_path: Path, config: dict[str, object], in_card: int | None, expected: int
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "x", **config}))
    assert find_context_length(tmp_path, Card(name="x", context_length=in_card)) == expected
