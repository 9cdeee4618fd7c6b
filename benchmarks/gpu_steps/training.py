"""How fast is our training loop against transformers' Trainer, for BERT-base's shape?"""

from __future__ import annotations

import argparse
import logging
import statistics

import numpy as np
import torch
from train_vs_trainer import LABELS, make_model, make_our_run, make_sms, make_trainer_run
from train_vs_trainer import measure as time_training

from gpu_steps.step import Context, has_cuda
from synth_local.train.encoder.tokens import tokenise, train_tokenizer

VOCAB = 30_522


def measure(context: Context) -> None:
    """Train in turns from the same weights, after a warm-up of each side."""
    logging.disable(logging.WARNING)
    sizes = (64, 1, 32, 6, 3) if context.is_tiny else (768, 12, 64, 150, 5)
    hidden, layers, batch, steps, repeats = sizes
    args = argparse.Namespace(hidden=hidden, layers=layers, batch=batch, steps=steps)
    examples = make_sms(300 if context.is_tiny else 6000)
    texts = [row.text for row in examples]
    tokenizer = train_tokenizer(texts, 4000, 128)
    rows = tokenise(tokenizer, texts, 128)
    targets = np.array([LABELS.index(row.label) for row in examples])
    model = make_model(args, len(tokenizer) if context.is_tiny else VOCAB)
    sides = {
        "ours": make_our_run(args, model, rows, targets),
        "trainer": make_trainer_run(args, model, rows, targets, tokenizer),
    }
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    peaks: dict[str, float] = {}
    for repeat in range(repeats):
        if repeat > 1 and not context.has_time:
            break
        for name in sorted(sides, reverse=repeat % 2 == 1):
            if has_cuda():
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats()
            taken = time_training(sides[name])
            seconds[name] += [taken] if repeat else []  # the first is the warm-up
            if has_cuda():
                peaks[name] = torch.cuda.max_memory_allocated() / 2**30
        if repeat:
            save(context, seconds, peaks, steps * batch)
    context.save(mean_tokens=float(rows.lengths.mean()), layers=layers, hidden=hidden, batch=batch)


def save(
    context: Context, seconds: dict[str, list[float]], peaks: dict[str, float], num_rows: int
) -> None:
    """Save the figures so far; a ratio above 1 means that ours is faster."""
    ratios = [b / a for a, b in zip(seconds["ours"], seconds["trainer"], strict=True)]
    context.save(
        ratio=statistics.median(ratios),
        ratios=ratios,
        **{f"{n}_rows_per_second": num_rows / statistics.median(s) for n, s in seconds.items()},
        **{f"{name}_gib_peak": peak for name, peak in peaks.items()},
    )
