"""Log-probabilities of given answers: one forward pass per batch, nothing is drawn.

Prompts are padded on the left, so that all answers end in the same column and logits are computed
for the last few columns alone, never for whole prompts. Knows token ids; it knows nothing about
what an answer means.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from synth_local.records import Continuation

BATCH_TOKENS = 8192  # of padded rows
LOGIT_BYTES = 256 << 20  # of one batch in float32


@torch.inference_mode()
def score_rows(model: Any, continuations: Sequence[Continuation]) -> list[float]:
    """Return the log-probability of each answer after its prompt, in nats, in order.

    Args:
        model: a transformers causal LM in evaluation mode.
        continuations: any number; no prompt and no answer is empty.

    Raises:
        FloatingPointError: some log-probability is no number.
    """
    takes_keep = "logits_to_keep" in inspect.signature(model.forward).parameters
    # length first; then content, so that batches do not depend on the order of the rows
    order = sorted(
        range(len(continuations)),
        key=lambda place: (_width(continuations[place]), _ids(continuations[place])),
    )
    scores = [0.0] * len(continuations)
    for places in _split(order, continuations, _count_vocabulary(model)):
        found = _score_batch(model, [continuations[place] for place in places], takes_keep)
        if any(math.isnan(score) or score == math.inf for score in found):
            raise FloatingPointError("log-probabilities are no numbers")
        for place, score in zip(places, found, strict=True):
            scores[place] = score
    return scores


def _score_batch(model: Any, rows: Sequence[Continuation], takes_keep: bool) -> list[float]:
    width = max(_width(row) for row in rows)
    longest = max(len(row.answer_ids) for row in rows)
    ids = torch.tensor([[0] * (width - _width(row)) + _ids(row) for row in rows])  # (R, W)
    ids = ids.to(model.device)
    columns = torch.arange(width, device=model.device)
    padding = _column([width - _width(row) for row in rows], model)
    # the column before an answer's first token says how probable that token is
    keep = {"logits_to_keep": longest + 1} if takes_keep else {}
    output = model(
        input_ids=ids,
        attention_mask=(columns >= padding).long(),
        position_ids=(columns - padding).clamp_min(0),
        use_cache=False,
        **keep,
    )
    logits: Tensor = output.logits[:, -longest - 1 : -1].float()  # (R, A, V)
    answers = ids[:, width - longest :]  # (R, A)
    logprobs = logits.gather(2, answers[:, :, None])[:, :, 0] - logits.logsumexp(2)
    lengths = _column([len(row.answer_ids) for row in rows], model)
    is_answer = torch.arange(longest, device=model.device) >= longest - lengths
    # summed in float64, so that the padding beside an answer cannot matter
    found: list[float] = logprobs.double().where(is_answer, 0.0).sum(dim=1).tolist()
    return found


def _split(
    order: Sequence[int], continuations: Sequence[Continuation], vocabulary: int
) -> Iterator[list[int]]:
    """Yield batches of rows of neighbouring lengths that keep below the bounds of memory."""
    batch: list[int] = []
    longest = 0
    for place in order:
        longest = max(longest, len(continuations[place].answer_ids))
        num_rows = len(batch) + 1
        num_tokens = num_rows * _width(continuations[place])
        num_bytes = num_rows * (longest + 1) * vocabulary * 4
        if batch and (num_tokens > BATCH_TOKENS or num_bytes > LOGIT_BYTES):
            yield batch
            batch, longest = [], len(continuations[place].answer_ids)
        batch.append(place)
    if batch:
        yield batch


def _count_vocabulary(model: Any) -> int:
    return int(model.config.get_text_config().vocab_size)


def _column(values: Sequence[int], model: Any) -> Tensor:
    return torch.tensor(values, device=model.device)[:, None]


def _ids(row: Continuation) -> list[int]:
    return [*row.prompt_ids, *row.answer_ids]


def _width(row: Continuation) -> int:
    return len(row.prompt_ids) + len(row.answer_ids)
