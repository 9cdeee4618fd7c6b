"""The sections of a run file, one for each stage that has settings.

Fields that can only change speed are marked ``RuntimeOnly`` and stay out of fingerprints.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from synth_local.core.section import RuntimeOnly, Section


class GenerateConfig(Section):
    """How texts are drawn from a generator.

    Attributes:
        temperature: of sampling; 0 is greedy.
        top_p: nucleus of sampling.
        max_tokens: upper bound of new tokens per text.
        chain_length: turns per conversation; few-shot chains have length 1 unless the strategy
            says otherwise.
        diversity_every: every n-th turn of a chain asks for something more diverse.
        shots: exemplars per few-shot prompt.
        shots_from: exemplars of ``any_label``, shown with their labels, or of the ``same_label``.
        budget_tokens: most generated tokens per corpus; ``null`` is no bound.
        seed: root of all slot seeds.
        dtype: ``auto`` is float32 on a CPU and bfloat16 on a GPU.
        batch: sequences at once in the transformers engine.
        max_num_seqs: sequences at once in vLLM; ``null`` is vLLM's default.
        gpu_memory: share of the GPU's memory that vLLM may take.
        tensor_parallel: GPUs per generator.
    """

    temperature: float = Field(default=1.0, ge=0, le=5)
    top_p: float = Field(default=0.95, gt=0, le=1)
    max_tokens: int = Field(default=256, ge=1, le=32768)
    chain_length: int = Field(default=10, ge=1, le=1000)
    diversity_every: int = Field(default=1, ge=1)
    shots: int = Field(default=4, ge=1, le=64)
    shots_from: Literal["any_label", "same_label"] = "any_label"
    budget_tokens: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0)
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    batch: Annotated[int, Field(ge=1), RuntimeOnly] = 128
    max_num_seqs: Annotated[int | None, Field(ge=1), RuntimeOnly] = None
    gpu_memory: Annotated[float, Field(gt=0, le=1), RuntimeOnly] = 0.9
    tensor_parallel: Annotated[int, Field(ge=1), RuntimeOnly] = 1


class CurateConfig(Section):
    """Which completions are refused.

    Attributes:
        near_duplicates: Jaccard similarity of character 5-shingles from which a text repeats an
            earlier one; 1 keeps all but exact repeats.
        max_copy: largest share of a text's 5-shingles that may be found in one real text.
        near_test_matches: ``drop`` leaves out texts, real and synthetic alike, of whose 5-shingles
            more than ``max_copy`` stand in one test text; ``keep`` counts them only.
        max_rounds: top-up rounds after round 0.
    """

    near_duplicates: float = Field(default=0.7, gt=0, le=1)
    max_copy: float = Field(default=0.8, gt=0, le=1)
    near_test_matches: Literal["drop", "keep"] = "drop"
    max_rounds: int = Field(default=4, ge=0, le=100)


class MeasureConfig(Section):
    """How diversity and similarity are measured.

    Attributes:
        embedder: name of a local encoder folder; ``null`` is hashed character n-grams.
        sample: most texts per side of a comparison.
        subsamples: draws without replacement behind each interval.
        seed: of the draws.
    """

    embedder: str | None = None
    sample: int = Field(default=3000, ge=10)
    subsamples: int = Field(default=100, ge=20, le=10000)
    seed: int = Field(default=0, ge=0)


class TrainConfig(Section):
    """How students are fine-tuned.

    Attributes:
        epochs: passes of a cell over its own rows, at least.
        min_steps: fewest optimiser steps of a cell: few rows are seen more often.
        learning_rate: peak rate of AdamW after warm-up.
        batch: examples per optimiser step, over all devices.
        method: ``full`` fine-tuning, or ``lora`` (saved merged).
        match: ``labels`` cuts real and synthetic to the same count per label; ``none`` does not.
        max_length: tokens per text; longer texts are cut.
        warmup: share of the steps with a rising learning rate.
        weight_decay: of AdamW.
        lora_rank: rank of the adapters where ``method: lora``.
        device_batch: examples per forward pass on one device; ``null`` is ``batch``.
        checkpoint_minutes: between two stored states of a training: the most that a kill costs.
    """

    epochs: int = Field(default=3, ge=1, le=1000)
    min_steps: int = Field(default=200, ge=1, le=1_000_000)
    learning_rate: float = Field(default=5e-5, gt=0, lt=1)
    batch: int = Field(default=64, ge=1)
    method: Literal["full", "lora"] = "full"
    match: Literal["labels", "none"] = "labels"
    max_length: int = Field(default=256, ge=8)
    warmup: float = Field(default=0.1, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    lora_rank: int = Field(default=16, ge=1)
    device_batch: Annotated[int | None, Field(ge=1), RuntimeOnly] = None
    checkpoint_minutes: Annotated[float, Field(gt=0), RuntimeOnly] = 10.0


class AnalyzeConfig(Section):
    """What people said of tasks and texts; it enters the analysis and nothing else.

    Paths are relative to the run file. They are no part of any identity, their content is.

    Attributes:
        judgements: CSV of which of two tasks is more objective; ``null``: nobody was asked.
        annotations: by task, a CSV of what annotators called its test items.
    """

    judgements: Annotated[str | None, Field(min_length=1), RuntimeOnly] = None
    annotations: Annotated[dict[str, str], RuntimeOnly] = Field(default_factory=dict)
