"""Batches: every conversation once, targets are the assistant's tokens, padding is never seen."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from synth_local.records import Message
from synth_local.tiny.batches import EncodedSet, encode_conversations, iterate_batches
from synth_local.tiny.model import SHAPES, build_model, sum_losses
from synth_local.tiny.tokenizer import build_tokenizer, find_phrases
from tests.engines.tiny_corpus import make_conversations

CONVERSATIONS = make_conversations(60)
TOKENIZER = build_tokenizer(CONVERSATIONS, find_phrases(CONVERSATIONS), 300)
ENCODED = encode_conversations(TOKENIZER, CONVERSATIONS)


def test_targets_are_the_assistants_texts_with_their_ends() -> None:
    for conversation, ids, is_target in zip(
        CONVERSATIONS, ENCODED.ids, ENCODED.is_target, strict=True
    ):
        texts = [m.content for m in conversation if m.role == "assistant"]
        assert TOKENIZER.decode(ids[is_target]) == "".join(f"{text}<|end|>" for text in texts)


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_every_conversation_is_in_one_batch_and_no_batch_is_too_large(seed: int | None) -> None:
    generator = None if seed is None else np.random.default_rng(seed)
    batches = list(iterate_batches(ENCODED, 256, generator))
    assert sum(batch.num_tokens for batch in batches) == ENCODED.num_tokens
    assert sum(len(batch.targets) for batch in batches) == ENCODED.num_targets
    assert sum(len(batch.inputs) for batch in batches) == len(CONVERSATIONS)
    assert max(batch.inputs.numel() for batch in batches) <= 256
    for batch in batches:
        assert torch.equal(batch.inputs[batch.rows, batch.times + 1], batch.targets)


def test_hardly_anything_is_padded_and_the_order_is_drawn() -> None:
    one, two = (list(iterate_batches(ENCODED, 256, np.random.default_rng(i))) for i in (0, 1))
    padded = 1 - ENCODED.num_tokens / sum(batch.inputs.numel() for batch in one)
    assert padded < 0.1
    assert [b.inputs.tolist() for b in one] != [b.inputs.tolist() for b in two]


def test_a_conversation_longer_than_the_context_is_cut_and_counted() -> None:
    long = (Message("user", "go"), Message("assistant", "x y " * 2000))
    encoded = encode_conversations(TOKENIZER, [long, CONVERSATIONS[0]])
    assert encoded.num_cut == 1
    assert len(encoded.ids[0]) == len(encoded.is_target[0]) == 2048


def test_padding_and_neighbours_do_not_change_a_loss() -> None:
    torch.manual_seed(0)
    model = build_model(SHAPES["xs"], TOKENIZER).train(mode=False)
    with torch.inference_mode():
        together = [sum_losses(model, b).item() for b in iterate_batches(ENCODED, 512, None)]
        alone = [sum_losses(model, b).item() for b in iterate_batches(ENCODED, 1, None)]
    assert len(alone) == len(CONVERSATIONS) > len(together)
    assert sum(together) == pytest.approx(sum(alone), rel=1e-5)


def test_a_draw_keeps_order_and_is_fixed_by_its_seed() -> None:
    drawn: EncodedSet = ENCODED.draw(0.3, 7)
    assert len(drawn.ids) == int(0.3 * len(ENCODED.ids))
    places = [next(i for i, row in enumerate(ENCODED.ids) if row is one) for one in drawn.ids]
    assert places == sorted(places)
    assert [row.tolist() for row in ENCODED.draw(0.3, 7).ids] == [r.tolist() for r in drawn.ids]
