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


class RowLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """Keys and values of one attention layer, each (rows, heads, columns, head size).

    Args:
        keys: of any prompt; gives shape, type and device.
        values: of the same prompt.
    """

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.is_initialized = True
        self.buffers = keys[:0, :, :0], values[:0, :, :0]
        self.num_filled = 0
        self.num_visible = 0

    @property
    def num_rows(self) -> int:
        """Rows, idle ones included."""
        return len(self.buffers[0])

    def get_seq_length(self, *_: Any) -> int:
        """Return how many columns the longest row fills."""
        return self.num_visible

    def update(
        self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Append one column, (rows, heads, 1, head size); return all visible columns."""
        if self.num_filled == self.buffers[0].shape[2]:
            self.rebuild(range(self.num_rows), self.num_rows, self.num_visible)
        end, first = self.num_filled + 1, self.num_filled - self.num_visible
        keys, values = self.buffers
        keys[:, :, end - 1 : end] = key_states
        values[:, :, end - 1 : end] = value_states
        self.num_filled = end
        return keys[:, :, first:end], values[:, :, first:end]

    def rebuild(self, rows: Sequence[int], num_rows: int, num_columns: int) -> None:
        """Keep ``rows`` in that order and their newest columns; add empty rows up to a number."""
        index = torch.tensor(list(rows), dtype=torch.long, device=self.buffers[0].device)
        kept = min(self.num_filled, num_columns)

        def move(old: Tensor) -> Tensor:
            _, heads, _, size = old.shape
            # zeros, not empty: a masked column counts 0 times its value, and 0 x NaN is NaN
            new = old.new_zeros(num_rows, heads, num_columns + SPARE_COLUMNS, size)
            newest = old[index, :, self.num_filled - kept : self.num_filled]
            new[: len(index), :, num_columns - kept : num_columns] = newest
            return new

        keys, values = self.buffers
        self.buffers = move(keys), move(values)
        self.num_filled = num_columns

    def put(self, rows: Tensor, keys: Tensor, values: Tensor) -> None:
        """Write prompts of equal padded length into ``rows``, flush right."""
        columns = slice(self.num_filled - keys.shape[2], self.num_filled)
        for buffer, new in zip(self.buffers, (keys, values), strict=True):
            buffer[rows, :, columns] = new


class RowCache(Cache):
    """The cache of all layers; rows are numbered from 0 and may be idle.

    Args:
        example: what the model has filled with any prompt.
    """

    def __init__(self, example: DynamicCache) -> None:
        self.row_layers = [RowLayer(keys, values) for keys, values in read_states(example)]
        super().__init__(layers=list(self.row_layers))

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
            self.resize(range(layer.num_rows), layer.num_rows, num_columns)

    def put(self, rows: Sequence[int], prompts: DynamicCache) -> None:
        """Take the keys and values of new prompts over into ``rows``."""
        for layer, (keys, values) in zip(self.row_layers, read_states(prompts), strict=True):
            index = torch.tensor(list(rows), dtype=torch.long, device=keys.device)
            layer.put(index, keys, values)


def read_states(cache: DynamicCache) -> list[tuple[Tensor, Tensor]]:
    """Take a filled cache apart.

    Args:
        cache: of at least one token.

    Returns:
        Keys and values of each layer, (rows, heads, columns, head size).

    Raises:
        TypeError: a layer keeps another kind of state, a recurrent one for example.
    """
    states = []
    for layer in cache.layers:
        keys, values = getattr(layer, "keys", None), getattr(layer, "values", None)
        if not isinstance(keys, Tensor) or not isinstance(values, Tensor):
            raise TypeError(f"{type(layer).__name__} keeps no keys and values")
        states.append((keys, values))
    if not states:
        raise TypeError("the model fills no cache of keys and values")
    return states
