"""Which of several given answers a model would give: probabilities, nothing is drawn.

Choice-constrained decoding in closed form: among all that a model could say, only the given answers
count, each as a whole with its end. Knows engines by their protocol; it knows nothing about labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from synth_local.engines.protocol import Engine
from synth_local.records import Continuation

FloatArray = npt.NDArray[np.float64]


def score_choices(
    engine: Engine, prompts: Sequence[tuple[int, ...]], choices: Sequence[str]
) -> FloatArray:
    """Return how probable each choice is as the answer to each prompt.

    An answer's log-probability is the sum over its tokens and its end, without any correction for
    its length: that is how probable the model is to say it and nothing else.

    Args:
        engine: an open engine without requests in flight.
        prompts: token ids of rendered conversations.
        choices: what may be answered, at least one, all different.

    Returns:
        (prompts, choices) probabilities in [0, 1]; rows sum to 1.
    """
    answers = [engine.render_answer(choice) for choice in choices]
    asked = [Continuation(prompt, answer) for prompt in prompts for answer in answers]
    scores = np.array(engine.score(asked), dtype=np.float64).reshape(len(prompts), len(choices))
    if not len(prompts):
        return scores
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: FloatArray = shares / shares.sum(axis=1, keepdims=True)
    return probabilities
