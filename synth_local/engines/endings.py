"""When a text ends, and what its tokens read as: one definition for all engines of real models.

Knows token ids, stop strings and thinking marks; it knows nothing about how tokens are drawn.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from synth_local.engines.chat import THINK_CLOSE, THINK_OPEN, ChatRenderer
from synth_local.records import Completion, FinishReason, Request


@dataclass(frozen=True)
class TextReader:
    """Turns drawn tokens into completions.

    Attributes:
        stop_ids: tokens that end a text and are no part of it.
        stop_strings: texts that end a text and are no part of it.
        strips_thinking: leave out what comes before the end of the thinking.
        opens_thinking: the prompt opens the thinking, so that all is thinking until it is closed.
    """

    tokenizer: PreTrainedTokenizerBase
    stop_ids: frozenset[int]
    stop_strings: tuple[str, ...] = ()
    strips_thinking: bool = False
    opens_thinking: bool = False

    def has_ended(self, tokens: Sequence[int]) -> bool:
        """Return whether the newest token ends the text."""
        if tokens[-1] in self.stop_ids:
            return True
        if not self.stop_strings:
            return False
        # a token holds a character or a part of one; 4 more cover a torn one at the front
        longest = max(map(len, self.stop_strings)) + 4
        tail = self._decode(tokens[-longest:])
        return any(stop in tail for stop in self.stop_strings)

    def read(self, request: Request, tokens: Sequence[int], reason: FinishReason) -> Completion:
        """Return the completion of ``request`` for the tokens that were drawn."""
        kept = list(tokens)
        while kept and kept[-1] in self.stop_ids:
            del kept[-1]
        answer = self._leave_thinking(kept) if self.strips_thinking else self._decode(kept)
        for stop in self.stop_strings:
            answer = answer.partition(stop)[0]
        return Completion(request.id, answer, len(request.prompt_ids), len(kept), reason)

    def _leave_thinking(self, tokens: Sequence[int]) -> str:
        """Return the text after the thinking; empty where the thinking was never closed."""
        close = self.tokenizer.get_vocab().get(THINK_CLOSE)
        if close is not None and close in tokens:
            last = len(tokens) - list(reversed(tokens)).index(close)
            return self._decode(tokens[last:]).lstrip()
        text = self._decode(tokens)
        _, closed, after = text.rpartition(THINK_CLOSE)
        if closed:
            return after.lstrip()
        return "" if self.opens_thinking or THINK_OPEN in text else text

    def _decode(self, tokens: Sequence[int]) -> str:
        text = self.tokenizer.decode(
            list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return str(text)


def make_reader(folder: Path, renderer: ChatRenderer, *, strips_thinking: bool) -> TextReader:
    """Return the reader for a model folder.

    A text ends at any end token that the folder names (``generation_config.json``,
    ``config.json``, the tokenizer) and at the mark that the chat template writes after an answer:
    folders that forget one of them are common.
    """
    named = [
        *_eos_ids(folder / "generation_config.json"),
        *_eos_ids(folder / "config.json"),
        renderer.tokenizer.eos_token_id,
        renderer.turn_end,
    ]
    return TextReader(
        tokenizer=renderer.tokenizer,
        stop_ids=frozenset(token for token in named if isinstance(token, int)),
        stop_strings=renderer.stop_strings,
        strips_thinking=strips_thinking,
        opens_thinking=renderer.opens_thinking,
    )


def _eos_ids(path: Path) -> Iterable[int]:
    """Return the end tokens that a configuration file names, a list or a number."""
    if not path.is_file():
        return ()
    value: Any = json.loads(path.read_text(encoding="utf-8")).get("eos_token_id")
    return value if isinstance(value, list) else [value]
