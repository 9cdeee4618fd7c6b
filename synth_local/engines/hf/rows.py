"""Rows of token ids that are extended together, one token a step, each with its own beginning.

Prompts enter whenever there is room, without the running rows waiting for one another. Knows
token ids and seeds; it knows nothing about requests' ids, texts or when a text ends.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from synth_local.engines.hf.cache import RowCache, read_states
from synth_local.engines.hf.sampling import Sampler

PREFILL_TOKENS = 8192


@dataclass(eq=False, slots=True)
class Row:
    """One text under way.

    Attributes:
        prompt_ids: token ids of the prompt, at least one.
        seed: in [0, 2**63).
        tokens: drawn so far; the last one has not been through the model yet.
    """

    prompt_ids: Sequence[int]
    seed: int
    tokens: list[int] = field(default_factory=list)

    @property
    def num_cached(self) -> int:
        """Tokens whose keys and values are in the cache."""
        return len(self.prompt_ids) + len(self.tokens) - 1


class RowBatch:
    """A causal LM and the rows that it extends.

    Args:
        model: a transformers causal LM in evaluation mode.
    """

    def __init__(self, model: Any, sampler: Sampler) -> None:
        self.rows: list[Row | None] = []
        self._model = model
        self._sampler = sampler
        self._cache: RowCache | None = None
        takes_keep = "logits_to_keep" in inspect.signature(model.forward).parameters
        self._last_only = {"logits_to_keep": 1} if takes_keep else {}

    @property
    def active(self) -> list[Row]:
        """The rows under way."""
        return [row for row in self.rows if row is not None]

    def measure_token_bytes(self) -> int:
        """Run one token to see what the cache costs.

        Returns:
            Bytes of one token's keys and values, over all layers.

        Raises:
            IndexError, TypeError, ValueError: some layer keeps another kind of state, or the
                model takes no such cache.
        """
        cache = DynamicCache()
        one = self._tensor([[0]])
        self._forward(input_ids=one, attention_mask=one + 1, past_key_values=cache)
        states = [state for layer in read_states(cache) for state in layer]
        return sum(state.numel() * state.element_size() for state in states)

    @torch.inference_mode()
    def admit(self, rows: Sequence[Row]) -> None:
        """Run the prompts of new rows and draw the first token of each.

        Args:
            rows: that are not in the batch yet.

        Raises:
            FloatingPointError: some logits are no numbers.
        """
        by_length = sorted(rows, key=lambda row: len(row.prompt_ids))
        for group in _split(by_length):
            prompts = DynamicCache()
            width = len(group[-1].prompt_ids)
            lengths = self._tensor([len(row.prompt_ids) for row in group])
            ids = [[0] * (width - len(row.prompt_ids)) + list(row.prompt_ids) for row in group]
            columns = torch.arange(width, device=self._model.device)
            padding = (width - lengths)[:, None]  # (rows, 1)
            logits = self._forward(
                input_ids=self._tensor(ids),
                attention_mask=(columns >= padding).long(),
                position_ids=(columns - padding).clamp_min(0),
                past_key_values=prompts,
            )
            if self._cache is None:
                self._cache = RowCache(prompts)
            places = self._find_places(len(group), width)
            self._cache.put(places, prompts)
            for place, row in zip(places, group, strict=True):
                self.rows[place] = row
            self._draw(group, logits)

    @torch.inference_mode()
    def advance(self) -> None:
        """Draw one more token of every row.

        Raises:
            FloatingPointError: some logits are no numbers.
        """
        active = self.active
        if self._cache is None or not active:
            return
        self._shrink()
        num_columns = max(row.num_cached for row in active)
        self._cache.show(num_columns)
        lengths = self._tensor([row.num_cached if row else 0 for row in self.rows])
        columns = torch.arange(num_columns + 1, device=self._model.device)
        logits = self._forward(
            input_ids=self._tensor([[row.tokens[-1] if row else 0] for row in self.rows]),
            attention_mask=(columns >= (num_columns - lengths)[:, None]).long(),
            position_ids=lengths[:, None],
            past_key_values=self._cache,
        )
        places = [place for place, row in enumerate(self.rows) if row]
        self._draw(active, logits if len(places) == len(logits) else logits[places])

    def drop(self, row: Row) -> None:
        """Forget a row; its place is free for another."""
        self.rows[self.rows.index(row)] = None

    def close(self) -> None:
        """Forget the rows, the cache and the model."""
        self.rows, self._cache, self._model = [], None, None

    def _forward(self, **inputs: Any) -> Tensor:
        """Return the logits of each row's last token, (rows, vocabulary)."""
        output = self._model(**inputs, **self._last_only, use_cache=True)
        logits: Tensor = output.logits[:, -1]
        return logits

    def _draw(self, rows: Sequence[Row], logits: Tensor) -> None:
        # the largest is NaN where any is; one that is masked (-inf) is allowed, all of them are not
        if not bool(logits.amax(dim=-1).isfinite().all()):
            raise FloatingPointError("logits are no numbers")
        seeds = self._tensor([row.seed for row in rows])
        steps = self._tensor([len(row.tokens) for row in rows])
        drawn = self._sampler.draw(logits, seeds, steps).tolist()
        for row, token in zip(rows, drawn, strict=True):
            row.tokens.append(token)

    def _find_places(self, num_rows: int, num_columns: int) -> list[int]:
        """Return free places for prompts of ``num_columns`` tokens, made where there are none."""
        cache = self._cache
        if cache is None:
            return []
        free = [place for place, row in enumerate(self.rows) if row is None]
        if len(free) < num_rows:
            columns = max([num_columns, *(row.num_cached for row in self.active)])
            missing = num_rows - len(free)
            cache.resize(range(len(self.rows)), len(self.rows) + missing, columns)
            free += range(len(self.rows), len(self.rows) + missing)
            self.rows += [None] * missing
        cache.reserve(num_columns)
        return free[:num_rows]

    def _shrink(self) -> None:
        """Give idle places back when they are more than half."""
        places = [place for place, row in enumerate(self.rows) if row]
        if self._cache is None or 2 * len(places) >= len(self.rows):
            return
        columns = max(row.num_cached for row in self.active)
        self._cache.resize(places, len(places), columns)
        self.rows = [self.rows[place] for place in places]

    def _tensor(self, values: Sequence[Any]) -> Tensor:
        return torch.tensor(values, dtype=torch.long, device=self._model.device)


def _split(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield groups of neighbours whose padded prompts stay below a number of tokens."""
    group: list[Row] = []
    for row in rows:
        if group and (len(group) + 1) * len(row.prompt_ids) > PREFILL_TOKENS:
            yield group
            group = []
        group.append(row)
    if group:
        yield group
