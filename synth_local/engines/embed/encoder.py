"""Sentence vectors from a local encoder in Hugging Face format.

Pooling, length and extra modules are read from sentence-transformers' files where the folder has
them; otherwise token vectors are averaged. Knows nothing about other kinds of embedders.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from transformers import AutoModel, AutoTokenizer

from synth_local.core.files import read_json
from synth_local.engines.embed.vectors import (
    Vectors,
    digest_folder,
    explain_broken_folder,
    normalize_rows,
)
from synth_local.errors import MachineError
from synth_local.models import require_rows

Pooling = Literal["mean", "cls"]

BATCH_TEXTS = 64
LONGEST = 512
POOLINGS: dict[str, Pooling] = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
}


class EncoderEmbedder:
    """The mean of a text's token vectors, or its first one where the folder says so.

    Computes in float32, on a GPU where there is one. Longer texts are cut.

    Args:
        folder: config, Safetensors weights and tokenizer; ``modules.json``, ``1_Pooling`` and
            ``sentence_bert_config.json`` are optional.

    Raises:
        MachineError: the folder cannot be loaded, or asks for a module that is not supported.
    """

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.digest = digest_folder(folder)
        _refuse_unknown_modules(folder)
        self._pooling = read_pooling(folder)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        try:
            tokenizer: Any = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            model: Any = AutoModel.from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32,
            )
        except Exception as error:
            raise explain_broken_folder(folder, error) from error
        require_rows(folder, tokenizer.get_vocab())
        self._tokenizer = tokenizer
        self._model = model.to(self._device).eval()
        self._max_length = _find_max_length(folder, tokenizer, model)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (texts, hidden size) unit rows."""
        width = int(self._model.config.hidden_size)
        vectors = np.zeros((len(texts), width), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(order), BATCH_TEXTS):
            rows = order[start : start + BATCH_TEXTS]
            vectors[rows] = self._encode_batch([texts[row] for row in rows])
        return normalize_rows(vectors)

    @torch.inference_mode()
    def _encode_batch(self, texts: list[str]) -> Vectors:
        batch = self._tokenizer(
            texts, padding=True, truncation=True, max_length=self._max_length, return_tensors="pt"
        ).to(self._device)
        if not batch["input_ids"].numel():  # a tokenizer without marks, and empty texts only
            return np.zeros((len(texts), int(self._model.config.hidden_size)), dtype=np.float32)
        hidden = self._model(**batch).last_hidden_state  # (texts, tokens, hidden)
        pooled = pool_tokens(hidden, batch["attention_mask"], self._pooling)
        vectors: Vectors = pooled.float().cpu().numpy()
        return vectors


def pool_tokens(hidden: Tensor, mask: Tensor, pooling: Pooling) -> Tensor:
    """Return one vector per text.

    Args:
        hidden: (texts, tokens, hidden) token vectors.
        mask: (texts, tokens) 1 for tokens, 0 for padding, which may stand on either side.
        pooling: ``mean`` of the tokens, or ``cls``: the first token.

    Returns:
        (texts, hidden); zeros where a text has no token.
    """
    if pooling == "cls":
        first = mask.argmax(dim=1)  # (texts,)
        return hidden[torch.arange(len(hidden), device=hidden.device), first]
    weights = mask.unsqueeze(-1).to(hidden.dtype)  # (texts, tokens, 1)
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)


def read_pooling(folder: Path) -> Pooling:
    """Read how the folder wants token vectors pooled.

    Args:
        folder: of an encoder; ``1_Pooling/config.json`` is optional.

    Returns:
        ``mean`` where it says nothing.

    Raises:
        MachineError: it asks for another pooling than the mean or the first token.
    """
    config = _read_object(folder / "1_Pooling" / "config.json")
    asked = [key for key, on in config.items() if key.startswith("pooling_mode_") and on is True]
    if not asked:
        return "mean"
    if len(asked) > 1 or asked[0] not in POOLINGS:
        raise MachineError(
            f"the folder asks for the pooling {', '.join(asked)}",
            where=folder / "1_Pooling" / "config.json",
            fix=f"use an encoder with one of {', '.join(POOLINGS)}",
        )
    return POOLINGS[asked[0]]


def _refuse_unknown_modules(folder: Path) -> None:
    """Refuse layers after the pooling: without them the vectors would be other ones."""
    modules = _read_json(folder / "modules.json") or []
    names = [str(module.get("type", "")) for module in modules if isinstance(module, dict)]
    unknown = [
        name
        for name in names
        if name.rsplit(".", 1)[-1] not in ("Transformer", "Pooling", "Normalize")
    ]
    if unknown:
        raise MachineError(
            f"the folder asks for the module {', '.join(unknown)}, which is not supported",
            where=folder / "modules.json",
            fix="use an encoder with no layers after its pooling",
        )


def _find_max_length(folder: Path, tokenizer: Any, model: Any) -> int:
    """Return the most tokens of a text: what the folder says, else at most 512."""
    asked = _read_object(folder / "sentence_bert_config.json").get("max_seq_length")
    if isinstance(asked, int):
        return asked
    bounds = [LONGEST, int(tokenizer.model_max_length)]
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions:  # some encoders count positions from behind the padding's id
        bounds.append(int(positions) - 2)
    return max(1, min(bounds))


def _read_object(path: Path) -> dict[str, Any]:
    value = _read_json(path)
    return value if isinstance(value, dict) else {}


def _read_json(path: Path) -> Any:
    try:
        return read_json(path)
    except (OSError, ValueError) as error:
        raise explain_broken_folder(path.parent, error) from error
