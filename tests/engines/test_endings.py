"""When a text ends and what its tokens read as."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synth_local.engines.chat import ChatRenderer
from synth_local.engines.endings import TextReader, make_reader
from synth_local.records import Request
from tests.engines.made_models import ALWAYS_THINKS, CHATML, THINKS, make_tokenizer

REQUEST = Request("a", (1, 2, 3), 0, 50)


def make(template: str | None, *, strips: bool = False) -> tuple[TextReader, ChatRenderer]:
    tokenizer = make_tokenizer(template, eos="</s>")
    renderer = ChatRenderer(tokenizer)
    return make_reader(Path("nowhere"), renderer, strips_thinking=strips), renderer


def encode(reader: TextReader, text: str) -> list[int]:
    return list(reader.tokenizer(text, add_special_tokens=False)["input_ids"])


def test_a_text_ends_at_every_end_that_the_folder_names(tmp_path: Path) -> None:
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [7, 9]}))
    (tmp_path / "config.json").write_text(json.dumps({"eos_token_id": 11}))
    tokenizer = make_tokenizer(CHATML, eos="</s>")
    reader = make_reader(tmp_path, ChatRenderer(tokenizer), strips_thinking=False)
    named = {tokenizer.convert_tokens_to_ids(mark) for mark in ("</s>", "<|im_end|>")}
    assert reader.stop_ids == {7, 9, 11} | named


def test_the_end_token_is_neither_text_nor_counted() -> None:
    reader, _ = make(CHATML)
    tokens = encode(reader, "Hello there.<|im_end|>")
    assert reader.has_ended(tokens)
    assert not reader.has_ended(tokens[:-1])
    done = reader.read(REQUEST, tokens, "stop")
    assert done.text == "Hello there."
    assert (done.num_tokens, done.num_prompt_tokens) == (len(tokens) - 1, 3)


def test_other_special_tokens_are_left_out_and_spaces_are_kept() -> None:
    reader, _ = make(CHATML)
    done = reader.read(REQUEST, encode(reader, " Hello <s>there .\n"), "length")
    assert done.text == " Hello there .\n"


def test_a_stop_string_ends_a_text_without_a_template_and_is_no_part_of_it() -> None:
    reader, _ = make(None)
    tokens = encode(reader, "A fine text.\n### Instruction:")
    ends = [n for n in range(1, len(tokens) + 1) if reader.has_ended(tokens[:n])]
    first = tokens[: ends[0]]
    assert reader.read(REQUEST, first, "stop").text == "A fine text."
    assert not reader.has_ended(encode(reader, "A fine #hash text"))


@pytest.mark.parametrize(
    ("template", "written", "expected"),
    [
        (THINKS, "<think>Let me see.</think>\n\nThe text.", "The text."),
        (THINKS, "The text.", "The text."),
        (THINKS, "<think>Let me see", ""),
        (ALWAYS_THINKS, "Let me see.</think>\nThe text.", "The text."),
        (ALWAYS_THINKS, "Let me see", ""),
        (CHATML, "<think>a</think>b<think>c</think> d", "d"),
    ],
)
def test_thinking_is_left_out_where_the_card_says_so(
    template: str, written: str, expected: str
) -> None:
    reader, _ = make(template, strips=True)
    tokens = encode(reader, written)
    done = reader.read(REQUEST, tokens, "stop")
    assert done.text == expected
    assert done.num_tokens == len(tokens)


def test_thinking_is_left_in_where_the_card_does_not_say_so() -> None:
    reader, _ = make(THINKS)
    text = "<think>Hm.</think>The text."
    assert reader.read(REQUEST, encode(reader, text), "stop").text == text
