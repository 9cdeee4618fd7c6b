"""What a generation engine is: the seam between the loop of requests and heavy libraries.

Three engines keep this contract (``vllm``, ``transformers``, ``fake``) and one parametrised test
module holds them to it. This module knows nothing about slots, labels or prompts' wording.
"""

from __future__ import annotations

from typing import Protocol

from synth_local.errors import EngineError
from synth_local.records import Completion, Conversation, EngineInfo, Request


class Engine(Protocol):
    """A local model that completes rendered prompts.

    The contract:

    - Every submitted request comes back exactly once from ``step``, by its id, in any order.
    - ``text`` is raw: as the model wrote it, special tokens left out, nothing stripped. Where the
      model's card says ``thinking: strip``, the text starts after the end of the thinking.
    - ``num_tokens`` counts the tokens drawn, thinking included, without the end-of-sequence
      token.
    - ``finish_reason`` is ``stop`` where the model ended the text, ``length`` where ``max_tokens``
      or the context did. A request with less room in the context than ``max_tokens`` is cut there.
    - Requests may be submitted between two calls of ``step`` while others run.
    - At temperature above 0 a text depends on (prompt ids, seed); with grade ``exact`` on nothing
      else: neither on the batch, nor on the order, nor on what else runs. Temperature 0 is greedy.
    - ``close`` may be called twice. After it no thread, process or memory of the engine is left
      that would outlive the process; requests in flight are forgotten.
    """

    @property
    def info(self) -> EngineInfo:
        """What the engine says of itself, for the manifest."""
        ...

    @property
    def capacity(self) -> int:
        """Requests worth holding in flight; more are taken, but gain nothing."""
        ...

    @property
    def num_in_flight(self) -> int:
        """Requests submitted and not yet handed back."""
        ...

    def render(self, conversation: Conversation) -> tuple[int, ...]:
        """Return the token ids of a conversation, ready for the assistant's next message.

        Args:
            conversation: ends with a user message; roles may repeat.

        Returns:
            Ids of the model's own tokenizer, whose control tokens are the template's alone.

        Raises:
            EngineError: the model's chat template refuses the conversation.
        """
        ...

    def submit(self, request: Request) -> None:
        """Take a request; it is worked on by the following calls of ``step``.

        Args:
            request: its id is not in flight.

        Raises:
            EngineError: the prompt is empty or leaves no room in the context, or the id is in
                flight already.
        """
        ...

    def step(self) -> list[Completion]:
        """Work for a moment.

        Returns:
            What has finished since the last call; may be empty while requests are in flight.

        Raises:
            EngineError: the engine failed; what is in flight is lost.
        """
        ...

    def close(self) -> None:
        """Give back threads, processes and memory."""
        ...


def check_request(request: Request, context_length: int, *, is_in_flight: bool) -> int:
    """Check a request against the context.

    Args:
        request: the request that is about to be submitted.
        context_length: most tokens of prompt and completion together.
        is_in_flight: a request of this id has not come back yet.

    Returns:
        How many tokens may be drawn, in [1, ``max_tokens``].

    Raises:
        EngineError: nothing can be drawn, or the completion could not be told apart.
    """
    num_prompt = len(request.prompt_ids)
    if is_in_flight:
        raise EngineError(
            f"request {request.id!r} was submitted while one of that id is in flight",
            fix="this is a bug: please report it",
        )
    if request.max_tokens < 1 or not num_prompt:
        raise EngineError(
            f"request {request.id!r} has {num_prompt} prompt tokens and max_tokens "
            f"{request.max_tokens}: nothing can be drawn",
            fix="give at least one of each",
        )
    room = context_length - num_prompt
    if room < 1:
        raise EngineError(
            f"the prompt of {request.id!r} has {num_prompt} tokens and fills the context of "
            f"{context_length}",
            fix="use fewer shots or shorter chains, or raise context_length in the model's card "
            "where the model allows it",
        )
    return min(request.max_tokens, room)
