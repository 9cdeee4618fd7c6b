"""Texts by a model2vec folder: static vectors of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import model2vec
import numpy as np

from synth_local.engines.embed.vectors import (
    Vectors,
    digest_folder,
    explain_broken_folder,
    normalize_rows,
)


class StaticEmbedder:
    """A model2vec folder: a text's vector is the weighted mean of its tokens' vectors."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.digest = digest_folder(folder)
        try:
            self._model: Any = model2vec.StaticModel.from_pretrained(folder)
        except Exception as error:
            raise explain_broken_folder(folder, error) from error

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (texts, dimensions) unit rows."""
        if not texts:
            return np.zeros((0, int(self._model.dim)), dtype=np.float32)
        vectors = self._model.encode(list(texts), use_multiprocessing=False)
        return normalize_rows(np.asarray(vectors))
