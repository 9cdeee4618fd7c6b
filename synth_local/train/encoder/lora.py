"""Low-rank adapters on a student, and folding them back into its weights.

The door to peft, which takes seconds to import: import this module only where ``method: lora``.

References:
    E. Hu et al. (2021), LoRA: Low-Rank Adaptation of Large Language Models.
    https://arxiv.org/abs/2106.09685
"""

from __future__ import annotations

from typing import Any

from peft import LoraConfig, TaskType, get_peft_model
from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as TARGETS

_DROPOUT = 0.05


def add_adapters(model: Any, rank: int) -> Any:
    """Return the model with trainable adapters and a trainable head; all else is frozen.

    Args:
        rank: of the adapters; they are scaled by ``alpha = 2 * rank``.

    Returns:
        A model of peft around the one given.
    """
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=_DROPOUT,
        target_modules=TARGETS.get(model.config.model_type, "all-linear"),
        modules_to_save=find_head(model),
    )
    return get_peft_model(model, config)


def find_head(model: Any) -> list[str]:
    """Return the names of a classifier's new modules: all beside the encoder, and its pooler."""
    encoder = getattr(model, model.base_model_prefix)
    head = [
        name
        for name, module in model.named_children()
        if module is not encoder and any(True for _ in module.parameters())
    ]
    if getattr(encoder, "pooler", None) is not None:
        head.append("pooler")
    return head


def merge_adapters(model: Any) -> Any:
    """Return the plain model with the adapters folded into its weights."""
    return model.merge_and_unload()
