"""The engine that needs nothing but transformers: a laptop, a machine without vLLM.

Rows of a batch start and end on their own: a finished text's place goes to the next prompt at
once. Against ``model.generate`` on padded batches that is over twice the speed on texts of mixed
lengths, and each row draws from its own seed. Knows models and requests; it knows nothing about
slots or prompts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoModelForCausalLM

from synth_local.config import GenerateConfig
from synth_local.engines.blueprint import sort_misfits
from synth_local.engines.chat import ChatRenderer, load_tokenizer
from synth_local.engines.context_length import find_context_length
from synth_local.engines.endings import make_reader
from synth_local.engines.hf.rows import Row, RowBatch
from synth_local.engines.hf.sampling import Sampler
from synth_local.engines.hf.scores import score_rows
from synth_local.engines.misfits import find_problem
from synth_local.engines.protocol import check_continuations, check_request, explain_no_numbers
from synth_local.errors import EngineError, MachineError, SynthLocalError, one_line
from synth_local.models import Card
from synth_local.records import (
    Completion,
    Continuation,
    Conversation,
    EngineInfo,
    FinishReason,
    Request,
)

CPU_CACHE_BYTES = 4 << 30
REFILL_SHARE = 8
# Below this size an operation is over before a second thread has been woken; where the cores are
# shared with other programs, waiting for one another has cost such models a factor of 10 to 60.
ONE_THREAD_PARAMETERS = 10_000_000


@dataclass(frozen=True, slots=True)
class Job:
    """A request with the number of tokens that it may draw."""

    request: Request
    limit: int

    @property
    def num_columns(self) -> int:
        """Most columns of the cache that it will fill."""
        return len(self.request.prompt_ids) + self.limit


class TransformersEngine:
    """A causal LM served by transformers, many rows at a time.

    Args:
        dtype: ``float32``, ``bfloat16`` or ``float16``.

    Raises:
        MachineError: the model cannot be loaded from the folder, or does not fit into memory.
        EngineError: the model is of a kind that this engine does not serve.
    """

    def __init__(self, folder: Path, card: Card, settings: GenerateConfig, dtype: str) -> None:
        self._folder = folder
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self._renderer = ChatRenderer(load_tokenizer(folder), system_role=card.system_role)
        strips = card.thinking == "strip"
        self._reader = make_reader(folder, self._renderer, strips_thinking=strips)
        hf_logging: Any = transformers.utils.logging
        hf_logging.disable_progress_bar()
        model = _load_model(folder, dtype, device)
        self._num_threads = torch.get_num_threads()
        if device == "cpu" and model.num_parameters() < ONE_THREAD_PARAMETERS:
            torch.set_num_threads(1)
        self._model = model
        self._batch = RowBatch(model, Sampler(settings.temperature, settings.top_p))
        self._most_rows = settings.batch
        self._most_cells = _measure_cells(self._batch, folder, device, settings.gpu_memory)
        self._waiting: deque[Job] = deque()
        self._running: dict[Row, Job] = {}
        self._ids: set[str] = set()
        self._info = EngineInfo(
            name="transformers",
            version=transformers.__version__,
            dtype=dtype,
            device=device,
            grade="exact" if (dtype, device) == ("float32", "cpu") else "seeded",
            context_length=find_context_length(folder, card),
            notes=_describe_grade(dtype, device),
        )

    @property
    def info(self) -> EngineInfo:
        """What the engine says of itself."""
        return self._info

    @property
    def capacity(self) -> int:
        """Twice the batch: prompts wait at the door while others finish."""
        return 2 * self._most_rows

    @property
    def num_in_flight(self) -> int:
        """Requests submitted and not yet handed back."""
        return len(self._ids)

    def render(self, conversation: Conversation) -> tuple[int, ...]:
        """Return the token ids of a conversation, ready for the assistant's next message."""
        return self._renderer.render(conversation)

    def submit(self, request: Request) -> None:
        """Queue a request; first come, first served."""
        is_known = request.id in self._ids
        limit = check_request(request, self._info.context_length, is_in_flight=is_known)
        self._ids.add(request.id)
        self._waiting.append(Job(request, limit))

    def step(self) -> list[Completion]:
        """Let prompts into free places, draw one token for every row, return what has ended."""
        with self.explain_failure("while generating"):
            self._refill()
            ended = self._collect()
            self._batch.advance()
            return ended + self._collect()

    def render_answer(self, text: str) -> tuple[int, ...]:
        """Return the token ids of a whole answer, its end included."""
        return self._renderer.render_answer(text)

    def score(self, continuations: Sequence[Continuation]) -> list[float]:
        """Return the log-probability of each answer after its prompt."""
        check_continuations(continuations, self._info.context_length, self.num_in_flight)
        with self.explain_failure("while scoring answers"):
            return score_rows(self._model, continuations)

    def close(self) -> None:
        """Forget the model and everything in flight; threads are as they were."""
        self._model = None
        self._batch.close()
        torch.set_num_threads(self._num_threads)
        self._waiting.clear()
        self._running.clear()
        self._ids.clear()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    @contextmanager
    def explain_failure(self, when: str) -> Iterator[None]:
        """Turn whatever the library raises while the model runs into an error with a fix."""
        try:
            yield
        except SynthLocalError:
            raise
        except torch.OutOfMemoryError as error:
            raise _explain_memory(when) from error
        except FloatingPointError as error:
            raise explain_no_numbers(self._folder, self._info.dtype, when) from error
        except Exception as error:
            raise EngineError(
                f"the model failed {when}: {type(error).__name__}: {one_line(error)}",
                where=self._folder,
                fix=f"synth-local models check {self._folder.name}; what is stored is kept",
            ) from error

    def _refill(self) -> None:
        """Admit the oldest waiting jobs, once they are enough to be worth a pass of their own."""
        taken: list[Job] = []
        num_free = self._most_rows - len(self._running)
        columns = max((job.num_columns for job in self._running.values()), default=0)
        for job in islice(self._waiting, num_free):
            columns = max(columns, job.num_columns)
            num_rows = len(self._running) + len(taken) + 1
            if num_rows > 1 and num_rows * columns > self._most_cells:
                break
            taken.append(job)
        if len(taken) * REFILL_SHARE < len(self._running):
            return
        for _ in taken:
            self._waiting.popleft()
        rows = {Row(job.request.prompt_ids, job.request.seed): job for job in taken}
        self._running.update(rows)
        self._batch.admit(list(rows))

    def _collect(self) -> list[Completion]:
        """Take the rows that have ended out of the batch."""
        completions = []
        for row in self._batch.active:
            job = self._running[row]
            is_stopped = self._reader.has_ended(row.tokens)
            if not is_stopped and len(row.tokens) < job.limit:
                continue
            self._batch.drop(row)
            del self._running[row]
            self._ids.remove(job.request.id)
            reason: FinishReason = "stop" if is_stopped else "length"
            completions.append(self._reader.read(job.request, row.tokens, reason))
        return completions


def _load_model(folder: Path, dtype: str, device: str) -> Any:
    """Return the folder's causal LM in evaluation mode; Safetensors only, no code of its own."""
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=getattr(torch, dtype),
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
        )
        model, info = loaded
        problem = find_problem(folder, sort_misfits(model, info, "generator"))
        if problem is not None:
            raise problem
        return model.to(device).eval()
    except SynthLocalError:
        raise
    except torch.OutOfMemoryError as error:
        raise _explain_memory(f"while loading {folder.name}") from error
    except Exception as error:
        raise MachineError(
            f"cannot load the model: {one_line(error)}",
            where=folder,
            fix=f"synth-local models check {folder.name}; a newer transformers may know the model",
        ) from error


@torch.inference_mode()
def _measure_cells(batch: RowBatch, folder: Path, device: str, gpu_memory: float) -> int:
    """Return how many tokens' keys and values fit into memory, from one token's."""
    try:
        num_bytes = batch.measure_token_bytes()
    except (IndexError, TypeError, ValueError) as error:
        raise EngineError(
            "the model does not keep keys and values of plain attention, which this engine needs",
            where=folder,
            fix="use --engine vllm for this model",
        ) from error
    if device == "cpu":
        return CPU_CACHE_BYTES // num_bytes
    free, total = torch.cuda.mem_get_info()
    # half of what is left: the other half is for logits and activations
    return max(0, int(free - (1 - gpu_memory) * total)) // 2 // num_bytes


def _describe_grade(dtype: str, device: str) -> tuple[str, ...]:
    if (dtype, device) == ("float32", "cpu"):
        return ("a text depends on prompt, seed, weights and versions, not on the batch",)
    return (f"{dtype} on {device}: another batch or order may change some of the texts",)


def _explain_memory(when: str) -> MachineError:
    return MachineError(
        f"out of memory {when}",
        fix="set a smaller generate.batch or generate.max_tokens, or use a smaller model",
    )
