"""Student models before training: from a local folder, or a small BERT from scratch.

The head is the library's own for sequence classification. In BERT, RoBERTa, DistilBERT, ELECTRA,
DeBERTa and ModernBERT it has exactly one hidden layer of ``hidden_size`` units (768 in base models;
BERT calls it the pooler) before the output layer, which is the architecture of the study.

A door to torch and transformers. Weights are safetensors, code comes with transformers alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from synth_local.engines.blueprint import silence, sort_misfits
from synth_local.engines.misfits import find_problem
from synth_local.errors import MachineError, SynthLocalError, one_line
from synth_local.models import require_rows

log = logging.getLogger(__name__)
SCRATCH_VOCAB = 4000
SCRATCH_POSITIONS = 512
_SCRATCH_UNITS = 128
# Tokenizers without a stored limit answer with a number beyond any model's.
_NO_LIMIT = 1_000_000


def load_tokenizer(folder: Path) -> Any:
    """Return the tokenizer of a local folder.

    Raises:
        MachineError: the folder has none that transformers can open.
    """
    with _explain_loading(folder):
        tokenizer: Any = AutoTokenizer.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        )
        require_rows(folder, tokenizer.get_vocab())
    return tokenizer


def load_encoder(folder: Path, labels: tuple[str, ...]) -> Any:
    """Return an encoder with a head for ``labels``; nothing but that head is drawn at random.

    Args:
        folder: with ``config.json`` and safetensors weights.
        labels: names in the task's order.

    Returns:
        A model in float32 whose configuration knows the labels' names.

    Raises:
        MachineError: the folder does not open, for example because it holds pickles only, or a
            weight of the encoder is missing or has another shape.
    """
    with _explain_loading(folder):
        config = AutoConfig.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False, **_name_labels(labels)
        )
        model, info = AutoModelForSequenceClassification.from_pretrained(
            str(folder),
            config=config,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            ignore_mismatched_sizes=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
        misfits = sort_misfits(model, info, "student")
        problem = find_problem(folder, misfits)
        if problem is not None:
            raise problem
    if said := misfits.describe():
        log.info("%s: %s", folder.name, said)
    return model


def make_scratch_bert(vocab_size: int, pad_id: int, labels: tuple[str, ...]) -> Any:
    """Return a BERT of 2 layers of 128 units with random weights and no dropout.

    BERT draws all weights with a standard deviation of 0.02. In a head of 128 units that passes on
    a fifth of what it is given, and as little of the gradient: a training may spend all of its
    steps at guessing. The head's two layers are drawn so that they keep the variance instead.

    Args:
        labels: names in the task's order.

    Returns:
        A model in float32 whose configuration knows the labels' names.
    """
    config = transformers.BertConfig(
        vocab_size=vocab_size,
        hidden_size=_SCRATCH_UNITS,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=512,
        max_position_embeddings=SCRATCH_POSITIONS,
        pad_token_id=pad_id,
        # without: no worse on validation texts, 1.4 times faster, and the same student whatever
        # the number of processes that train it
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        **_name_labels(labels),
    )
    model: Any = transformers.BertForSequenceClassification(config)  # type: ignore[no-untyped-call]
    for layer in (model.bert.pooler.dense, model.classifier):
        torch.nn.init.normal_(layer.weight, std=_SCRATCH_UNITS**-0.5)
    return model


def limit_length(tokenizer: Any, model_config: Any, max_length: int) -> int:
    """Return the most tokens per text that the settings, tokenizer and model all allow.

    Args:
        tokenizer: whose stored limit counts where it has one.
        model_config: of the model; some need two of their positions for themselves.
    """
    positions = getattr(model_config, "max_position_embeddings", None) or _NO_LIMIT
    stored = int(tokenizer.model_max_length)
    model_limit = stored if stored < _NO_LIMIT else positions - 2
    return min(max_length, model_limit, positions)


def load_config(folder: Path) -> Any:
    """Return the model configuration of a local folder.

    Args:
        folder: with ``config.json``.

    Raises:
        MachineError: transformers does not know the architecture.
    """
    with _explain_loading(folder):
        return AutoConfig.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        )


def _name_labels(labels: tuple[str, ...]) -> dict[str, Any]:
    return {
        "num_labels": len(labels),
        "id2label": dict(enumerate(labels)),
        "label2id": {label: number for number, label in enumerate(labels)},
        "problem_type": "single_label_classification",
    }


def save_student(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write a trained model and its tokenizer as a folder that ``pipeline`` opens."""
    with silence():
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


@contextmanager
def _explain_loading(folder: Path) -> Iterator[None]:
    """Turn what transformers raises into ``MachineError``; silence its notes on a new head."""
    try:
        with silence():
            yield
    except SynthLocalError:
        raise
    except Exception as error:
        raise MachineError(
            f"transformers {transformers.__version__} cannot open the student: {one_line(error)}",
            where=folder,
            fix="check that the folder is whole and holds an encoder that transformers knows",
        ) from error
