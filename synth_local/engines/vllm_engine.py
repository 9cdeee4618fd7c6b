"""The engine of choice: vLLM inside this process, fed and stepped by hand.

One loop of ``add_request`` and ``step``: nothing waits for a batch to end, and the process that
stops this one stops the engine with it. Keeps to what vLLM's releases since 0.24 share. Knows
requests; it knows nothing about slots or prompts.

References:
    W. Kwon et al. (2023), Efficient memory management for large language model serving with
    PagedAttention.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from synth_local.config import GenerateConfig
from synth_local.engines.chat import ChatRenderer, load_tokenizer
from synth_local.engines.context_length import find_context_length
from synth_local.engines.endings import make_reader
from synth_local.engines.protocol import check_continuations, check_request, explain_no_numbers
from synth_local.engines.vllm_start import (
    describe_grade,
    explain_failure,
    explain_start,
    import_vllm,
    list_options,
)
from synth_local.models import Card
from synth_local.records import (
    Completion,
    Continuation,
    Conversation,
    EngineInfo,
    FinishReason,
    Message,
    Request,
)

PROBE = "Write a short text."


class VllmEngine:
    """A causal LM served by vLLM.

    Args:
        dtype: ``float32``, ``bfloat16`` or ``float16``.

    Raises:
        MachineError: vLLM cannot run here, or the model does not fit into memory.
        EngineError: vLLM cannot serve the model.
    """

    def __init__(self, folder: Path, card: Card, settings: GenerateConfig, dtype: str) -> None:
        self._renderer = ChatRenderer(load_tokenizer(folder), system_role=card.system_role)
        strips = card.thinking == "strip"
        self._reader = make_reader(folder, self._renderer, strips_thinking=strips)
        self._settings, self._context = settings, find_context_length(folder, card)
        self._requests: dict[str, Request] = {}
        self._set_num_threads = torch.set_num_threads  # vLLM replaces it on a CPU
        context = self._context
        vllm = import_vllm()
        is_cpu = bool(vllm.platforms.current_platform.is_cpu())
        with explain_start(folder):
            self._llm: Any = vllm.LLM(**list_options(folder, settings, dtype, context, is_cpu))
        self._sampling_params = vllm.SamplingParams
        self._final_only = vllm.sampling_params.RequestOutputKind.FINAL_ONLY
        self._engine: Any = self._llm.llm_engine
        self._folder, self._dtype = folder, dtype
        self._probe()
        self._info = EngineInfo(
            name="vllm",
            version=vllm.__version__,
            dtype=dtype,
            device="cpu" if is_cpu else "cuda",
            grade="exact" if is_cpu and dtype == "float32" else "seeded",
            context_length=context,
            notes=describe_grade(dtype, is_cpu),
            num_devices=1 if is_cpu else settings.tensor_parallel,
        )

    @property
    def info(self) -> EngineInfo:
        """What the engine says of itself."""
        return self._info

    @property
    def capacity(self) -> int:
        """Twice what vLLM runs at once: its own waiting queue is never empty."""
        return 2 * int(self._engine.vllm_config.scheduler_config.max_num_seqs)

    @property
    def num_in_flight(self) -> int:
        """Requests submitted and not yet handed back."""
        return len(self._requests)

    def render(self, conversation: Conversation) -> tuple[int, ...]:
        """Return the token ids of a conversation, ready for the assistant's next message."""
        return self._renderer.render(conversation)

    def submit(self, request: Request) -> None:
        """Hand a request to vLLM."""
        is_known = request.id in self._requests
        limit = check_request(request, self._info.context_length, is_in_flight=is_known)
        stops = list(self._reader.stop_strings)
        params = self._sampling_params(
            temperature=self._settings.temperature,
            top_p=self._settings.top_p,
            seed=request.seed,
            max_tokens=limit,
            stop=stops,
            stop_token_ids=sorted(self._reader.stop_ids),
            detokenize=bool(stops),
            output_kind=self._final_only,
        )
        prompt = {"type": "token", "prompt_token_ids": list(request.prompt_ids)}
        with explain_failure():
            self._engine.add_request(request.id, prompt, params)
        self._requests[request.id] = request

    def step(self) -> list[Completion]:
        """Run one step of vLLM and return what it has finished."""
        if not self._requests:
            return []
        with explain_failure():
            outputs = self._engine.step()
        return [self._complete(output) for output in outputs if output.finished]

    def render_answer(self, text: str) -> tuple[int, ...]:
        """Return the token ids of a whole answer, its end included."""
        return self._renderer.render_answer(text)

    def score(self, continuations: Sequence[Continuation]) -> list[float]:
        """Return the log-probability of each answer after its prompt.

        vLLM is asked for the log-probabilities of the tokens of prompt and answer together; the
        one token that it has to draw beside them is thrown away.
        """
        check_continuations(continuations, self._info.context_length, self.num_in_flight)
        params = self._sampling_params(
            temperature=0.0,
            max_tokens=1,
            prompt_logprobs=0,
            detokenize=False,
            output_kind=self._final_only,
        )
        scores: dict[str, float] = {}
        with explain_failure():
            for number, one in enumerate(continuations):
                ids = [*one.prompt_ids, *one.answer_ids]
                prompt = {"type": "token", "prompt_token_ids": ids}
                self._engine.add_request(f"score-{number}", prompt, params)
            while len(scores) < len(continuations):
                for output in self._engine.step():
                    if output.finished:
                        answer = continuations[int(output.request_id.removeprefix("score-"))]
                        scores[output.request_id] = _sum_answer(output, answer)
        found = [scores[f"score-{number}"] for number in range(len(continuations))]
        self._require_numbers(found, "while scoring answers")
        return found

    def _probe(self) -> None:
        """Read one short prompt: a model whose log-probabilities are no numbers ends here.

        Asked of every request they would cost a share of the speed; of one at the start, a step.
        """
        ids = list(self._renderer.render((Message("user", PROBE),)))[: self._context - 1]
        params = self._sampling_params(
            temperature=0.0, max_tokens=1, prompt_logprobs=0, logprobs=0, detokenize=False,
            output_kind=self._final_only,
        )  # fmt: skip
        prompt = {"type": "token", "prompt_token_ids": ids}
        outputs: list[Any] = []
        with explain_failure():
            self._engine.add_request("probe", prompt, params)
            while not outputs:
                outputs = [output for output in self._engine.step() if output.finished]
            read = zip(outputs[0].prompt_logprobs[1:], ids[1:], strict=True)
            found = [float(by_token[token].logprob) for by_token, token in read]
            found.append(float(outputs[0].outputs[0].cumulative_logprob))
        self._require_numbers(found, "at the first step")

    def _require_numbers(self, found: Sequence[float], when: str) -> None:
        if any(math.isnan(one) or one == math.inf for one in found):
            error = explain_no_numbers(self._folder, self._dtype, when)
            self.close()
            raise error

    def close(self) -> None:
        """Shut vLLM down and give its memory back as far as a process can."""
        self._requests.clear()
        llm, self._llm, self._engine = self._llm, None, None
        if llm is None:
            return
        llm.llm_engine.engine_core.shutdown()
        torch.set_num_threads = self._set_num_threads
        del llm
        gc.collect()

    def _complete(self, output: Any) -> Completion:
        request = self._requests.pop(output.request_id)
        drawn = output.outputs[0]
        reason: FinishReason = "length" if drawn.finish_reason == "length" else "stop"
        return self._reader.read(request, drawn.token_ids, reason)


def _sum_answer(output: Any, answer: Continuation) -> float:
    """Return the sum of the log-probabilities of an answer's tokens."""
    found = output.prompt_logprobs[-len(answer.answer_ids) :]
    pairs = zip(found, answer.answer_ids, strict=True)
    return sum(float(by_token[token].logprob) for by_token, token in pairs)
