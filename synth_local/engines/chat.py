"""From a conversation to token ids, by the folder's own tokenizer and chat template.

The traps of chat templates are handled here: no system role, roles that must alternate, thinking
that has to be switched off, a date of today in the prompt, no template at all, a second beginning
of sequence. What the messages say is data: marks of the template inside of it never become control
tokens. Knows nothing about models, seeds or what the conversation is for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from synth_local.errors import EngineError, MachineError, one_line
from synth_local.models import require_rows
from synth_local.records import Conversation, Message, Role

PLAIN_MARKS: dict[Role, str] = {"user": "### Instruction:\n", "assistant": "### Response:\n"}
PLAIN_GAP = "\n\n"  # between two blocks
PLAIN_STOPS = ("\n### ",)
_PLAIN_MARK_IN_TEXT = re.compile(r"^###(?= )", re.MULTILINE)
_PLACEHOLDER = re.compile("\ue000([0-9]+)\ue001")
# templates that print today's date would make the same slot a different prompt tomorrow
PROMPT_DATE = datetime(2025, 1, 1, tzinfo=UTC)
THINK_OPEN, THINK_CLOSE = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A rendered conversation with holes where the contents go.

    Attributes:
        pieces: the template's own text, and the number of a message for each hole.
        controls: the control tokens of the template's own text, in order.
    """

    pieces: tuple[str | int, ...]
    controls: tuple[int, ...]

    @property
    def tail(self) -> str:
        """The template's text after the last message: how the answer is asked for."""
        last = self.pieces[-1]
        return last if isinstance(last, str) else ""


class ChatRenderer:
    """Renders conversations for one model folder.

    Without a chat template the form is plain text: the system text, then ``### Instruction:`` and
    ``### Response:`` blocks, apart by an empty line; ``stop_strings`` ends the answer.

    Args:
        system_role: whether the template has a system role; ``None`` finds out by trying. Where it
            has none, the system text opens the first user message.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, *, system_role: bool | None = None
    ) -> None:
        self.tokenizer = tokenizer
        self.has_template = bool(tokenizer.chat_template)
        self.stop_strings: tuple[str, ...] = () if self.has_template else PLAIN_STOPS
        self._skeletons: dict[tuple[Role, ...], Skeleton] = {}
        self._piece_ids: dict[str, tuple[int, ...]] = {}
        self._controls = _find_controls(tokenizer)
        self._keeps_system = self._tries_system() if system_role is None else system_role

    def render(self, conversation: Conversation) -> tuple[int, ...]:
        """Return the token ids of a conversation, ready for the assistant's next message.

        Args:
            conversation: neighbours of one role are joined by an empty line.

        Returns:
            Ids whose control tokens are the template's alone, whatever the messages say.

        Raises:
            EngineError: the template refuses the conversation.
        """
        messages = join_roles(conversation if self._keeps_system else fold_system(conversation))
        ids = self._encode(self._apply(messages))
        skeleton = self._skeleton(tuple(message.role for message in messages))
        if self._controls_of(ids) != skeleton.controls:
            return self._encode_apart(skeleton, messages)
        return ids

    @cached_property
    def turn_end(self) -> int | None:
        """The control token that the template writes after an assistant's message, if any."""
        if not self.has_template:
            return None
        try:
            pieces = self._skeleton(("user", "assistant", "user")).pieces
        except EngineError:
            return None  # a template for single questions
        after = pieces[pieces.index(1) + 1] if 1 in pieces else ""
        ids = self._encode_piece(after) if isinstance(after, str) else ()
        first = next((i for i, token in enumerate(ids) if token in self._controls), None)
        if first is None or str(self.tokenizer.decode(list(ids[:first]))).strip():
            return None
        return ids[first]

    def render_answer(self, text: str) -> tuple[int, ...]:
        """Return the token ids of a whole answer that follows a rendered prompt.

        Args:
            text: what the assistant says; control tokens inside of it are mere text.

        Returns:
            The end of the thinking where the prompt opens it, the text, and the answer's end: the
            template's token, else the end-of-sequence token; an empty line without a template.
        """
        close = self._encode_piece(f"{THINK_CLOSE}\n\n") if self.opens_thinking else ()
        if not self.has_template:
            return (*close, *self._encode_content(text + PLAIN_GAP))
        end = self.tokenizer.eos_token_id if self.turn_end is None else self.turn_end
        return (*close, *self._encode_content(text), *(() if end is None else (int(end),)))

    @cached_property
    def opens_thinking(self) -> bool:
        """Whether the prompt itself opens the thinking, so that the answer starts inside of it."""
        tail = self._skeleton(("user",)).tail
        return tail.rfind(THINK_OPEN) > tail.rfind(THINK_CLOSE)

    def _tries_system(self) -> bool:
        """Return whether a system message gets through the template."""
        if not self.has_template:
            return True
        try:
            return 0 in self._skeleton(("system", "user")).pieces
        except EngineError:
            self._skeleton(("user",))  # raises where it is not the system role that is refused
            return False

    def _apply(self, messages: Sequence[Message]) -> str:
        """Return the rendered text, the answer's opening included."""
        if not self.has_template:
            return _render_plain(messages)
        turns = [{"role": message.role, "content": message.content} for message in messages]
        try:
            text = self.tokenizer.apply_chat_template(
                turns,
                tokenize=False,
                add_generation_prompt=True,
                enable_thinking=False,
                date_string=PROMPT_DATE.strftime("%d %b %Y"),
                strftime_now=PROMPT_DATE.strftime,
            )
        except Exception as error:
            roles = ", ".join(message.role for message in messages)
            raise EngineError(
                f"the chat template refuses a conversation of {roles}: {one_line(error)}",
                where=self.tokenizer.name_or_path,
                fix=_advise_template(error, self.tokenizer.chat_template, roles),
            ) from error
        return str(text)

    def _skeleton(self, roles: tuple[Role, ...]) -> Skeleton:
        """Return the template's own part of a conversation with these roles."""
        if (known := self._skeletons.get(roles)) is not None:
            return known
        text = self._apply([Message(role, f"\ue000{i}\ue001") for i, role in enumerate(roles)])
        parts = _PLACEHOLDER.split(text)  # text, number, text, number, ..., text
        pieces = tuple(int(part) if i % 2 else part for i, part in enumerate(parts))
        whole = self._encode(_PLACEHOLDER.sub("a", text))
        skeleton = Skeleton(pieces, self._controls_of(whole))
        self._skeletons[roles] = skeleton
        return skeleton

    def _encode(self, text: str) -> tuple[int, ...]:
        """Return the ids of a rendered text; a template brings its own beginning of sequence."""
        encoded = self.tokenizer(text, add_special_tokens=not self.has_template)
        ids: list[int] = encoded["input_ids"]
        bos, eos = self.tokenizer.bos_token_id, self.tokenizer.eos_token_id
        if bos is not None and ids[:2] == [bos, bos]:
            del ids[0]
        if not self.has_template and len(ids) > 1 and ids[-1] == eos:
            del ids[-1]
        return tuple(ids)

    def _encode_apart(self, skeleton: Skeleton, messages: Sequence[Message]) -> tuple[int, ...]:
        """Return ids whose control tokens are the template's: contents are encoded on their own."""
        ids: list[int] = []
        if not self.has_template and skeleton.controls:
            ids += [token for token in self._encode("a") if token in self._controls]
        for piece in skeleton.pieces:
            if isinstance(piece, str):
                ids += self._encode_piece(piece)
                continue
            ids += self._encode_content(messages[piece].content)
        return tuple(ids)

    def _encode_content(self, text: str) -> list[int]:
        content = self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)
        return [token for token in content["input_ids"] if token not in self._controls]

    def _encode_piece(self, piece: str) -> tuple[int, ...]:
        if piece not in self._piece_ids:
            ids = self.tokenizer(piece, add_special_tokens=False)["input_ids"] if piece else []
            self._piece_ids[piece] = tuple(ids)
        return self._piece_ids[piece]

    def _controls_of(self, ids: Sequence[int]) -> tuple[int, ...]:
        controls = self._controls
        return tuple([token for token in ids if token in controls])


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load a tokenizer; never asks a network, never runs the folder's code.

    Raises:
        MachineError: the folder has no tokenizer that can be read, or one that is larger than the
            model's embedding.
    """
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        ids: dict[str, int] = tokenizer.get_vocab()
    except Exception as error:
        raise MachineError(
            f"cannot read the tokenizer: {one_line(error)}",
            where=folder,
            fix="copy the model's tokenizer files (tokenizer.json, tokenizer_config.json) into it",
        ) from error
    require_rows(folder, ids)
    loaded: PreTrainedTokenizerBase = tokenizer
    return loaded


def _advise_template(error: Exception, template: Any, roles: str) -> str:
    """Return what to do about a chat template that refuses, by the cause."""
    files = "chat_template.jinja, or chat_template in tokenizer_config.json"
    if isinstance(template, dict) and "default" not in template:
        names = ", ".join(sorted(map(str, template))[:10])
        return f"call one of its templates ({names}) default: {files}"
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"the template itself is broken: copy it again ({files})"
    if type(error) is not jinja2.TemplateError:  # which raise_exception in a template raises
        return f"the template fails by itself: copy the one of the model's publisher ({files})"
    if "system" in roles:
        return "set system_role: false in the model's card where it is the system role, or use " \
               "chains of length 1"  # fmt: skip
    return "use chains of length 1, or the chat template of the model's publisher"


def fold_system(conversation: Conversation) -> Conversation:
    """Return the conversation with its system text in front of the first user message."""
    system = "\n\n".join(m.content for m in conversation if m.role == "system")
    rest = [m for m in conversation if m.role != "system"]
    if not system:
        return tuple(rest)
    first = next((i for i, m in enumerate(rest) if m.role == "user"), None)
    if first is None:
        return (Message("user", system), *rest)
    rest[first] = Message("user", f"{system}\n\n{rest[first].content}")
    return tuple(rest)


def join_roles(conversation: Conversation) -> Conversation:
    """Return the conversation with neighbours of one role joined by an empty line."""
    joined: list[Message] = []
    for message in conversation:
        if joined and joined[-1].role == message.role:
            content = f"{joined[-1].content}\n\n{message.content}"
            joined[-1] = Message(message.role, content)
        else:
            joined.append(message)
    return tuple(joined)


def _render_plain(messages: Sequence[Message]) -> str:
    """Return the plain form; marks of its own inside the contents are made shorter."""
    parts = [
        PLAIN_MARKS.get(message.role, "") + _PLAIN_MARK_IN_TEXT.sub("#", message.content)
        for message in messages
    ]
    return PLAIN_GAP.join([*parts, PLAIN_MARKS["assistant"]])


def _find_controls(tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens that steer the model: special ones, and marks that the template writes."""
    template = str(tokenizer.chat_template or "")
    controls = {
        token
        for token, added in tokenizer.added_tokens_decoder.items()
        if added.special or (added.content.strip() and added.content in template)
    }
    controls.update(tokenizer.all_special_ids)
    marks = {tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id}
    if tokenizer.unk_token_id not in marks:
        controls.discard(tokenizer.unk_token_id)  # an unknown word is no control
    return frozenset(controls)
