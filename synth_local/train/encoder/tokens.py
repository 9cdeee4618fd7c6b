"""Texts as token ids, and a tokenizer trained on a cell's own training texts.

A door to transformers and tokenizers. Knows nothing of models or seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from synth_local.errors import MachineError
from synth_local.train.encoder.batches import IntArray

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True, slots=True)
class TokenRows:
    """Token ids of texts, special tokens included, not padded.

    Attributes:
        ids: one int64 array per text.
        lengths: (texts,) tokens of each.
    """

    ids: tuple[IntArray, ...]
    lengths: IntArray
    pad_id: int


def tokenise(tokenizer: Any, texts: Sequence[str], max_length: int) -> TokenRows:
    """Return the token ids of ``texts``, each cut to ``max_length``.

    Args:
        max_length: tokens per text, special tokens included.

    Raises:
        MachineError: the tokenizer has no padding token.
    """
    if tokenizer.pad_token_id is None:
        raise MachineError(
            "the student's tokenizer has no padding token",
            where=tokenizer.name_or_path,
            fix="use an encoder such as BERT or RoBERTa as a student",
        )
    rows = tokenizer(list(texts), truncation=True, max_length=max_length)["input_ids"]
    ids = tuple(np.array(row, dtype=np.int64) for row in rows)
    lengths = np.array([len(row) for row in ids], dtype=np.int64)
    return TokenRows(ids, lengths, int(tokenizer.pad_token_id))


@dataclass(frozen=True, slots=True)
class TokenStore:
    """A tokenizer and the token ids of the texts that it was asked for, each made once.

    Attributes:
        limit: tokens per text, special tokens included.
    """

    tokenizer: Any
    limit: int
    _ids: dict[str, IntArray] = field(default_factory=dict)

    def look_up(self, texts: Sequence[str]) -> TokenRows:
        """Return the token ids of ``texts``; those that are new are tokenised and kept.

        Args:
            texts: any, the same one several times too.

        Raises:
            MachineError: the tokenizer has no padding token.
        """
        new = [text for text in dict.fromkeys(texts) if text not in self._ids]
        if new:
            self._ids.update(zip(new, tokenise(self.tokenizer, new, self.limit).ids, strict=True))
        ids = tuple(self._ids[text] for text in texts)
        lengths = np.array([len(row) for row in ids], dtype=np.int64)
        return TokenRows(ids, lengths, int(self.tokenizer.pad_token_id))


def train_tokenizer(texts: Sequence[str], vocab_size: int, max_length: int) -> Any:
    """Return a WordPiece tokenizer trained on ``texts``; the same texts give the same tokenizer.

    Args:
        texts: the training texts and no others.
        vocab_size: entries aimed at; there are more where the texts have more characters.
        max_length: stored as the longest input.

    Returns:
        A tokenizer of transformers, with BERT's special tokens.
    """
    vocabulary = _learn_vocabulary(texts, vocab_size)
    core = _make_pipeline(models.WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106 - no secret
    core.decoder = decoders.WordPiece()
    core.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")],
    )
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=core,
        model_max_length=max_length,
        **dict(zip(names, SPECIAL_TOKENS, strict=True)),
    )


def _learn_vocabulary(texts: Sequence[str], vocab_size: int) -> dict[str, int]:
    """Return pieces and their ids, the same for the same texts.

    The trainer numbers the inner pieces of one character (``##a``) in the order of a hash map that
    differs from process to process, and breaks ties between merges by these numbers. Named as
    special tokens while training, they get their numbers from us.
    """
    core = _make_pipeline(models.WordPiece(unk_token="[UNK]"))  # noqa: S106 - no secret
    normalizer = core.normalizer
    characters = sorted(set(chain.from_iterable(map(normalizer.normalize_str, texts))))
    inner = [f"##{char}" for char in characters if not char.isspace()]
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocab_size, special_tokens=[*SPECIAL_TOKENS, *inner], show_progress=False
    )
    core.train_from_iterator(texts, trainer)
    vocabulary: dict[str, int] = core.get_vocab()
    return vocabulary


def _make_pipeline(model: models.WordPiece) -> Any:
    core: Any = Tokenizer(model)
    core.normalizer = normalizers.BertNormalizer(lowercase=True)
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return core
