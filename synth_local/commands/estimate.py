"""What is left to generate may cost: tokens and GPU minutes, by rule of thumb."""

from __future__ import annotations

from synth_local.errors import MachineError
from synth_local.records import Cell
from synth_local.run.corpora import Corpora
from synth_local.run.models import Models
from synth_local.run.splits import RealData
from synth_local.train.students import GENERATOR_AS_CLASSIFIER

TOKENS_PER_WORD = 1.4  # of English in common vocabularies
WORDS_WITHOUT_BOUND = 60
PROMPT_TOKENS = 120  # context and instruction
LABEL_TOKENS = 30  # a label with its description
# output tokens a second x parameters on one H100-class GPU in bfloat16, from published figures of
# about 6,300 tokens/s for 8 billion parameters; a guide for planning, not a measurement
GPU_TOKENS_TIMES_PARAMETERS = 6300 * 8.0e9


def estimate_gpu_minutes(models: Models, generator: str, tokens: float) -> float | None:
    """Return minutes on one GPU, or ``None`` where the card says no size."""
    try:
        parameters = models.generators[generator].card.parameters
    except MachineError:
        return None
    if not parameters:
        return None
    return round(tokens * parameters / GPU_TOKENS_TIMES_PARAMETERS / 60, 2)


def count_read_tokens(corpora: Corpora, data: RealData, cell: Cell) -> dict[str, int]:
    """Return how many tokens a generator reads that classifies itself: each text once per label.

    Without exemplars one seed does for all.
    """
    if cell.student != GENERATOR_AS_CLASSIFIER:
        return {}
    task = corpora.tasks[cell.task]
    shots = corpora.strategies[cell.strategy].shots
    if not shots and cell.seed != corpora.config.seeds[0]:
        return {"read_tokens": 0}
    words = min(task.spec.length.max_words or WORDS_WITHOUT_BOUND, WORDS_WITHOUT_BOUND * 4)
    text = words * 0.5 * TOKENS_PER_WORD
    prompt = PROMPT_TOKENS + LABEL_TOKENS * len(task.labels) + (1 + shots) * text
    num_test = sum(data.facts(task).test.values())
    return {"read_tokens": round(num_test * len(task.labels) * prompt)}
