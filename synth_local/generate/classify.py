"""A generator asked for the label of a text: which exemplars it is shown, and what has to be cut.

The exemplars of a seed are the same for all texts. What does not fit into the context is cut by
rules that depend on texts and the context length alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from synth_local.core.hashing import derive_seed
from synth_local.engines.protocol import Engine
from synth_local.errors import EngineError
from synth_local.generate.choices import FloatArray, score_choices
from synth_local.generate.prompts import PromptSet
from synth_local.records import Example

EXEMPLAR_SHARE = 0.5  # most of the context that labels and exemplars take before exemplars go


@dataclass(frozen=True, slots=True)
class Classified:
    """What a generator says of some texts.

    Attributes:
        probabilities: (texts, labels) in the task's order; rows sum to 1.
        num_cut: texts of which the end was cut off.
        num_tokens: that went through the model: each prompt once per label, and the answers.
    """

    probabilities: FloatArray
    num_cut: int
    num_tokens: int


@dataclass(frozen=True, slots=True)
class Fitted:
    """A rendered prompt, and whether the end of its text was cut off."""

    prompt_ids: tuple[int, ...]
    is_cut: bool


@dataclass(frozen=True)
class Classifier:
    """One engine, one wording and the exemplars of one seed.

    Attributes:
        engine: an open engine without requests in flight.
        prompts: the wording for the task.
        drawn: real examples to show, in order; those that do not fit are left out.
    """

    engine: Engine
    prompts: PromptSet
    drawn: tuple[Example, ...] = ()

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The answers, in the order of the task's labels."""
        return tuple(self.prompts.answers.values())

    @cached_property
    def room(self) -> int:
        """Most tokens of a prompt: the longest answer fits, and one token stays free."""
        longest = max(len(self.engine.render_answer(choice)) for choice in self.choices)
        return self.engine.info.context_length - longest - 1

    @cached_property
    def exemplars(self) -> tuple[Example, ...]:
        """The exemplars that are shown: the last are left out until half of the context is free.

        Returns:
            Those that are left, in order.

        Raises:
            EngineError: labels and their descriptions alone fill the context.
        """
        kept = self.drawn
        most = EXEMPLAR_SHARE * self.engine.info.context_length
        while kept and len(self._render("", kept)) > most:
            kept = kept[:-1]
        num_tokens = len(self._render("", kept))
        if num_tokens > self.room:
            raise EngineError(
                f"the question takes {num_tokens} tokens without any text and leaves no room in "
                f"the context of {self.engine.info.context_length}",
                fix="shorten the descriptions of the labels or the task's classify.txt, or raise "
                "context_length in the model's card where the model allows it",
            )
        return kept

    def fit(self, text: str) -> Fitted:
        """Return the prompt for ``text``, of which the end is cut off as far as needed."""
        ids = self._render(text, self.exemplars)
        if len(ids) <= self.room:
            return Fitted(ids, is_cut=False)
        fits, low, high = self._render("", self.exemplars), 0, len(text) - 1
        while low < high:
            middle = (low + high + 1) // 2
            ids = self._render(text[:middle], self.exemplars)
            if len(ids) <= self.room:
                fits, low = ids, middle
            else:
                high = middle - 1
        return Fitted(fits, is_cut=True)

    def classify(self, texts: Sequence[str]) -> Classified:
        """Return the probabilities of the labels for each text."""
        fitted = [self.fit(text) for text in texts]
        num_prompt = sum(len(one.prompt_ids) for one in fitted)
        num_answer = sum(len(self.engine.render_answer(choice)) for choice in self.choices)
        return Classified(
            score_choices(self.engine, [one.prompt_ids for one in fitted], self.choices),
            sum(one.is_cut for one in fitted),
            num_prompt * len(self.choices) + num_answer * len(texts),
        )

    def _render(self, text: str, exemplars: Sequence[Example]) -> tuple[int, ...]:
        return self.engine.render(self.prompts.classify(text, exemplars))


def draw_exemplars(pool: Sequence[Example], shots: int, seed: int) -> tuple[Example, ...]:
    """Return labelled examples in a random order in which labels take turns.

    Returns:
        ``shots`` examples, or all of a smaller pool; of ``n`` labels each is among every ``n``
        neighbours as long as it has examples left.
    """
    if not shots:
        return ()
    source = random.Random(derive_seed(seed, "exemplars"))  # noqa: S311 - no secret
    labels = sorted({one.label for one in pool})
    left = {label: [one for one in pool if one.label == label] for label in labels}
    for examples in left.values():
        source.shuffle(examples)
    drawn: list[Example] = []
    while len(drawn) < shots and any(left.values()):
        source.shuffle(labels)
        drawn += [left[label].pop() for label in labels if left[label]]
    return tuple(drawn[:shots])
