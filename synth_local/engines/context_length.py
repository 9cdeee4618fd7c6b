"""How many tokens prompt and completion may have together.

The answer depends on the model's card and configuration alone, never on a machine's memory: which
exchanges of a long chain a prompt still shows follows from it, and so does the corpus.
"""

from __future__ import annotations

from pathlib import Path

from synth_local.models import Card, read_config

DEFAULT_CONTEXT = 8192
UNSTATED_CONTEXT = 2048
_KEYS = ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length", "n_ctx")


def find_context_length(folder: Path, card: Card) -> int:
    """Return the context length that a generator is used with, in tokens.

    The card decides, up to what the model was built for. Without a word in the card it is the
    model's own, at most 8,192: prompts here are short, and a longer window would take memory from
    the batch.
    """
    own = _find_own(folder)
    if card.context_length is None:
        return min(own or UNSTATED_CONTEXT, DEFAULT_CONTEXT)
    return min(card.context_length, own or card.context_length)


def _find_own(folder: Path) -> int | None:
    """Return what config.json says, also where the language model is one part of several."""
    config = read_config(folder)
    inner = config.get("text_config")
    for part in (config, inner if isinstance(inner, dict) else {}):
        for key in _KEYS:
            value = part.get(key)
            if isinstance(value, int) and value > 0:
                return value
    return None
