"""Digests and derived seeds: identity is content.

Knows nothing about what it hashes. Seeds are derived from a root seed and names, never taken from
a global generator, so that the value of one slot does not depend on which others exist.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

BLOCK_BYTES = 1 << 20


def digest_bytes(data: bytes) -> str:
    """Return the SHA-256 of ``data`` as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def digest_json(value: Any) -> str:
    """Return the SHA-256 of a JSON-ready value, independent of the order of keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return digest_bytes(text.encode())


def digest_texts(texts: Iterable[str]) -> str:
    """Return the SHA-256 of a sequence of texts; their boundaries and order count."""
    state = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "big"))
        state.update(data)
    return state.hexdigest()


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, read in blocks of 1 MiB."""
    state = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(BLOCK_BYTES):
            state.update(block)
    return state.hexdigest()


def derive_seed(root: int, *names: str | int) -> int:
    """Return a seed in [0, 2**63) that depends on ``root`` and ``names`` alone."""
    data = json.dumps([root, *names], ensure_ascii=True).encode()
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "big") >> 1
