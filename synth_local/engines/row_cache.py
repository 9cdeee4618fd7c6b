"""Keys and values of many rows that start and end at different times, in one buffer per layer.

All rows are flush right: their newest token lies in the same column, so that a decoding step
writes one column and an ordinary left-padding mask tells the model what belongs to a row. A row
that ends leaves its place to a new prompt without the others being touched. Columns are allocated
ahead, so that a step copies nothing. This module knows nothing about tokens or requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer

SPARE_COLUMNS = 64


class RowLayer(DynamicLayer):
    """Keys and values of one attention layer, (rows, heads, columns, head size)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_filled = 0
        self.num_visible = 0

    def get_seq_length(self, *_: Any) -> int:
        """Return how many columns the longest row fills."""
        return self.num_visible

    def update(
        self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Append one column, (rows, heads, 1, head size); return all visible columns."""
        if self.num_filled == self.keys.shape[2]:
            self.rebuild(range(len(self.keys)), len(self.keys), self.num_visible)
        end, first = self.num_filled + 1, self.num_filled - self.num_visible
        self.keys[:, :, end - 1 : end] = key_states
        self.values[:, :, end - 1 : end] = value_states
        self.num_filled = end
        return self.keys[:, :, first:end], self.values[:, :, first:end]

    def rebuild(self, rows: Sequence[int], num_rows: int, num_columns: int) -> None:
        """Keep ``rows`` in that order and their newest columns; add empty rows up to a number."""
        index = torch.tensor(list(rows), dtype=torch.long, device=self.keys.device)
        kept = min(self.num_filled, num_columns)
        for name in ("keys", "values"):
            old = getattr(self, name)
            _, heads, _, size = old.shape
            # zeros, not empty: a masked column counts 0 times its value, and 0 x NaN is NaN
            new = old.new_zeros(num_rows, heads, num_columns + SPARE_COLUMNS, size)
            new[: len(index), :, num_columns - kept : num_columns] = old[
                index, :, self.num_filled - kept : self.num_filled
            ]
            setattr(self, name, new)
        self.num_filled = num_columns

    def put(self, rows: Tensor, keys: Tensor, values: Tensor) -> None:
        """Write prompts of equal padded length into ``rows``, flush right."""
        first = self.num_filled - keys.shape[2]
        self.keys[rows, :, first : self.num_filled] = keys
        self.values[rows, :, first : self.num_filled] = values

    def start(self, keys: Tensor, values: Tensor) -> None:
        """Take over shape, type and device of a first prompt's keys and values, without rows."""
        self.keys, self.values = keys[:0, :, :0], values[:0, :, :0]
        self.is_initialized = True


class RowCache(Cache):
    """The cache of all layers; rows are numbered from 0 and may be idle."""

    def __init__(self, example: DynamicCache) -> None:
        """Make an empty cache for the model that filled ``example``."""
        super().__init__(layers=[RowLayer() for _ in example.layers])
        for layer, filled in zip(self.row_layers, example.layers, strict=True):
            layer.start(filled.keys, filled.values)

    @property
    def row_layers(self) -> Sequence[RowLayer]:
        """The layers, as what they are."""
        return [layer for layer in self.layers if isinstance(layer, RowLayer)]

    def show(self, num_columns: int) -> None:
        """Let the model see the newest ``num_columns`` columns and those it appends."""
        for layer in self.row_layers:
            layer.num_visible = num_columns

    def resize(self, rows: Sequence[int], num_rows: int, num_columns: int) -> None:
        """Renumber: ``rows`` become 0, 1, ...; the rest up to ``num_rows`` are idle."""
        for layer in self.row_layers:
            layer.rebuild(rows, num_rows, num_columns)

    def reserve(self, num_columns: int) -> None:
        """Make sure that prompts of ``num_columns`` tokens fit."""
        layer = self.row_layers[0]
        if layer.num_filled < num_columns:
            self.resize(range(len(layer.keys)), len(layer.keys), num_columns)

    def put(self, rows: Sequence[int], prompts: DynamicCache) -> None:
        """Take the keys and values of new prompts over into ``rows``."""
        layers = self.row_layers
        index = torch.tensor(list(rows), dtype=torch.long, device=layers[0].keys.device)
        for layer, filled in zip(layers, prompts.layers, strict=True):
            layer.put(index, filled.keys, filled.values)
