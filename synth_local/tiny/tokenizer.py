"""The tokenizer of a miniature generator: byte-level BPE, prompt phrases and a chat template.

A toolkit's prompts are constant lines with a few variable parts. Each constant line becomes one
token of its own (a *phrase*), so that a prompt costs a handful of tokens and nearly all of the
computation goes into the texts. Wording that was not seen falls back to BPE, and every text comes
back unchanged from its tokens. This module knows nothing about tasks, labels or models.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from synth_local.records import Conversation
from synth_local.tiny.settings import CONTEXT_LENGTH

PAD, END = "<|pad|>", "<|end|>"
ROLE_TOKENS = {"system": "<|system|>", "user": "<|user|>", "assistant": "<|assistant|>"}
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)

MAX_PHRASES = 512
MIN_PHRASE_CHARS = 12
MIN_PHRASE_CONVERSATIONS = 8
RUN_WORDS = 4
_WORD = re.compile(r"\w+")
_SENTENCE_END = re.compile(r"(?<=[.!?:] )")


def find_phrases(conversations: Sequence[Conversation]) -> tuple[str, ...]:
    """Return the lines and sentences of prompts that are worth a token of their own.

    A phrase is a line of system or user messages, its line end included; where a line varies, a
    sentence of it. It occurs in at least 8 conversations, has at least 12 characters, one of them
    a blank (tokens without one would not decode byte for byte), and is part of no assistant text,
    so that what the model writes never meets a phrase.

    Args:
        conversations: all that the tokenizer will see, held-out ones included.

    Returns:
        At most 512 phrases, those that save the most characters first; ties in text order.
    """
    lines = _count_conversations(conversations, _split_lines)
    rare = {line for line, count in lines.items() if count < MIN_PHRASE_CONVERSATIONS}
    sentences = _count_conversations(
        conversations,
        lambda text: (
            sentence
            for line in _split_lines(text)
            if line in rare
            for sentence in _SENTENCE_END.split(line)
        ),
    )
    counts = sentences | lines
    frequent = [
        phrase
        for phrase, count in counts.items()
        if count >= MIN_PHRASE_CONVERSATIONS
        and len(phrase) >= MIN_PHRASE_CHARS
        and " " in phrase.strip()
    ]
    written = [m.content for c in conversations for m in c if m.role == "assistant"]
    phrases = _drop_exemplars(frequent, tuple(dict.fromkeys(written)))
    return tuple(sorted(phrases, key=lambda one: (-counts[one] * len(one), one))[:MAX_PHRASES])


def _drop_exemplars(candidates: Sequence[str], written: Sequence[str]) -> list[str]:
    """Leave out what the model is to write, or is shown as an example of it.

    An example comes with words of the prompt around it (``Text: ...``), so that it need not be
    part of an assistant text as a whole: runs of four words decide, and a short assistant text at
    the end of the phrase.
    """
    runs = {phrase: _word_runs(_WORD.findall(phrase)) for phrase in candidates}
    asked = set().union(*runs.values())
    known: set[tuple[str, ...]] = set()
    short: set[tuple[str, ...]] = set()
    for text in written:
        words = _WORD.findall(text)
        if len(words) < RUN_WORDS:
            short.add(tuple(words))
        known.update(run for run in _word_runs(words) if run in asked)
    joined = "\0".join(written)

    def is_prompt(phrase: str) -> bool:
        words = _WORD.findall(phrase)
        ends = {tuple(words[-size:]) for size in range(1, RUN_WORDS)}
        mostly_known = bool(runs[phrase]) and 2 * len(runs[phrase] & known) >= len(runs[phrase])
        return not mostly_known and not ends & short and phrase.strip() not in joined

    return [phrase for phrase in candidates if is_prompt(phrase)]


def _word_runs(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + RUN_WORDS]) for i in range(len(words) - RUN_WORDS + 1)}


def build_tokenizer(
    conversations: Sequence[Conversation], phrases: Sequence[str], vocab_size: int
) -> PreTrainedTokenizerFast:
    """Return a tokenizer trained on the assistant texts and the wording of the phrases.

    Args:
        conversations: what the model is trained on, held-out ones left out.
        vocab_size: most BPE tokens (at least 256, the bytes); phrases and the five marks of the
            chat template come on top. A small corpus gives fewer.

    Returns:
        A tokenizer that gives every text back unchanged, with chat template, end and padding.
    """
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=max(vocab_size, 256),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        min_frequency=2,
        show_progress=False,
    )
    bpe.train_from_iterator(_distinct_texts(conversations, phrases), trainer)
    bpe.add_special_tokens(
        [AddedToken(mark, special=True) for mark in (PAD, END, *ROLE_TOKENS.values())]
    )
    bpe.add_tokens([AddedToken(phrase, normalized=False) for phrase in phrases])
    fast: Any = PreTrainedTokenizerFast
    tokenizer: PreTrainedTokenizerFast = fast(
        tokenizer_object=bpe,
        pad_token=PAD,
        eos_token=END,
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=CONTEXT_LENGTH,
    )
    return tokenizer


def _split_lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _count_conversations(
    conversations: Sequence[Conversation], split: Callable[[str], Iterable[str]]
) -> Counter[str]:
    counts: Counter[str] = Counter()
    for conversation in conversations:
        prompts = {m.content for m in conversation if m.role != "assistant"}
        counts.update({part for prompt in prompts for part in split(prompt)})
    return counts


def _distinct_texts(conversations: Sequence[Conversation], phrases: Iterable[str]) -> Iterator[str]:
    texts = dict.fromkeys(m.content for c in conversations for m in c if m.role == "assistant")
    yield from texts
    yield from phrases
