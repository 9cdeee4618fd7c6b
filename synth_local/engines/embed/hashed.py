"""The embedder that needs no folder: hashed character n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from synth_local.core.hashing import digest_json
from synth_local.engines.embed.vectors import Vectors, normalize_rows

HASHED = "hashed-char-ngrams"
HASHED_SETTINGS: dict[str, Any] = {
    "analyzer": "char_wb",
    "ngram_range": (3, 5),
    "n_features": 2**12,
    "alternate_sign": True,
    "norm": None,
    "lowercase": True,
}


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
        from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415 - heavy

        return HashingVectorizer(**HASHED_SETTINGS, dtype=np.float32)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (texts, 4096) unit rows."""
        if not texts:
            return np.zeros((0, int(HASHED_SETTINGS["n_features"])), dtype=np.float32)
        return normalize_rows(self._vectorizer.transform(texts).toarray())
