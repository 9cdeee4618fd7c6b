"""What a generation engine is: the seam between the loop of requests and heavy libraries.

Three engines keep this contract (``vllm``, ``transformers``, ``fake``) and one parametrised test
module holds them to it. This module knows nothing about slots, labels or prompts' wording.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from synth_local.errors import EngineError
from synth_local.records import Completion, Continuation, Conversation, EngineInfo, Request


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
    - A score is a log-probability in nats under the model itself: no temperature, no nucleus. It
      depends on prompt and answer alone, up to what rounding in another batch may change; with
      grade ``exact`` that is below 1e-4.
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
            EngineError: the engine failed, or its logits are no numbers; what is in flight is
                lost.
        """
        ...

    def render_answer(self, text: str) -> tuple[int, ...]:
        """Return the token ids of a whole answer of the assistant, its end included.

        The end is the token that the chat template writes after an answer; the end-of-sequence
        token where the template writes none; an empty line where there is no template. So no
        answer has another one as its beginning. Where the prompt opens the model's thinking, the
        answer first closes it.

        Args:
            text: what the assistant says; marks of the template inside of it are mere text.

        Returns:
            Ids that follow those of ``render``.
        """
        ...

    def score(self, continuations: Sequence[Continuation]) -> list[float]:
        """Return how probable each answer is after its prompt; works until all are done.

        Args:
            continuations: any number; prompt and answer leave one token of the context free.

        Returns:
            The sum of the log-probabilities of the answer's tokens, at most 0, in order.

        Raises:
            EngineError: one is empty or too long, or requests are in flight.
        """
        ...

    def close(self) -> None:
        """Give back threads, processes and memory."""
        ...


def explain_no_numbers(folder: Path, dtype: str, when: str) -> EngineError:
    """Return what to raise where a model's logits or log-probabilities are no numbers.

    Args:
        when: what it was doing, for the sentence.

    Returns:
        The error, with the dtype as the likely cause.
    """
    hint = {
        "float16": "its range is small: set generate.dtype: bfloat16 (or float32)",
        "bfloat16": "set generate.dtype: float32 to see whether it is the dtype",
    }.get(dtype, "weights that are no numbers: copy the folder again, whole")
    return EngineError(
        f"the model's logits are no numbers (NaN or infinite) {when}, in {dtype}",
        where=folder,
        fix=f"{hint}; synth-local models check {folder.name}",
    )


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


def check_continuations(
    continuations: Sequence[Continuation], context_length: int, num_in_flight: int
) -> None:
    """Check answers that are about to be scored against the context.

    Args:
        continuations: prompts with answers.
        context_length: most tokens of prompt and completion together.
        num_in_flight: requests that have not come back yet.

    Raises:
        EngineError: one is empty or leaves no token of the context free, or requests are in
            flight: their completions would be lost.
    """
    if num_in_flight:
        raise EngineError(
            f"answers were to be scored while {num_in_flight} requests are in flight",
            fix="this is a bug: please report it",
        )
    for continuation in continuations:
        num_prompt, num_answer = len(continuation.prompt_ids), len(continuation.answer_ids)
        if not num_prompt or not num_answer:
            raise EngineError(
                f"{num_prompt} prompt tokens and {num_answer} answer tokens: nothing can be scored",
                fix="this is a bug: please report it",
            )
        if num_prompt + num_answer >= context_length:
            raise EngineError(
                f"{num_prompt} prompt tokens and {num_answer} answer tokens do not fit into the "
                f"context of {context_length}, of which one stays free",
                fix="use fewer shots, or raise context_length in the model's card where the model "
                "allows it",
            )
