"""Model folders of real models' shapes, and a task: all that the steps generate with.

A folder holds a configuration and a tokenizer as large as the model's vocabulary; its weights are
drawn at random by whoever loads it. What such a model writes is random words, so no text ends early
and all sides draw the same number of tokens.
"""

from __future__ import annotations

import itertools
import json
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from synth_local.task.simulated import write_simulated_task
from synth_local.tiny.tokenizer import CHAT_TEMPLATE, END, PAD, ROLE_TOKENS

hf: Any = transformers  # its classes are untyped
CONTEXT = 4096


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a Llama-like model.

    Attributes:
        hidden: width.
        inner: width of the feed-forward part.
        layers: number of blocks.
        heads: of queries.
        kv_heads: of keys and values.
        vocab: number of tokens.
        is_tied: whether input and output embeddings are one.
    """

    hidden: int
    inner: int
    layers: int
    heads: int
    kv_heads: int
    vocab: int
    is_tied: bool


SHAPES = {
    "8b": Shape(4096, 14336, 32, 32, 8, 128_256, False),  # Llama 3.1 8B
    "135m": Shape(576, 1536, 30, 9, 3, 49_152, True),  # SmolLM2 135M
    "tiny": Shape(64, 128, 2, 2, 1, 2048, True),
}


def make_model_folder(scratch: Path, name: str) -> Path:
    """Return a folder with configuration and tokenizer, made where it is not there."""
    folder = scratch / "shapes" / name
    if (folder / "config.json").is_file():
        return folder
    shape = SHAPES[name]
    tokenizer = make_tokenizer(shape.vocab)
    tokenizer.save_pretrained(folder)
    make_config(shape, tokenizer).save_pretrained(folder)
    return folder


def make_config(shape: Shape, tokenizer: Any, initializer_range: float = 0.02) -> Any:
    """Return the model's configuration."""
    return hf.LlamaConfig(
        architectures=["LlamaForCausalLM"],
        vocab_size=shape.vocab,
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=shape.is_tied,
        initializer_range=initializer_range,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
        pad_token_id=tokenizer.pad_token_id,
        dtype="bfloat16",
    )


def make_tokenizer(size: int) -> Any:
    """Return a byte-level BPE tokenizer of exactly ``size`` tokens: made-up syllables."""
    marks = [PAD, END, *ROLE_TOKENS.values()]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {letter: number for number, letter in enumerate(alphabet)}
    merges = []
    for left, right in itertools.islice(list_merges(), size - len(alphabet) - len(marks)):
        vocab[left + right] = len(vocab)
        merges.append((left, right))
    bpe = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.add_special_tokens([AddedToken(mark, special=True) for mark in marks])
    tokenizer = hf.PreTrainedTokenizerFast(
        tokenizer_object=bpe, pad_token=PAD, eos_token=END, clean_up_tokenization_spaces=False
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def list_merges() -> Iterator[tuple[str, str]]:
    """Yield merges, no result twice: pairs of letters, then a blank before them, then longer."""
    letters = string.ascii_lowercase
    pairs = [a + b for a, b in itertools.product(letters, repeat=2)]
    yield from itertools.product(letters, repeat=2)
    yield from (("Ġ", pair) for pair in pairs)
    yield from itertools.product(pairs, letters)
    words = ["Ġ" + pair for pair in pairs]
    yield from itertools.product(words, letters)
    yield from itertools.product(words, pairs)


def make_task(scratch: Path, num_train: int = 1500) -> Path:
    """Return the file of a simulated task, made where it is not there."""
    folder = scratch / "task"
    known = folder / "files.json"
    if not known.is_file():
        files = write_simulated_task(
            folder, "visits", dial=0.0, num_train=num_train, num_test=500, num_annotators=3, seed=0
        )
        known.write_text(json.dumps(str(files.task_file)), encoding="utf-8")
    return Path(json.loads(known.read_text(encoding="utf-8")))
