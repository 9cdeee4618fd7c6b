"""What one slot's prompt is, given what its chain has written so far.

Each turn is rendered anew from the stored raw completions, dropped ones too, and sent as token
ids. Where it does not fit, the oldest exchanges are left out, by a rule that depends on texts and
the context length alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from synth_local.core.hashing import digest_bytes
from synth_local.generate.plan import SlotPlan
from synth_local.generate.prompts import PromptSet, build_conversation
from synth_local.records import Conversation, Example, Request, Slot

Render = Callable[[Conversation], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One rendered prompt.

    Attributes:
        token_ids: as the engine's tokenizer renders them.
        digest: identity of the messages, 16 hexadecimal digits.
        fits: at least one token of the context is left for the completion.
    """

    conversation: Conversation
    token_ids: tuple[int, ...]
    digest: str
    fits: bool


@dataclass(frozen=True)
class Composer:
    """Makes the prompts of one corpus.

    Attributes:
        examples: the pool by id.
        render: the engine's rendering of a conversation to token ids.
        context_length: tokens of prompt and completion together.
        max_tokens: room kept for the completion.
    """

    plan: SlotPlan
    prompts: PromptSet
    examples: Mapping[str, Example]
    render: Render
    context_length: int
    max_tokens: int

    def compose(self, slots: Sequence[Slot], replies: Sequence[str]) -> Prompt:
        """Return the prompt of the last of ``slots``.

        Args:
            slots: the chain's slots up to the one asked for.
            replies: raw completions of all but the last.

        Returns:
            The prompt that fits into the context, or one that says that none does.
        """
        turns = [self.plan.turn_spec(slot, self.examples) for slot in slots]
        first = 0
        while True:
            conversation = build_conversation(self.prompts, turns[first:], replies[first:])
            token_ids = self.render(conversation)
            room = self.context_length - len(token_ids)
            if room >= self.max_tokens or first == len(replies):
                return Prompt(conversation, token_ids, digest_conversation(conversation), room > 0)
            first += 1

    def request(self, slot: Slot, prompt: Prompt) -> Request:
        """Return the engine's request for ``slot``."""
        return Request(slot.id, prompt.token_ids, slot.seed, self.max_tokens)


def digest_conversation(conversation: Conversation) -> str:
    """Return the identity of a conversation's messages as 16 hexadecimal digits."""
    data = json.dumps([[one.role, one.content] for one in conversation], ensure_ascii=True)
    return digest_bytes(data.encode())[:16]
