"""Encoders as students: from texts to token ids once, then one training run per seed.

Puts tokens, models, the loop and LoRA together. A door to torch and transformers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import accelerate
import numpy as np
import torch
import transformers
from accelerate import Accelerator

from synth_local.config import TrainConfig
from synth_local.core.hashing import derive_seed
from synth_local.engines.fit import require_fit
from synth_local.errors import EngineError, MachineError, SynthLocalError, one_line
from synth_local.records import Example
from synth_local.train.encoder.batches import IntArray
from synth_local.train.encoder.loop import (
    LoopSettings,
    helps_bf16,
    one_thread,
    open_accelerator,
    seeded,
    train_model,
)
from synth_local.train.encoder.models import (
    SCRATCH_POSITIONS,
    SCRATCH_VOCAB,
    limit_length,
    load_config,
    load_encoder,
    load_tokenizer,
    make_scratch_bert,
    save_student,
)
from synth_local.train.encoder.predict import predict_probabilities
from synth_local.train.encoder.tokens import TokenRows, TokenStore, train_tokenizer
from synth_local.train.pause import Pause
from synth_local.train.students import StudentRef
from synth_local.train.trained import TrainedStudent

_USAGE = """\
```python
from transformers import pipeline

classify = pipeline("text-classification", model="THIS FOLDER")
classify(["a text"], truncation=True)
```
"""


@dataclass(frozen=True, slots=True)
class PreparedEncoder:
    """An encoder's tokenizer and the token ids of its texts.

    Attributes:
        folder: of the pretrained weights; ``None`` trains from scratch.
        labels: names in the task's order.
        targets: (training texts,) label numbers.
    """

    folder: Path | None
    labels: tuple[str, ...]
    settings: TrainConfig
    tokenizer: Any
    train_rows: TokenRows
    targets: IntArray
    test_rows: TokenRows

    def train(self, seed: int, steps: int, pause: Pause | None = None) -> TrainedStudent:
        """Return the student after ``steps`` optimiser steps.

        Args:
            seed: of new weights, the order of rows and dropout.
            pause: when to store the state and where; ``None`` never does.

        Raises:
            MachineError: the weights do not open, or processes are missing.
            EngineError: the training diverged, or a library failed in it.
            Interrupted: a signal asked to stop; the state is stored.
        """
        with _explain_failure(self.folder):
            return self._train(seed, steps, pause)

    def _train(self, seed: int, steps: int, pause: Pause | None) -> TrainedStudent:
        accelerator = open_accelerator()
        with one_thread(accelerator.device):
            return self._train_on(accelerator, seed, steps, pause)

    def _train_on(
        self, accelerator: Accelerator, seed: int, steps: int, pause: Pause | None
    ) -> TrainedStudent:
        with seeded(derive_seed(seed, "init"), accelerator.device):
            model = self._make_model()
        loop = self._fill_settings(seed, steps, accelerator)
        result = train_model(model, self.train_rows, self.targets, loop, accelerator, pause)
        trained = _merge(result.model) if self.settings.method == "lora" else result.model
        return TrainedStudent(
            probabilities=predict_probabilities(trained, self.test_rows, accelerator),
            steps=steps,
            final_loss=result.final_loss,
            final_accuracy=result.final_accuracy,
            num_rows=result.num_rows,
            seconds=result.seconds,
            num_processes=accelerator.num_processes,
            is_main=accelerator.is_main_process,
            dtype="bfloat16" if helps_bf16(accelerator.device) else "float32",
            device=accelerator.device.type,
            versions={
                "torch": torch.__version__,
                "transformers": transformers.__version__,
                "accelerate": accelerate.__version__,
            },
            usage=_USAGE,
            save=lambda folder: save_student(trained, self.tokenizer, folder),
            wait=accelerator.wait_for_everyone,
        )

    def _make_model(self) -> Any:
        if self.folder is None:
            return make_scratch_bert(len(self.tokenizer), self.train_rows.pad_id, self.labels)
        model = load_encoder(self.folder, self.labels)
        if self.settings.method == "lora":
            from synth_local.train.encoder.lora import add_adapters  # noqa: PLC0415 - peft takes seconds

            return add_adapters(model, self.settings.lora_rank)
        return model

    def _fill_settings(self, seed: int, steps: int, accelerator: Accelerator) -> LoopSettings:
        settings = self.settings
        return LoopSettings(
            steps=steps,
            batch=settings.batch,
            device_batch=settings.device_batch or -(-settings.batch // accelerator.num_processes),
            learning_rate=settings.learning_rate,
            warmup=settings.warmup,
            weight_decay=settings.weight_decay,
            seed=seed,
        )


def prepare_encoder(
    student: StudentRef,
    train: Sequence[Example],
    test: Sequence[Example],
    labels: tuple[str, ...],
    settings: TrainConfig,
    kept: dict[StudentRef, TokenStore],
) -> PreparedEncoder:
    """Return an encoder with its texts tokenised.

    A student without a folder gets a tokenizer trained on the training texts alone; any other
    tokenises each text once for all training sets.

    Args:
        student: whose folder has passed ``check_student``.
        labels: names in the task's order.
        kept: by student, the texts that were tokenised for other training sets; added to.

    Raises:
        MachineError: the folder does not open, is not whole or not what it says.
        EngineError: a library failed while texts were tokenised.
    """
    with _explain_failure(student.folder):
        texts = [row.text for row in train]
        if student.folder is None:
            limit = min(settings.max_length, SCRATCH_POSITIONS)
            tokens = TokenStore(train_tokenizer(texts, SCRATCH_VOCAB, limit), limit)
        elif student in kept:
            tokens = kept[student]
        else:
            tokens = kept[student] = _open_tokens(student.folder, settings)
        numbers = {label: number for number, label in enumerate(labels)}
        return PreparedEncoder(
            folder=student.folder,
            labels=labels,
            settings=settings,
            tokenizer=tokens.tokenizer,
            train_rows=tokens.look_up(texts),
            targets=np.array([numbers[row.label] for row in train], dtype=np.int64),
            test_rows=tokens.look_up([row.text for row in test]),
        )


def _open_tokens(folder: Path, settings: TrainConfig) -> TokenStore:
    require_fit(folder, "student")
    tokenizer = load_tokenizer(folder)
    limit = limit_length(tokenizer, load_config(folder), settings.max_length)
    # so that the saved student cuts texts where this one does
    tokenizer.model_max_length = limit
    return TokenStore(tokenizer, limit)


def _merge(model: Any) -> Any:
    from synth_local.train.encoder.lora import merge_adapters  # noqa: PLC0415 - peft takes seconds

    return merge_adapters(model)


@contextmanager
def _explain_failure(folder: Path | None) -> Iterator[None]:
    """Turn whatever a library raises around a student into an error with a fix."""
    try:
        yield
    except SynthLocalError:
        raise
    except torch.OutOfMemoryError as error:
        raise MachineError(
            f"out of memory while training: {one_line(error)}",
            where=folder or "",
            fix="set a smaller train.device_batch or train.max_length, or use a smaller student",
        ) from error
    except Exception as error:
        name = folder.name if folder else "scratch-bert"
        raise EngineError(
            f"the student {name} cannot be trained: {type(error).__name__}: {one_line(error)}",
            where=folder or "",
            fix="use an encoder that transformers can fine-tune for classification; "
            f"synth-local models check {name}"
            if folder
            else "run with --debug, and report it",
        ) from error
