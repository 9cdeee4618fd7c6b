from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_local.train.encoder.loop import LoopSettings, _scale_rate
from synth_local.train.encoder.predict import split_batch
from synth_local.train.encoder.tokens import tokenise, train_tokenizer

pytestmark = pytest.mark.slow  # torch and transformers take seconds to import


@given(st.integers(1, 70), st.integers(1, 5), st.integers(1, 70))
def test_processes_share_a_batch_without_loss_in_the_same_number_of_passes(
    num_rows: int, num_processes: int, device_batch: int
) -> None:
    batch = np.arange(num_rows)
    shares = [
        split_batch(batch, num_processes, process, device_batch) for process in range(num_processes)
    ]
    assert len({len(parts) for parts in shares}) == 1
    parts = [part for share in shares for part in share]
    assert sorted(np.concatenate(parts)) == batch.tolist()
    assert max(len(part) for part in parts) <= device_batch


def test_the_rate_rises_and_falls_in_straight_lines() -> None:
    settings = LoopSettings(10, 1, 1, 1.0, warmup=0.2, weight_decay=0.0, seed=0)
    rates = [_scale_rate(step, settings) for step in range(11)]
    assert rates == pytest.approx([1 / 3, 2 / 3, *(share / 8 for share in range(8, -1, -1))])


def test_a_single_step_without_warm_up_takes_the_peak_rate() -> None:
    settings = LoopSettings(1, 1, 1, 1.0, warmup=0.0, weight_decay=0.0, seed=0)
    assert _scale_rate(0, settings) == 1.0


def test_texts_are_cut_to_the_limit_and_an_empty_one_keeps_its_special_tokens() -> None:
    tokenizer = train_tokenizer(["one two three four five six seven"], 100, 8)
    rows = tokenise(tokenizer, ["one two three four five six seven", ""], 6)
    assert rows.lengths.tolist() == [6, 2]
    assert rows.ids[1].tolist() == [tokenizer.cls_token_id, tokenizer.sep_token_id]
    assert rows.pad_id == tokenizer.pad_token_id


@given(st.lists(st.text(max_size=30), min_size=1, max_size=20))
def test_a_tokenizer_depends_on_its_texts_alone_and_knows_their_characters(
    texts: list[str],
) -> None:
    first, second = (train_tokenizer(texts, 80, 64) for _ in range(2))
    assert first.get_vocab() == second.get_vocab()
    assert sorted(first.get_vocab().values()) == list(range(len(first)))
    for text in texts:
        ids = first(text)["input_ids"]
        assert first.unk_token_id not in ids or len(text) > 20
