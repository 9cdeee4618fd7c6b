"""Which embedder a folder holds: model2vec, an encoder in Hugging Face format, or none at all.

The libraries behind a kind are imported when a folder of that kind is opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from synth_local.core.files import read_json
from synth_local.engines.embed.hashed import HashedEmbedder
from synth_local.engines.embed.vectors import Embedder, explain_broken_folder
from synth_local.engines.fit import require_fit
from synth_local.errors import MachineError


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
        from synth_local.engines.embed.static import StaticEmbedder  # noqa: PLC0415 - heavy

        return StaticEmbedder(folder)
    from synth_local.engines.embed.encoder import EncoderEmbedder  # noqa: PLC0415 - heavy

    return EncoderEmbedder(folder)


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
