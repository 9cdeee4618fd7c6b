"""What an embedder is, and what its vectors are held to. Knows nothing about distances."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from synth_local.core.hashing import digest_file, digest_json
from synth_local.errors import EngineError, MachineError, SynthLocalError, one_line

Vectors = NDArray[np.float32]

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
