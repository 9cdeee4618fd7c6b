"""The network of a miniature generator: shapes, initial weights, dropout, loss, saving.

A plain Llama: whatever loads Llama loads it. Knows nothing about conversations or schedules.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from synth_local.tiny.batches import Batch
from synth_local.tiny.settings import CONTEXT_LENGTH, TinySize

# Llama's usual 0.02 is for wide networks: at these widths 0.06 learns faster (held-out loss 5.24
# against 5.38 nats after the same million tokens of SMS)
INITIAL_SPREAD = 0.06


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides the number of parameters.

    Attributes:
        hidden: width of the residual stream; a multiple of ``head``.
        head: width of an attention head. vLLM on a CPU takes 32, 64, 80, 96, 112, 128, ...
        inner: width inside a block's gated feed-forward part.
    """

    hidden: int
    head: int
    layers: int
    inner: int
    vocab: int


SHAPES: dict[TinySize, Shape] = {
    "xs": Shape(hidden=96, head=32, layers=3, inner=256, vocab=1024),
    "s": Shape(hidden=160, head=32, layers=4, inner=448, vocab=2048),
    "m": Shape(hidden=320, head=64, layers=4, inner=896, vocab=4096),
}


def build_model(shape: Shape, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """Return a network with initial weights from torch's current random state."""
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.hidden // shape.head,
        num_key_value_heads=shape.hidden // shape.head,
        intermediate_size=shape.inner,
        max_position_embeddings=CONTEXT_LENGTH,
        initializer_range=INITIAL_SPREAD,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    llama: Any = LlamaForCausalLM
    model: LlamaForCausalLM = llama(config)
    return model


@contextmanager
def apply_dropout(model: LlamaForCausalLM, rate: float) -> Iterator[None]:
    """Drop values of the embeddings and of each block's two outputs while training.

    Llama has no dropout of its own, and the saved model must not have any: hooks come and go.
    """

    def drop(module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
        return functional.dropout(output, rate, training=module.training)

    places: list[nn.Module] = [model.model.embed_tokens]
    for layer in model.model.layers:
        places += [layer.self_attn.o_proj, layer.mlp]
    handles = [place.register_forward_hook(drop) for place in places]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def sum_losses(model: LlamaForCausalLM, batch: Batch) -> Tensor:
    """Return the summed cross entropy of the batch's targets in nats, a scalar.

    The last layer is computed for the targets alone: prompts cost no logits.
    """
    hidden = model.model(input_ids=batch.inputs, use_cache=False).last_hidden_state
    logits = functional.linear(hidden[batch.rows, batch.times], model.lm_head.weight)
    return functional.cross_entropy(logits.float(), batch.targets, reduction="sum")


def choose_dtype() -> torch.dtype:
    """Return bfloat16 where this CPU multiplies it in hardware, else float32.

    Never by a measurement: the same machine must train the same weights twice.
    """
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    fast = any(capabilities.get(name) for name in ("amx_bf16", "avx512_bf16"))
    return torch.bfloat16 if fast else torch.float32


def save_model(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write weights (float32, Safetensors), configurations and tokenizer into a folder.

    The generation configuration names the ids that end and pad a text and nothing else: how to
    sample is for the caller to say.
    """
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    del weights["lm_head.weight"]  # tied to the embeddings
    content = save(weights, metadata={"format": "pt"})
    (folder / "model.safetensors").write_bytes(content)  # plain Python: a full disk is an OSError
    model.config.architectures = [type(model).__name__]
    model.config.dtype = "float32"
    model.config.save_pretrained(folder)
    generation: Any = GenerationConfig
    generation(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
