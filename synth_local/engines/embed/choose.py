"""Texts as unit vectors: which embedder a folder holds, and the one that needs no folder.

Three kinds: a model2vec folder, an encoder in Hugging Face format (sentence-transformers' pooling
files are honoured), and hashed character n-grams where there is no folder. The libraries behind a
kind are imported when a folder of that kind is opened. Knows nothing about distances.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from synth_local.core.files import read_json
from synth_local.core.hashing import digest_file, digest_json
from synth_local.engines.fit import require_fit
from synth_local.errors import EngineError, MachineError, SynthLocalError, one_line

Vectors = NDArray[np.float32]

HASHED = "hashed-char-ngrams"
HASHED_SETTINGS: dict[str, Any] = {
    "analyzer": "char_wb",
    "ngram_range": (3, 5),
    "n_features": 2**12,
    "alternate_sign": True,
    "norm": None,
    "lowercase": True,
}
CONTENT_FILES = ("*.safetensors", "*.json", "*.txt", "*.model")


class Embedder(Protocol):
    """Turns texts into vectors whose inner product is their cosine similarity."""

    @property
    def name(self) -> str:
        """What the embedder is called in reports: the folder's name, or the method's."""
        ...

    @property
    def digest(self) -> str:
        """Identity of weights and settings: SHA-256 as 64 hexadecimal digits."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row per text.

        Args:
            texts: any number, in any order; the row of one does not depend on the others beyond
                rounding.

        Returns:
            (texts, dimensions) float32, each row of length 1. A text without any feature, such as
            an empty one, gets the first unit vector: empty texts equal one another, nothing is NaN.
        """
        ...


def open_embedder(folder: Path | None) -> Embedder:
    """Open the embedder in a folder.

    Args:
        folder: of a model2vec or encoder model; ``None`` for hashed character n-grams.

    Raises:
        MachineError: the folder holds no embedder that can be loaded, or one with weights missing.
    """
    if folder is None:
        return HashedEmbedder()
    _require_fit(folder)
    config = _read_config(folder)
    if config.get("model_type") == "model2vec":
        return StaticEmbedder(folder)
    door: Any = import_module("synth_local.engines.embed.encoder")
    embedder: Embedder = door.EncoderEmbedder(folder)
    return embedder


class HashedEmbedder:
    """Counts of character 3- to 5-grams within words, hashed into 4,096 dimensions.

    Lexical, not semantic: texts are near where they share spelling. The hash also draws a sign for
    each n-gram, so that two n-grams that meet in one dimension cancel as often as they add: the
    inner product is right on average, where counts without a sign would make all texts look alike.
    Cosines may therefore fall slightly below 0.

    References:
        K. Weinberger et al. (2009), Feature Hashing for Large Scale Multitask Learning.
        https://arxiv.org/abs/0902.2206
    """

    name = HASHED
    digest = digest_json(HASHED_SETTINGS)

    @cached_property
    def _vectorizer(self) -> Any:
        text: Any = import_module("sklearn.feature_extraction.text")
        return text.HashingVectorizer(**HASHED_SETTINGS, dtype=np.float32)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (texts, 4096) unit rows."""
        if not texts:
            return np.zeros((0, int(HASHED_SETTINGS["n_features"])), dtype=np.float32)
        return normalize_rows(self._vectorizer.transform(texts).toarray())


class StaticEmbedder:
    """A model2vec folder: a text's vector is the weighted mean of its tokens' vectors."""

    def __init__(self, folder: Path) -> None:
        model2vec: Any = import_module("model2vec")
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


def normalize_rows(vectors: NDArray[Any]) -> Vectors:
    """Scale rows to length 1; a row of zeros becomes the first unit vector.

    Args:
        vectors: (rows, dimensions).

    Returns:
        (rows, dimensions) float32.

    Raises:
        EngineError: some value is no number.
    """
    rows = vectors.astype(np.float32, copy=True)
    if not np.isfinite(rows).all():
        raise EngineError(
            "the embedder's vectors are no numbers (NaN or infinite)",
            fix="copy the embedder's folder again, whole, or leave measure.embedder out",
        )
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1)  # (rows,)
    is_zero = lengths == 0
    rows[is_zero, 0] = 1.0
    lengths[is_zero] = 1.0
    scaled: Vectors = (rows / lengths[:, None]).astype(np.float32)
    return scaled


def digest_folder(folder: Path) -> str:
    """Return the identity of weights, settings and tokenizer; a card is no part of it."""
    paths = sorted({path for pattern in CONTENT_FILES for path in folder.rglob(pattern)})
    return digest_json({path.relative_to(folder).as_posix(): digest_file(path) for path in paths})


def explain_broken_folder(folder: Path, error: Exception) -> MachineError:
    """Return what to raise where a library could not open ``folder``."""
    reason = error.what if isinstance(error, SynthLocalError) else one_line(error)
    return MachineError(
        f"cannot load an embedder: {reason}",
        where=folder,
        fix="copy the model's folder again, whole, with Safetensors weights and its tokenizer; "
        "or leave the embedder out of the run file",
    )


def _require_fit(folder: Path) -> None:
    """Refuse a folder that is not whole, in an embedder's words."""
    try:
        require_fit(folder, "embedder")
    except MachineError as error:
        raise MachineError(
            f"cannot load an embedder: {error.what}", where=error.where, fix=error.fix
        ) from error


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        config = read_json(folder / "config.json")
    except (OSError, ValueError) as error:
        raise explain_broken_folder(folder, error) from error
    if not isinstance(config, dict):
        raise MachineError(
            "there is no embedder in this folder: config.json is missing or holds no settings",
            where=folder,
            fix="name a model2vec or encoder folder, or leave the embedder out of the run file",
        )
    return config
