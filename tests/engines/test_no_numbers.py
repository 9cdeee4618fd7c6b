"""Models whose numbers are no numbers: the engine ends at the first step, with a hint."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from synth_local.config import GenerateConfig
from synth_local.engines.choose import open_engine
from synth_local.engines.embed.vectors import normalize_rows
from synth_local.engines.protocol import Engine
from synth_local.errors import EngineError
from synth_local.models import Card
from synth_local.records import Continuation, Message, Request
from tests.engines import broken_models as broken


def spoil(llama_folder: Path, folder: Path, value: float) -> Path:
    broken.copy_model(llama_folder, folder)
    broken.change_weights(
        folder, lambda held: {k: v * value if k == "model.norm.weight" else v
                              for k, v in held.items()},
    )  # fmt: skip
    return folder


def start(folder: Path, engine: str = "transformers", **settings: float) -> Engine:
    return open_engine(engine, folder, Card(name="x"), GenerateConfig(**settings), "float32")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_logits_that_are_no_numbers_end_generation_at_the_first_step(
    tmp_path: Path, llama_folder: Path, value: float, temperature: float
) -> None:
    engine = start(spoil(llama_folder, tmp_path / "spoilt", value), temperature=temperature)
    engine.submit(Request("a", engine.render((Message("user", "Write."),)), 0, 8))
    with pytest.raises(EngineError, match=r"no numbers.*float32") as caught:
        engine.step()
    assert caught.value.exit_code == 5
    assert "copy the folder again" in caught.value.fix


def test_log_probabilities_that_are_no_numbers_end_scoring(
    tmp_path: Path, llama_folder: Path
) -> None:
    engine = start(spoil(llama_folder, tmp_path / "spoilt", float("nan")))
    with pytest.raises(EngineError, match="no numbers"):
        engine.score([Continuation((8, 9), (10,))])


@pytest.mark.vllm
@pytest.mark.slow
@pytest.mark.enable_socket
def test_vllm_ends_before_the_first_text_where_its_numbers_are_none(
    tmp_path: Path, llama_folder: Path
) -> None:
    with pytest.raises(EngineError, match=r"no numbers.*float32") as caught:
        start(spoil(llama_folder, tmp_path / "spoilt", float("nan")), "vllm")
    assert "--engine" not in caught.value.fix


def test_vectors_that_are_no_numbers_are_an_error_of_the_embedder() -> None:
    with pytest.raises(EngineError, match="no numbers"):
        normalize_rows(np.array([[1.0, np.nan]]))
