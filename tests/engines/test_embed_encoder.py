"""Encoder folders: pooling, padding and length are what the folder says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from synth_local.engines.embed.choose import open_embedder
from synth_local.engines.embed.encoder import pool_tokens
from synth_local.errors import MachineError

WORDS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "good", "bad", "film", "a", "very", "long"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "small-encoder"
    ids = {word: index for index, word in enumerate(WORDS)}
    marks = {f"{name.lower()}_token": f"[{name}]" for name in ("PAD", "CLS", "SEP", "UNK")}
    words = Tokenizer(models.WordLevel(ids, unk_token=marks["unk_token"]))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    fast: Any = PreTrainedTokenizerFast
    tokenizer = fast(tokenizer_object=words, **marks)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
    )
    bert: Any = BertModel
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = bert(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def copy_folder(folder: Path, target: Path) -> Path:
    target.mkdir()
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


def test_a_row_does_not_depend_on_the_texts_padded_with_it(encoder: Path) -> None:
    embedder = open_embedder(encoder)
    together = embedder.encode(["good film", "a very very very long bad film", ""])
    alone = embedder.encode(["good film"])
    assert together.shape == (3, 16)
    assert np.allclose(together[0], alone[0], atol=1e-6)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_many_texts_come_back_in_their_own_order(encoder: Path) -> None:
    embedder = open_embedder(encoder)
    texts = ["good " * (1 + index % 7) + WORDS[4 + index % 6] for index in range(150)]
    together = embedder.encode(texts)
    for index in (0, 63, 64, 149):
        assert np.allclose(together[index], embedder.encode([texts[index]])[0], atol=1e-5)


@pytest.mark.gpu
def test_vectors_from_a_gpu_equal_those_from_a_cpu(
    encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["good film", "a very very very long bad film", ""]
    on_gpu = open_embedder(encoder).encode(texts)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert np.allclose(on_gpu, open_embedder(encoder).encode(texts), atol=1e-3)


def test_the_folder_decides_between_mean_and_first_token(encoder: Path, tmp_path: Path) -> None:
    folder = copy_folder(encoder, tmp_path / "cls")
    (folder / "1_Pooling").mkdir()
    pooling = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    mean, first = open_embedder(encoder), open_embedder(folder)
    assert not np.allclose(mean.encode(["good film"]), first.encode(["good film"]), atol=1e-2)
    assert mean.digest != first.digest


def test_texts_are_cut_at_the_folders_length(encoder: Path, tmp_path: Path) -> None:
    folder = copy_folder(encoder, tmp_path / "short")
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 4}))
    cut = open_embedder(folder).encode(["good film", "good film bad bad bad"])
    assert np.allclose(cut[0], cut[1], atol=1e-6)
    assert open_embedder(encoder).encode(["good " * 100]).shape == (1, 16)  # beyond its positions


def test_padding_has_no_part_in_the_mean_on_either_side() -> None:
    hidden = torch.tensor([[[1.0], [3.0], [9.0]], [[9.0], [1.0], [3.0]]])
    mask = torch.tensor([[1, 1, 0], [0, 1, 1]])
    assert pool_tokens(hidden, mask, "mean").tolist() == [[2.0], [2.0]]
    assert pool_tokens(hidden, mask, "cls").tolist() == [[1.0], [1.0]]
    assert pool_tokens(hidden, mask * 0, "mean").tolist() == [[0.0], [0.0]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param(
            "modules.json", [{"type": "sentence_transformers.models.Dense"}], id="extra layer"
        ),
        pytest.param(
            "1_Pooling/config.json", {"pooling_mode_max_tokens": True}, id="other pooling"
        ),
    ],
)
def test_what_would_give_other_vectors_is_refused(
    encoder: Path, tmp_path: Path, name: str, content: object
) -> None:
    folder = copy_folder(encoder, tmp_path / "model")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content))
    with pytest.raises(MachineError, match="asks for") as error:
        open_embedder(folder)
    assert error.value.fix


def test_a_folder_without_weights_is_the_machines_problem(encoder: Path, tmp_path: Path) -> None:
    folder = copy_folder(encoder, tmp_path / "model")
    (folder / "model.safetensors").unlink()
    with pytest.raises(MachineError, match="embedder"):
        open_embedder(folder)
