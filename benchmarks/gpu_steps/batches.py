"""Does a text depend on the batch that it is drawn in, and what does it cost that it does not?

The same seeded prompts run all at once, reversed, shuffled, in small batches and alone; the share
of equal texts is counted. This step does so in vLLM's batch-invariant mode; ``generation_135m``
calls ``count_equal`` on vLLM as it is, which shows that the test can see a difference. Weights are
drawn with a spread at which the next word is not a matter of chance alone.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Any

from gpu_steps.engine import open_vllm
from gpu_steps.processes import draw_prompts
from gpu_steps.shapes import SHAPES, hf, make_config, make_tokenizer
from gpu_steps.step import Context, require_cuda
from synth_local.config import GenerateConfig

SPREAD = 0.1
TOKENS = 64
Texts = dict[int, tuple[int, ...]]


def measure(context: Context) -> None:
    """Start vLLM in the mode, then count and measure."""
    require_cuda()
    os.environ["VLLM_BATCH_INVARIANT"] = "1"
    name = "tiny" if context.is_tiny else "135m"
    settings = GenerateConfig(max_tokens=TOKENS)
    opened = open_vllm(make_weights(context.scratch, name), settings, 2048)
    context.save(shape=name, **opened.figures)
    count_equal(context, opened.engine._llm, name)


def count_equal(context: Context, llm: Any, name: str) -> None:
    """Save tokens per second, and the share of equal texts for each order and size of batch."""
    num_prompts = 12 if context.is_tiny else 1024
    drawer = Drawer(llm, draw_prompts(num_prompts, SHAPES[name].vocab), TOKENS)
    everything = list(range(num_prompts))
    drawer.draw([everything])
    start = time.perf_counter()
    known = drawer.draw([everything])
    seconds = time.perf_counter() - start
    figures: dict[str, float] = {
        "texts": num_prompts,
        "tokens_per_second": sum(map(len, known.values())) / seconds,
    }
    shuffled = everything.copy()
    random.Random(0).shuffle(shuffled)  # noqa: S311 - no secret
    few = shuffled[: num_prompts // 4]
    for order, batches in {
        "again": [everything],
        "shuffled": [shuffled],
        "half": [few],
        "of_7": [few[at : at + 7] for at in range(0, len(few), 7)][:10],
        "alone": [[one] for one in few[:16]],
        "reversed": [everything[::-1]],
        "of_100": [shuffled[at : at + 100] for at in range(0, num_prompts, 100)],
    }.items():
        if context.has_time:
            figures[f"equal_{order}"] = share_equal(known, drawer.draw(batches))
            context.save(batches=figures)


class Drawer:
    """Draws seeded texts in batches of one's choice.

    Args:
        llm: a ``vllm.LLM``.
        prompts: token ids.
        max_tokens: per text.
    """

    def __init__(self, llm: Any, prompts: list[list[int]], max_tokens: int) -> None:
        self._llm = llm
        self._prompts = prompts
        self._max_tokens = max_tokens

    def draw(self, batches: list[list[int]]) -> Texts:
        """Return the tokens of each prompt named, drawn batch by batch."""
        import vllm  # noqa: PLC0415 - reads the environment

        texts: Texts = {}
        for batch in batches:
            self._llm.reset_prefix_cache()
            params = [
                vllm.SamplingParams(
                    temperature=1.0, top_p=0.95, max_tokens=self._max_tokens, seed=1000 + one
                )
                for one in batch
            ]
            inputs = [{"prompt_token_ids": self._prompts[one]} for one in batch]
            outputs = self._llm.generate(inputs, params, use_tqdm=False)
            found = [tuple(output.outputs[0].token_ids) for output in outputs]
            texts.update(zip(batch, found, strict=True))
        return texts


def share_equal(known: Texts, drawn: Texts) -> float:
    """Return the share of the texts drawn that equal those known."""
    return sum(known[one] == text for one, text in drawn.items()) / len(drawn)


def make_weights(scratch: Path, name: str) -> Path:
    """Return a folder with weights drawn once, so that both modes load the same."""
    import torch  # noqa: PLC0415 - heavy

    folder = scratch / "weights" / name
    if not (folder / "model.safetensors").is_file():
        tokenizer = make_tokenizer(SHAPES[name].vocab)
        tokenizer.save_pretrained(folder)
        torch.manual_seed(0)
        config = make_config(SHAPES[name], tokenizer, initializer_range=SPREAD)
        hf.LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    return folder
