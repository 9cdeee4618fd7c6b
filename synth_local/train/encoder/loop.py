"""The training loop: AdamW, linear warm-up and decay, length-grouped batches, any processes.

Read it from top to bottom. It trains a fixed number of steps and keeps the last one: no label of a
validation or test set is looked at. The batch is cut among processes and, where it does not fit,
into smaller forward passes; the gradient stays that of the whole batch, so that neither changes
the result beyond rounding (and beyond dropout, which every process draws for itself).

A door to torch and accelerate. Knows nothing of files, cells or label names.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch.nn import functional
from torch.optim.lr_scheduler import LambdaLR

from synth_local.core.hashing import derive_seed
from synth_local.errors import EngineError
from synth_local.train.encoder.batches import IntArray, draw_batches
from synth_local.train.encoder.checkpoint import Checkpointer, Position
from synth_local.train.encoder.predict import load_batch, split_batch
from synth_local.train.encoder.tokens import TokenRows
from synth_local.train.launch import check_launch
from synth_local.train.pause import Pause

logger = logging.getLogger(__name__)

_MAX_GRADIENT_NORM = 1.0


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """What one training run takes.

    Attributes:
        batch: rows per step, over all processes.
        device_batch: most rows per forward pass on one device.
        warmup: share of the steps with a rising rate, in [0, 1).
        weight_decay: of AdamW, on matrices only.
        seed: of the order of rows and of dropout.
    """

    steps: int
    batch: int
    device_batch: int
    learning_rate: float
    warmup: float
    weight_decay: float
    seed: int


@dataclass(frozen=True, slots=True)
class LoopResult:
    """What a training run left: the trained model, and figures about the run.

    Attributes:
        final_loss: mean cross-entropy over the last tenth of the steps, in nats.
        final_accuracy: share of the rows of the last tenth of the steps that the model got right
            in passing, in [0, 1]; dropout on.
        num_rows: rows that went through, over all steps and processes.
    """

    model: Any
    final_loss: float
    final_accuracy: float
    num_rows: int
    seconds: float


def open_accelerator() -> Accelerator:
    """Return the Accelerator of this process; it meets the other processes where there are any.

    Returns:
        An Accelerator that does not cast: the loop casts by itself.

    Raises:
        MachineError: the launcher started fewer processes than it was asked for.
    """
    # processes on CPUs only meet when it is told so; the loop casts by itself, see helps_bf16
    on_cpu = not torch.accelerator.is_available()
    accelerator = Accelerator(cpu=on_cpu, mixed_precision="no")
    check_launch(accelerator.num_processes)
    return accelerator


def helps_bf16(device: torch.device) -> bool:
    """Return whether a device has instructions for bfloat16, which make it faster than float32.

    Seen on 2 cores with AVX512-BF16: 2.8 times for a BERT of 2 x 128 units and for one of 6 x 768.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    list_capabilities = getattr(torch.cpu, "get_capabilities", None)  # newer than torch 2.7
    known = list_capabilities() if list_capabilities else {}
    return bool(known.get("amx_bf16") or known.get("avx512_bf16"))


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's global generators and restore them: dropout and new layers know no others."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


@contextmanager
def one_thread(device: torch.device) -> Iterator[None]:
    """Compute with one thread on a CPU, and restore their number.

    How sums are cut among threads changes their rounding, so that a training would depend on how
    many others run beside it.
    """
    if device.type != "cpu":
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def train_model(
    model: Any,
    rows: TokenRows,
    targets: IntArray,
    settings: LoopSettings,
    accelerator: Accelerator,
    pause: Pause | None = None,
) -> LoopResult:
    """Return the model after ``settings.steps`` optimiser steps, some of which may be done before.

    Args:
        rows: token ids of the training texts.
        targets: (rows,) label numbers.
        pause: when to store the state and where; ``None`` never does.

    Returns:
        The model after its last step, and figures.

    Raises:
        EngineError: the loss is no longer a number.
        Interrupted: a signal asked to stop; the state is stored.
    """
    order = np.random.default_rng(derive_seed(settings.seed, "order"))
    dropout_seed = derive_seed(settings.seed, "dropout", accelerator.process_index)
    model.to(accelerator.device)
    optimizer = torch.optim.AdamW(
        _group_weights(model, settings.weight_decay), lr=settings.learning_rate, fused=True
    )
    schedule = LambdaLR(optimizer, lambda step: _scale_rate(step, settings))
    wrapped, stepper = accelerator.prepare(model, optimizer)
    wrapped.train()
    parts = {"model": model, "optimizer": optimizer, "schedule": schedule}
    checkpointer = Checkpointer(pause, accelerator, parts)
    start = time.perf_counter()
    with seeded(dropout_seed, accelerator.device):
        position = checkpointer.restore()
        batches = draw_batches(rows.lengths, settings.batch, settings.steps, order)
        for batch in islice(batches, position.num_steps, None):
            loss, right = _add_gradients(wrapped, rows, targets, batch, settings, accelerator)
            position.note(loss, right, len(batch))
            accelerator.clip_grad_norm_(wrapped.parameters(), _MAX_GRADIENT_NORM)
            stepper.step()
            schedule.step()
            stepper.zero_grad()
            elapsed = position.seconds + time.perf_counter() - start
            _log_progress(position, elapsed, settings)
            if position.num_steps < settings.steps:
                checkpointer.maybe_store(position, elapsed)
    return LoopResult(
        model=accelerator.unwrap_model(wrapped),
        final_loss=_average_last(position, accelerator),
        final_accuracy=_score_last(position, accelerator),
        num_rows=position.num_rows,
        seconds=position.seconds + time.perf_counter() - start,
    )


def _add_gradients(
    model: Any,
    rows: TokenRows,
    targets: IntArray,
    batch: IntArray,
    settings: LoopSettings,
    accelerator: Accelerator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Add one batch's gradient; return this process's loss and how many rows it got right."""
    passes = split_batch(
        batch, accelerator.num_processes, accelerator.process_index, settings.device_batch
    )
    device = accelerator.device
    total = torch.zeros((), device=device)
    right = torch.zeros((), device=device)
    for number, part in enumerate(passes):
        # an empty part still takes part in the exchange of gradients: a row that weighs nothing
        chosen = part if len(part) else batch[:1]
        ids, mask = load_batch(rows, chosen, device)
        gold = torch.from_numpy(targets[chosen]).to(device)
        is_last = number == len(passes) - 1
        with nullcontext() if is_last else accelerator.no_sync(model):
            with torch.autocast(device.type, torch.bfloat16, enabled=helps_bf16(device)):
                logits = model(input_ids=ids, attention_mask=mask).logits
            summed = functional.cross_entropy(logits.float(), gold, reduction="sum")
            # processes average their gradients: their number makes the average a sum again
            weight = accelerator.num_processes / len(batch) if len(part) else 0.0
            accelerator.backward(summed * weight)
        total += summed.detach() * weight
        right += (logits.detach().argmax(dim=-1) == gold).sum() if len(part) else 0
    return total, right


def _group_weights(model: Any, weight_decay: float) -> list[dict[str, Any]]:
    """Decay matrices only: biases and norms have one axis."""
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    matrices = [weight for weight in trained if weight.ndim > 1]
    others = [weight for weight in trained if weight.ndim <= 1]
    return [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]


def _scale_rate(step: int, settings: LoopSettings) -> float:
    """Return the share of the peak rate at ``step`` (from 0): linear up, then linear down to 0."""
    num_warmup = int(settings.warmup * settings.steps)
    if step < num_warmup:
        return (step + 1) / (num_warmup + 1)
    return (settings.steps - step) / max(1, settings.steps - num_warmup)


def _average_last(position: Position, accelerator: Accelerator) -> float:
    last = torch.stack(position.losses[-position.num_last :]).mean()
    value = float(accelerator.reduce(last, reduction="mean"))
    if not np.isfinite(value):
        raise EngineError(
            "the training diverged: its loss is no longer a number",
            where="train",
            fix="lower train.learning_rate or raise train.warmup",
        )
    return value


def _score_last(position: Position, accelerator: Accelerator) -> float:
    last = torch.stack(position.right[-position.num_last :]).sum()
    return float(accelerator.reduce(last, reduction="sum")) / sum(
        position.sizes[-position.num_last :]
    )


def _log_progress(position: Position, seconds: float, settings: LoopSettings) -> None:
    every = max(1, settings.steps // 10)
    if position.num_steps % every == 0 and logger.isEnabledFor(logging.INFO):
        logger.info(
            "step %d of %d, loss %.4f, %.0f rows/s",
            position.num_steps,
            settings.steps,
            float(position.losses[-1]),
            position.num_rows / seconds,
        )
