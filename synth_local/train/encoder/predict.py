"""What a trained network says of texts, and how batches are cut to fit a device."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from accelerate import Accelerator

from synth_local.train.encoder.batches import IntArray, pack_by_length, pad_rows
from synth_local.train.encoder.tokens import TokenRows

_PREDICT_BATCH = 64


def split_batch(
    batch: IntArray, num_processes: int, process: int, device_batch: int
) -> list[IntArray]:
    """Return the parts of a batch that one process passes forward, one after the other.

    Args:
        batch: row numbers, the same on every process.
        num_processes: that share the batch.
        process: number of this one, from 0.
        device_batch: most rows per part.

    Returns:
        As many parts on every process; a part is empty where there are fewer rows than parts.
    """
    largest_share = -(-len(batch) // num_processes)
    num_parts = -(-largest_share // device_batch)
    return np.array_split(batch[process::num_processes], num_parts)


def predict_probabilities(
    model: Any, rows: TokenRows, accelerator: Accelerator
) -> npt.NDArray[np.float64]:
    """Return the probability of each label for each text, in float32 as ``pipeline`` computes it.

    Args:
        rows: token ids of the texts.
        accelerator: of this process; processes share the work.

    Returns:
        (texts, labels) probabilities; rows sum to 1. The same on every process.
    """
    model.eval()
    num_labels = int(model.config.num_labels)
    logits = torch.zeros(len(rows.ids), num_labels, device=accelerator.device)
    batches = pack_by_length(rows.lengths, _PREDICT_BATCH)
    with torch.inference_mode():
        for batch in batches[accelerator.process_index :: accelerator.num_processes]:
            ids, mask = load_batch(rows, batch, accelerator.device)
            places = torch.from_numpy(batch).to(accelerator.device)
            logits[places] = model(input_ids=ids, attention_mask=mask).logits.float()
        gathered = accelerator.reduce(logits, reduction="sum")
    probabilities: npt.NDArray[np.float64] = gathered.cpu().double().softmax(dim=-1).numpy()
    return probabilities


def load_batch(
    rows: TokenRows, batch: IntArray, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token ids and mask of a batch of rows, padded, on the device."""
    ids, mask = pad_rows([rows.ids[row] for row in batch], rows.pad_id)
    return torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device)
