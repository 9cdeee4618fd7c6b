"""The identity of a model is the content of its folder, never its name.

Three digests, since they change for different reasons: what the model computes, how text becomes
tokens, and how a conversation becomes text. The card (``README.md``) is no part of any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_local.core.files import read_json, write_json
from synth_local.core.hashing import digest_file, digest_json
from synth_local.errors import MachineError
from synth_local.models.folder import read_templates
from synth_local.models.weights import CONFIG, list_weights, require_weights

# generation_config.json names the tokens that end a text, and some engines' sampling defaults
SETTINGS_FILES = (CONFIG, "generation_config.json")
TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
    "vocab.*", "merges.txt", "added_tokens.json", "spiece.model", "sentencepiece.bpe.model",
    "tekken.json",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModelDigest:
    """SHA-256 digests of a model's folder, 64 hexadecimal digits each.

    Attributes:
        weights: of the Safetensors files and the model's settings.
        template: of the chat templates, wherever they stand; empty where there is none.
    """

    weights: str
    tokenizer: str
    template: str
    total: str

    @classmethod
    def of(cls, weights: str, tokenizer: str, template: str) -> ModelDigest:
        """Return the three with their total."""
        return cls(weights, tokenizer, template, digest_json([weights, tokenizer, template]))


def digest_model(folder: Path, cache: Path | None = None) -> ModelDigest:
    """Return the digests of a model's folder.

    Args:
        cache: JSON file of digests known already. A file whose path, size and time of change (in
            ns) are the same is not read again. ``None``: everything is read.

    Returns:
        The same digests wherever the folder stands and whatever it is called.

    Raises:
        MachineError: the folder has no weights.
    """
    require_weights(folder)
    known = _Cache(cache)
    settings = [folder / name for name in SETTINGS_FILES]
    weights = _digest_files([*list_weights(folder), *settings], known)
    tokenizer, template = digest_small_files(folder, known)
    known.store()
    return ModelDigest.of(weights, tokenizer, template)


def digest_small_files(folder: Path, known: _Cache | None = None) -> tuple[str, str]:
    """Return the digests of a folder's tokenizer and of its chat templates; no weights are read."""
    paths = [path for pattern in TOKENIZER_FILES for path in sorted(folder.glob(pattern))]
    templates = read_templates(folder)
    tokenizer = _digest_files(paths, known or _Cache(None))
    return tokenizer, digest_json(templates) if templates else ""


def is_digest_known(folder: Path, cache: Path | None) -> bool:
    """Return whether ``digest_model`` would read no weights: all are in the cache, unchanged."""
    known = _Cache(cache)
    return all(known.has(path) for path in list_weights(folder))


def was_written(folder: Path, cache: Path | None) -> bool:
    """Return whether some weights were written since they were hashed at this place."""
    known = _Cache(cache)
    return any(known.is_outdated(path) for path in list_weights(folder))


class _Cache:
    """Digests of files by path, size and time of change; a broken cache is an empty one."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[str, list[Any]] = {}
        self._changed = False
        if path is not None:
            try:
                value = read_json(path)
            except (OSError, ValueError):
                value = None
            self._known = value if isinstance(value, dict) else {}

    def digest(self, path: Path) -> str:
        """Return a file's digest, from memory where the file is the same."""
        key, stamp = self._look(path)
        if self.has(path):
            return str(self._known[key][2])
        digest = digest_file(path)
        self._known[key] = [*stamp, digest]
        self._changed = True
        return digest

    def has(self, path: Path) -> bool:
        """Return whether a file's digest is known and the file the same."""
        key, stamp = self._look(path)
        entry = self._known.get(key)
        return isinstance(entry, list) and len(entry) == 3 and entry[:2] == stamp

    def is_outdated(self, path: Path) -> bool:
        """Return whether a digest is known of what stood at this path before."""
        return self._look(path)[0] in self._known and not self.has(path)

    def _look(self, path: Path) -> tuple[str, list[int]]:
        stat = path.stat()
        return str(path.resolve()), [stat.st_size, stat.st_mtime_ns]

    def store(self) -> None:
        """Write the cache where something new is in it; one that cannot be written is no harm."""
        if self._path is None or not self._changed:
            return
        try:
            write_json(self._path, self._known)
        except (MachineError, OSError):
            self._changed = False


def _digest_files(paths: Sequence[Path], known: _Cache) -> str:
    return digest_json([[path.name, known.digest(path)] for path in paths if path.is_file()])
