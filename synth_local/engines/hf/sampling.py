"""Drawing the next token of many rows at once, each row from a seed of its own.

The noise of a token is a function of (seed, step, token id) and of nothing else, so that a row
draws the same text whichever rows stand beside it and wherever it stands. There is no generator
and no state. The order of operations is vLLM's: temperature first, then the nucleus, then the
draw. This module knows nothing about models or texts.

References:
    G. Steele, D. Lea, C. Flood (2014), Fast splittable pseudorandom number generators (SplitMix64).
    C. Maddison, D. Tarlow, T. Minka (2014), A* sampling (the Gumbel-max trick).
    A. Holtzman et al. (2020), The curious case of neural text degeneration (top-p).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

FEW = 64
CHUNK = 1 << 20


def _signed(value: int) -> int:
    """Return a 64-bit pattern as the signed number that torch takes."""
    return value - (1 << 64) if value >> 63 else value


_GOLDEN = _signed(0x9E3779B97F4A7C15)
_MIX_1 = _signed(0xBF58476D1CE4E5B9)
_MIX_2 = _signed(0x94D049BB133111EB)
_SMALLEST, _LARGEST = 2.0**-42, 1.0 - 2.0**-24


def draw_exponential(seeds: Tensor, steps: Tensor, tokens: Tensor) -> Tensor:
    """Return standard exponential noise for tokens of rows.

    Args:
        seeds: (rows,) int64, one per row.
        steps: (rows,) int64, tokens drawn so far in that row.
        tokens: (rows, candidates) or (candidates,) int64 token ids.

    Returns:
        (rows, candidates) float32 in (0, 17).
    """
    keys = _mix(seeds + (steps + 1) * _GOLDEN)  # (rows,)
    bits = _mix(keys[:, None] + tokens * _GOLDEN)  # (rows, candidates)
    uniform = _shift_right(bits, 24).float() * 2.0**-40
    return -torch.log1p(-uniform.clamp(_SMALLEST, _LARGEST))


@dataclass(frozen=True, slots=True)
class Sampler:
    """Draws tokens by temperature and nucleus; temperature 0 takes the most likely one.

    Attributes:
        temperature: divides the logits; 0 is greedy.
        top_p: the nucleus is the smallest set of most likely tokens with at least this mass.
    """

    temperature: float
    top_p: float

    def draw(self, logits: Tensor, seeds: Tensor, steps: Tensor) -> Tensor:
        """Return the next token of each row.

        Args:
            logits: (rows, vocabulary).
            seeds: (rows,) int64.
            steps: (rows,) int64, tokens drawn so far in that row.

        Returns:
            (rows,) int64 token ids.
        """
        if self.temperature == 0:
            return logits.argmax(dim=-1)
        scaled = (logits.float() / self.temperature).log_softmax(dim=-1)
        return self._draw_few(scaled, seeds, steps)

    def _draw_few(self, logs: Tensor, seeds: Tensor, steps: Tensor) -> Tensor:
        """Draw among the most likely tokens; rows whose nucleus is wider look at all of them."""
        count = min(FEW, logs.shape[1])
        values, tokens = logs.topk(count, dim=-1)  # (rows, count), falling
        mass = values.exp().cumsum(dim=-1)
        before = torch.nn.functional.pad(mass[:, :-1], (1, 0))  # mass of the more likely tokens
        scores = values - draw_exponential(seeds, steps, tokens).log()
        best = scores.masked_fill(before >= self.top_p, -torch.inf).argmax(dim=-1, keepdim=True)
        drawn = tokens.gather(1, best)[:, 0]
        wide = (mass[:, -1] < self.top_p).nonzero()[:, 0]
        for rows in torch.split(wide, max(1, CHUNK // logs.shape[1])):
            drawn[rows] = self._draw_all(logs[rows], seeds[rows], steps[rows])
        return drawn

    def _draw_all(self, logs: Tensor, seeds: Tensor, steps: Tensor) -> Tensor:
        """Draw among all tokens and, without sorting them, again where it left the nucleus."""
        tokens = torch.arange(logs.shape[1], device=logs.device)
        scores = logs - draw_exponential(seeds, steps, tokens).log()
        probabilities = logs.exp()
        drawn = scores.argmax(dim=-1)
        rows = torch.arange(len(logs), device=logs.device)
        while self.top_p < 1 and len(rows):
            mine = probabilities[rows]
            likelier = mine > mine.gather(1, drawn[rows, None])
            rows_outside = ((mine * likelier).sum(dim=-1) >= self.top_p).nonzero()[:, 0]
            rows, likelier = rows[rows_outside], likelier[rows_outside]
            drawn[rows] = scores[rows].masked_fill(~likelier, -torch.inf).argmax(dim=-1)
        return drawn


def _mix(value: Tensor) -> Tensor:
    """Scramble 64-bit patterns (the finaliser of SplitMix64)."""
    value = (value ^ _shift_right(value, 30)) * _MIX_1
    value = (value ^ _shift_right(value, 27)) * _MIX_2
    return value ^ _shift_right(value, 31)


def _shift_right(value: Tensor, bits: int) -> Tensor:
    """Shift 64-bit patterns right, zeros coming in from the left."""
    return (value >> bits) & ((1 << (64 - bits)) - 1)
