"""Miniature encoders with random weights and texts that are easy to tell apart."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from synth_local.config import TrainConfig
from synth_local.records import Cell, Example
from synth_local.train.cell import CellData

LABELS = ("not spam", "spam: 'win'")
QUICK = TrainConfig(batch=16, learning_rate=3e-3, max_length=32)
WORDS = ("call me at home tonight dear friend", "win a free prize now txt claim cash")


def make_examples(num_rows: int, prefix: str = "r") -> list[Example]:
    rows = []
    for number in range(num_rows):
        words = WORDS[number % 2].split()
        length = 2 + number % 5
        text = " ".join(words[(number + place) % len(words)] for place in range(length))
        rows.append(Example(f"{prefix}{number}", f"{text} {number}", LABELS[number % 2]))
    return rows


def make_data(num_train: int = 48, num_test: int = 20) -> CellData:
    return CellData(make_examples(num_train), make_examples(num_test, "t"), LABELS)


def make_cell(seed: int = 0, student: str = "tiny") -> Cell:
    return Cell("sms", "real", "-", "-", student, 48, seed)


def make_encoder(folder: Path, kind: str = "bert", dropout: float = 0.1) -> Path:
    """Write an encoder of 2 layers of 32 units without a classification head."""
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415

    from synth_local.train.encoder.tokens import train_tokenizer  # noqa: PLC0415

    tokenizer = train_tokenizer([row.text for row in make_examples(64)], 120, 40)
    size = {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id}
    wide = size | {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
        "hidden_dropout_prob": dropout,
        "attention_probs_dropout_prob": dropout,
    }
    small = size | {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64}
    any_transformers: Any = transformers
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = {
            "bert": lambda: any_transformers.BertModel(any_transformers.BertConfig(**wide)),
            "roberta": lambda: any_transformers.RobertaModel(
                any_transformers.RobertaConfig(**wide)
            ),
            "electra": lambda: any_transformers.ElectraModel(
                any_transformers.ElectraConfig(**wide)
            ),
            "distilbert": lambda: any_transformers.DistilBertModel(
                any_transformers.DistilBertConfig(**small)
            ),
        }[kind]()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what launchers set."""
    left_out = ("RANK", "WORLD_SIZE", "MASTER_", "LOCAL_", "ACCELERATE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return kept | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
