"""The training loop of a miniature generator: steps, looks at held-out texts, the best weights.

A look that finds a lower held-out loss keeps the weights; where two looks in a row find none, the
learning rate falls from the best weights so far and the training ends. The loss counts assistant
texts alone. Knows nothing about tasks, files or the wording of prompts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from transformers import LlamaForCausalLM

from synth_local.errors import EngineError
from synth_local.tiny.batches import Batch, EncodedSet, iterate_batches
from synth_local.tiny.model import apply_dropout, sum_losses
from synth_local.tiny.schedule import Budget, Schedule
from synth_local.tiny.settings import StopReason, TinyEvaluation, TinyProgress

PEAK_RATE = 3e-3
BETAS = (0.9, 0.98)
WEIGHT_DECAY = 0.1  # of matrices; the gains of norms are left alone
DROPOUT = 0.1
# what is read for the first times is not learnt by heart; with dropout from the start a short
# training often did not learn which texts belong to which label (docs/log.md)
PASSES_WITHOUT_DROPOUT = 4
LARGEST_GRADIENT = 1.0
FEWEST_BATCH_TOKENS, MOST_BATCH_TOKENS = 512, 2048
STEPS_PER_PASS = 150  # that a small corpus should have, by smaller batches
LOOK_BATCH_TOKENS = 8192
LOOKS_PER_PASS = 2
MOST_TOKENS_BETWEEN_LOOKS = 250_000
LEAST_TRAINING_PER_LOOK = 4  # tokens trained on for each held-out token looked at
PATIENCE = 2  # looks without a gain before the rate falls
SMALLEST_GAIN = 0.003  # nats per token
SECONDS_PER_SIGN = 1.0

Weights = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Material:
    """What is trained on, and what decides when to stop."""

    train: EncodedSet
    heldout: EncodedSet


@dataclass
class TrainingState:
    """Where a training stands; at the end, how it went.

    Attributes:
        tokens: trained on so far, padding left out.
        evaluations: looks at the held-out texts, oldest first.
        best: the look with the lowest loss.
        best_weights: the weights at that look.
        best_used: share of the budget that was used then.
        num_bad: looks without a gain since then.
        next_look: number of tokens at which the next look is due.
        loss_sum: training loss since the last look, in nats.
        loss_targets: tokens behind ``loss_sum``.
    """

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    evaluations: list[TinyEvaluation] = field(default_factory=list)
    best: TinyEvaluation | None = None
    best_weights: Weights = field(default_factory=dict)
    best_used: float = 0.0
    num_bad: int = 0
    next_look: int = 0
    loss_sum: float = 0.0
    loss_targets: int = 0
    stopped: StopReason = "budget used up"

    @property
    def kept(self) -> TinyEvaluation:
        """Return the look whose weights are kept; there is one once the training is over."""
        if self.best is None:
            msg = "no look at the held-out texts yet"
            raise RuntimeError(msg)
        return self.best

    @property
    def tokens_per_second(self) -> float:
        """Return the speed of training steps, looks left out."""
        return self.tokens / self.seconds if self.seconds else 0.0

    @property
    def train_loss(self) -> float:
        """Return the mean training loss since the last look, in nats per token."""
        return self.loss_sum / max(1, self.loss_targets)


class Trainer:
    """Trains one network on one corpus.

    Args:
        on_progress: told about once a second, and after each look.
    """

    def __init__(
        self,
        model: LlamaForCausalLM,
        material: Material,
        budget: Budget,
        dtype: torch.dtype,
        on_progress: Callable[[TinyProgress], None],
    ) -> None:
        self._model = model
        self._material = material
        self._budget = budget
        self._dtype = dtype
        self._on_progress = on_progress
        self._schedule = Schedule()
        self._state = TrainingState()
        self._start = time.monotonic()
        self._last_sign = self._start
        num_tokens = material.train.num_tokens
        self._batch_tokens = int(
            np.clip(num_tokens // STEPS_PER_PASS, FEWEST_BATCH_TOKENS, MOST_BATCH_TOKENS)
        )
        # a step's gradient is divided by the mean number of targets, so that each token counts
        # alike, in a batch with few of them too
        self._mean_targets = material.train.num_targets * self._batch_tokens / num_tokens
        self._interval = max(
            min(num_tokens // LOOKS_PER_PASS, MOST_TOKENS_BETWEEN_LOOKS),
            LEAST_TRAINING_PER_LOOK * material.heldout.num_tokens,
        )
        matrices = [weight for weight in model.parameters() if weight.dim() > 1]
        gains = [weight for weight in model.parameters() if weight.dim() < 2]
        self._optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": WEIGHT_DECAY},
             {"params": gains, "weight_decay": 0.0}],
            lr=PEAK_RATE, betas=BETAS, fused=True,
        )  # fmt: skip

    def train(self, seed: int) -> TrainingState:
        """Train until the schedule ends and leave the best weights in the model.

        Dropout draws from torch's global random state.

        Args:
            seed: of the order of texts.

        Returns:
            How it went; ``kept`` is the look whose weights are in the model now.

        Raises:
            EngineError: the loss is no number any more.
        """
        state = self._state
        state.next_look = self._interval
        generator = np.random.default_rng(seed)
        self._model.train()
        num_passes = 0
        while not self._is_over():
            is_known = num_passes >= PASSES_WITHOUT_DROPOUT
            with apply_dropout(self._model, DROPOUT) if is_known else nullcontext():
                for batch in iterate_batches(self._material.train, self._batch_tokens, generator):
                    self._step(batch)
                    if self._is_over():
                        break
            num_passes += 1
        if not state.evaluations or state.evaluations[-1].step != state.step:
            self._look()
        self._model.load_state_dict(state.best_weights)
        self._model.train(mode=False)
        return state

    def _is_over(self) -> bool:
        return self._schedule.is_over(self._budget.used(self._state.tokens))

    def _step(self, batch: Batch) -> None:
        """Take one optimiser step, and a look where one is due."""
        state = self._state
        start = time.monotonic()
        rate = PEAK_RATE * self._schedule.rate(state.step, self._budget.used(state.tokens))
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        loss = self._sum_losses(batch)
        (loss / self._mean_targets).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._model.parameters(), LARGEST_GRADIENT)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        state.step += 1
        state.tokens += batch.num_tokens
        state.loss_sum += loss.item()
        state.loss_targets += len(batch.targets)
        now = time.monotonic()
        state.seconds += now - start
        if state.tokens >= state.next_look:
            state.next_look = state.tokens + self._interval
            self._look()
            self._consider_cooling()
        elif now - self._last_sign >= SECONDS_PER_SIGN:
            self._give_sign()

    def _look(self) -> None:
        """Measure the held-out loss; keep the weights where it is the lowest so far."""
        state = self._state
        heldout = self._material.heldout
        self._model.train(mode=False)
        with torch.inference_mode():
            batches = iterate_batches(heldout, LOOK_BATCH_TOKENS, None)
            total = sum(self._sum_losses(batch).item() for batch in batches)
        self._model.train()
        loss = total / heldout.num_targets
        if not np.isfinite(loss):
            raise EngineError(
                f"the held-out loss is {loss} after {state.step} steps",
                fix="train with another seed or another size",
            )
        seconds = time.monotonic() - self._start
        look = TinyEvaluation(state.step, state.tokens, seconds, state.train_loss, loss)
        state.evaluations.append(look)
        gain = state.best.heldout_loss - loss if state.best else np.inf
        state.num_bad = 0 if gain >= SMALLEST_GAIN else state.num_bad + 1
        if gain > 0:
            state.best = look
            state.best_weights = {k: v.clone() for k, v in self._model.state_dict().items()}
            state.best_used = self._budget.used(state.tokens)
        self._give_sign()
        state.loss_sum, state.loss_targets = 0.0, 0

    def _consider_cooling(self) -> None:
        """Let the rate fall, from the best weights, where the held-out texts gain no more."""
        state = self._state
        if state.num_bad >= PATIENCE and not self._schedule.is_cooling:
            self._model.load_state_dict(state.best_weights)
            self._schedule.start_cooling(self._budget.used(state.tokens), state.best_used)
            state.stopped = "no more gain"

    def _sum_losses(self, batch: Batch) -> Tensor:
        with torch.autocast("cpu", dtype=self._dtype, enabled=self._dtype != torch.float32):
            return sum_losses(self._model, batch)

    def _give_sign(self) -> None:
        state = self._state
        self._last_sign = time.monotonic()
        used = self._budget.used(state.tokens)
        elapsed = self._last_sign - self._start
        left = elapsed / used * (self._schedule.cooling_until - used) if used else 0.0
        self._on_progress(
            TinyProgress(
                step=state.step,
                tokens=state.tokens,
                tokens_per_second=state.tokens_per_second,
                seconds_left=max(0.0, left),
                train_loss=state.train_loss,
                heldout_loss=state.evaluations[-1].heldout_loss if state.evaluations else None,
                best_loss=state.best.heldout_loss if state.best else None,
            )
        )
