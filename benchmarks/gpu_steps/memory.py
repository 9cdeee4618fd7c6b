"""What fits: the peak memory of one training step of a student, by batch and length.

What a generator takes is among the figures of the generation steps.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from gpu_steps.shapes import hf
from gpu_steps.step import Context, require_cuda


def measure(context: Context) -> None:
    """Measure BERT-base's shape."""
    require_cuda()
    context.save(student_gib=measure_students(context))


def measure_students(context: Context) -> dict[str, Any]:
    """Return the peak GiB of one training step of BERT-base's shape, by batch and length."""
    config = hf.BertConfig(num_labels=2)
    if context.is_tiny:
        config = hf.BertConfig(hidden_size=64, num_hidden_layers=1, num_attention_heads=1)
    model = hf.BertForSequenceClassification(config).cuda()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5)
    peaks: dict[str, Any] = {}
    for length in (128, 512):
        for batch in (32, 128, 512):
            try:
                peaks[f"{batch}x{length}"] = run_step(model, optimiser, batch, length)
            except torch.OutOfMemoryError:
                peaks[f"{batch}x{length}"] = "out of memory"
    del model, optimiser
    torch.cuda.empty_cache()
    return peaks


def run_step(model: Any, optimiser: Any, batch: int, length: int) -> float:
    """Run one step in bfloat16 and return its peak in GiB."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    ids = torch.randint(1000, 2000, (batch, length), device="cuda")
    with torch.autocast("cuda", torch.bfloat16):
        logits = model(input_ids=ids).logits
    loss: Any = functional.cross_entropy(logits.float(), ids[:, 0] % 2)
    loss.backward()
    optimiser.step()
    optimiser.zero_grad()
    return float(torch.cuda.max_memory_allocated() / 2**30)
