"""Does a tokenizer fit into its model's embedding? A token without a row reads what is not there.

Reads the tokenizer's JSON files and the weights' headers; loads neither.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from synth_local.errors import BrokenModelError, MachineError
from synth_local.models.headers import TensorHeader
from synth_local.models.weights import list_tensors

_EMBEDDINGS = ("embed_tokens.weight", "wte.weight", "word_embeddings.weight", "embed_in.weight",
               "tok_embeddings.weight", "shared.weight", "word_embedding.weight",
               "tokens_embed.weight", "wordEmbeddings.weight")  # fmt: skip
# marks of pictures and sounds, which no text holds; text models of such families come without rows
_OTHER_MEDIA = ("image_token", "video_token", "audio_token", "boi_token", "eoi_token",
                "boa_token", "eoa_token")  # fmt: skip


VOCABULARIES = ("tokenizer.json", "tokenizer.model", "vocab.*", "spiece.model",
                "sentencepiece.bpe.model", "tekken.json")  # fmt: skip


def find_tokenizer_fault(folder: Path) -> MachineError | None:
    """Return what is wrong where a folder holds no file that names a tokenizer's tokens.

    Returns:
        The error; libraries make up an empty tokenizer where there is no such file.
    """
    if any(any(folder.glob(pattern)) for pattern in VOCABULARIES):
        return None
    return BrokenModelError(
        f"no tokenizer; one of {', '.join(VOCABULARIES)} should be there",
        where=folder,
        fix="copy the model's tokenizer files into the folder",
    )


def find_vocabulary_fault(folder: Path, tensors: Mapping[str, TensorHeader]) -> MachineError | None:
    """Return what is wrong where the folder's tokenizer is larger than the model's embedding.

    Returns:
        The error; ``None`` where it fits, or where the files do not say.
    """
    rows = _count_rows(tensors)
    ids = _read_ids(folder)
    return _explain(folder, rows, ids) if rows and ids else None


def require_rows(folder: Path, ids: Mapping[str, int]) -> None:
    """Do nothing where every token of a loaded tokenizer has a row in the folder's embedding.

    Raises:
        MachineError: some token has none.
    """
    try:
        rows = _count_rows(list_tensors(folder))
    except MachineError:
        return  # a tokenizer alone; whoever loads the weights will say what is wrong with them
    fault = _explain(folder, rows, ids) if rows else None
    if fault is not None:
        raise fault


def _explain(folder: Path, rows: int, ids: Mapping[str, int]) -> MachineError | None:
    over = [token for token, number in ids.items() if number >= rows]
    config = _read_object(folder / "tokenizer_config.json") if over else {}
    others = {_format(config.get(key)) for key in _OTHER_MEDIA}
    over = sorted((token for token in over if token not in others), key=lambda one: ids[one])
    if not over:
        return None
    return BrokenModelError(
        f"the tokenizer has {len(over)} tokens more than the model's embedding has rows ({rows:,})"
        f": {over[0][:50]!r} has the number {ids[over[0]]:,}",
        where=folder,
        fix="take the tokenizer that belongs to these weights; where tokens were added to it, call "
        "model.resize_token_embeddings(len(tokenizer)), train, and save both",
    )


def _count_rows(tensors: Mapping[str, TensorHeader]) -> int:
    """Return the rows of the embedding; 0 where no tensor has the name of one."""
    found = (one for name, one in tensors.items() if name.endswith(_EMBEDDINGS))
    return max((one.shape[0] for one in found if len(one.shape) == 2), default=0)


def _read_ids(folder: Path) -> dict[str, int]:
    """Return tokens with their ids; empty where they stand in no JSON file."""
    value = _read_object(folder / "tokenizer.json")
    model = value.get("model")
    words = model.get("vocab") if isinstance(model, dict) else _read_object(folder / "vocab.json")
    ids = {str(token): number for token, number in _number(words) if isinstance(number, int)}
    added = value.get("added_tokens")
    for one in added if isinstance(added, list) else []:
        if isinstance(one, dict) and isinstance(one.get("id"), int):
            ids[str(one.get("content"))] = one["id"]
    late = _read_object(folder / "tokenizer_config.json").get("added_tokens_decoder")
    for number, one in late.items() if isinstance(late, dict) else ():
        if number.isdigit() and isinstance(one, dict):
            ids[str(one.get("content"))] = int(number)
    return ids


def _number(words: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(words, dict):
        return words.items()
    if isinstance(words, list):  # Unigram: pairs of a token and its score, in order
        tokens = (word[0] if isinstance(word, list) and word else word for word in words)
        return ((token, number) for number, token in enumerate(tokens))
    return ()


def _format(token: Any) -> str:
    return str(token.get("content", "")) if isinstance(token, dict) else str(token or "")


def _read_object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
