"""Finding the text in what a model wrote, or naming the reason why there is none.

Instruct models wrap a text in openers, labels, quotes, list numbers and remarks. What can be taken
off so that the rest is plainly the text is taken off; otherwise the completion is refused. Several
texts in one completion are refused rather than cut to the first: which one fills the slot would be
our choice and not the model's, and a list that *is* the text looks the same.

Knows nothing about length, copies or duplicates.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from synth_local.core.text import match_key
from synth_local.curate import patterns
from synth_local.curate.echoes import EchoRules, fold_name
from synth_local.curate.reasons import (
    EMPTY,
    GARBLED,
    PLACEHOLDER,
    PROMPT_ECHO,
    REFUSAL,
    SEVERAL_TEXTS,
    WRONG_LABEL,
)

MAX_PASSES = 8
#: A refusal stands at the beginning; what follows may be long.
HEAD = 500
#: Opening mark to the marks that may close it.
QUOTES = {
    '"': '"', "'": "'", "`": "`", "\u201c": "\u201d", "\u201d": "\u201d", "\u201e": "\u201c\u201d",
    "\u2018": "\u2019", "\u00ab": "\u00bb", "\u00bb": "\u00ab", "\u2039": "\u203a",
    "\u300c": "\u300d", "\u300e": "\u300f",
}  # fmt: skip

_BROKEN = re.compile("[\ud800-\udfff\ufffd]")
_FENCE = re.compile(r"^```[\w-]*[ \t]*\n(.*?)\n?```$", re.DOTALL)
_BOLD = re.compile(r"^(\*\*|__)(?=[^\s*_])([^*\n]+)(?<=[^\s*_])\1$", re.MULTILINE)
_HEADING = re.compile(r"^(?:#{1,6} [^\n]+|[*_#]*title[*_]*:[^\n]+)\n\s*(?=\S)", re.IGNORECASE)
_NUMBER = re.compile(r"^(\d{1,2})[.)]\s+(?=[^\s\d])")
_BULLET = re.compile(r"^(?:[-\u2022\u2023\u25aa]|\*(?!.*\*))\s+(?=\S)", re.DOTALL)
_NUMBERED_LINE = re.compile(r"^[ \t*_]*(\d{1,2})[.)][ \t*_]+\S")
_RULE = re.compile(r"\n[ \t]*(?:-{3,}|\*{3,}|_{3,})[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The text of a completion; ``reason`` is empty, or names why there is none."""

    text: str
    reason: str = ""


@dataclass(frozen=True)
class FormRules:
    """The form check of one task.

    Attributes:
        echoes: what the task's labels and kind look like where they are repeated.
    """

    echoes: EchoRules

    @cached_property
    def _preambles(self) -> tuple[re.Pattern[str], ...]:
        return patterns.compile_preambles(self.echoes.nouns)

    @cached_property
    def _remarks(self) -> tuple[re.Pattern[str], ...]:
        return patterns.compile_remarks(self.echoes.nouns)

    def clean(self, raw: str, label: str) -> Cleaned:
        """Return the text of one completion, or a reason; see ``clean_completion``."""
        if _BROKEN.search(raw):
            return Cleaned(_BROKEN.sub("\ufffd", raw).strip(), GARBLED)
        peeled = Cleaned(_cut_thinking(_cut_controls(raw)).strip())
        for _ in range(MAX_PASSES):
            before, peeled = peeled, self._peel(peeled.text, label)
            if peeled.reason or peeled == before:
                break
        if peeled.reason:
            return peeled
        if not match_key(peeled.text):
            return Cleaned(peeled.text, EMPTY)
        is_blank = any(pattern.search(peeled.text) for pattern in patterns.PLACEHOLDERS)
        return Cleaned(peeled.text, PLACEHOLDER if is_blank else "")

    def _peel(self, text: str, label: str) -> Cleaned:
        """Take off one layer of each kind, or refuse."""
        if _refuses(text):
            return Cleaned(text, REFUSAL)
        if _repeats_prompt(text):
            return Cleaned(text, PROMPT_ECHO)
        text = self._cut_remarks(text)
        if self._holds_several(text):
            return Cleaned(text, SEVERAL_TEXTS)
        cut = self.echoes.cut(text, label)
        if cut.named not in ("", label):
            return Cleaned(text, WRONG_LABEL)
        return Cleaned(_unwrap(cut.text))

    def _cut_remarks(self, text: str) -> str:
        """Return ``text`` without what the assistant says before and after it."""
        for pattern in (*self._preambles, *self._remarks):
            text = pattern.sub("", text, count=1).strip()
        text = _FENCE.sub(r"\1", text).strip()
        return patterns.ROLE_PREFIX.sub("", text)

    def _holds_several(self, text: str) -> bool:
        if "\n" not in text:
            return False
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        return (
            _counts_up(lines)
            or self.echoes.repeats(text)
            or all(_BULLET.match(line) for line in lines)
            or all(_unquote(line) != line for line in lines)
            or _RULE.search(text) is not None
        )


def clean_completion(
    raw: str, *, label: str, labels: Sequence[str], phrases: Sequence[str] = (), kind: str = ""
) -> Cleaned:
    """Return the text that a raw completion holds, or the reason why it is refused.

    Taken off, in passes until nothing changes: thinking (closed, or cut off at its start), what
    follows an end-of-turn token, openers ("Sure! Here is a text message:"), closing remarks,
    code fences, labels and headings ("Label: spam", "**Text:**"), a single list number or bullet,
    bold marks, quotes around the whole. Refused, in this order within a pass: refusals, echoes of
    the prompt or of further turns, several texts, another label than the asked one; at the end
    blanks such as ``[Your Name]``, and what has no letter or digit.

    Args:
        raw: the completion as the engine returned it.
        label: the name of the label that was asked for.
        phrases: for each of ``labels`` what prompts call it; an empty one is the name.
        kind: what one text is called in prompts ("film review").

    Returns:
        The text without outer white space and an empty reason; or what was left of it and
        ``garbled``, ``refusal``, ``prompt_echo``, ``several_texts``, ``wrong_label``, ``empty``
        or ``placeholder``.
    """
    return form_rules(tuple(labels), tuple(phrases), kind).clean(raw, label)


@lru_cache(maxsize=32)
def form_rules(labels: tuple[str, ...], phrases: tuple[str, ...], kind: str) -> FormRules:
    """Return the compiled rules of a task; arguments as in ``clean_completion``."""
    names = {fold_name(phrase): label for label, phrase in zip(labels, phrases, strict=False)}
    names.update({fold_name(label): label for label in labels})
    names.pop("", None)
    return FormRules(EchoRules(names, kind))


def _refuses(text: str) -> bool:
    head = text[:HEAD]
    return any(pattern.search(head) for pattern in patterns.REFUSALS)


def _repeats_prompt(text: str) -> bool:
    folded = text.casefold()
    is_likely = any(words in folded for words in patterns.PROMPT_WORDS)
    if is_likely and patterns.PROMPT_ECHO.search(text):
        return True
    # "Assistant: ..." at the start is a prefix; anywhere else a conversation goes on
    roles = list(patterns.ROLE_LINE.finditer(text))
    return bool(roles) and (len(roles) > 1 or not patterns.ROLE_PREFIX.match(text))


def _cut_controls(raw: str) -> str:
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    found = patterns.TURN_END.search(text)
    # a template may open the turn again at the very start: only what follows text ends it
    while found and not text[: found.start()].strip():
        text = text[found.end() :]
        found = patterns.TURN_END.search(text)
    return patterns.CONTROL.sub("", text[: found.start()] if found else text)


def _cut_thinking(text: str) -> str:
    text = patterns.THINKING.sub("", text)
    ends = list(patterns.THINKING_END.finditer(text))
    if ends:  # the prompt had opened it
        text = text[ends[-1].end() :]
    opened = patterns.THINKING_START.search(text)
    return text[: opened.start()] if opened else text


def _counts_up(lines: Sequence[str]) -> bool:
    """Return whether the first line is an item n and a later one the item n + 1."""
    first = _NUMBERED_LINE.match(lines[0])
    if first is None:
        return False
    found = {int(match[1]) for line in lines[1:] if (match := _NUMBERED_LINE.match(line))}
    return int(first[1]) + 1 in found


def _unwrap(text: str) -> str:
    """Return ``text`` without a heading, a list mark, bold marks and quotes around the whole."""
    text = _HEADING.sub("", text, count=1).strip()
    number = _NUMBER.match(text)
    # "1. pull 2. twist" on one line is a text that counts
    if number and not re.search(rf"(?<!\d){int(number[1]) + 1}\s?[.)]", text):
        text = text[number.end() :]
    text = _BULLET.sub("", text, count=1)
    return _unquote(_BOLD.sub(r"\2", text)).strip()


def _unquote(text: str) -> str:
    """Return ``text`` without quotes, where one pair of them encloses all of it."""
    closing = QUOTES.get(text[:1], "")
    # doubled quotes inside are what a CSV file does to a real text
    if len(text) < 2 or text[-1] not in closing or '""' in text:
        return text
    inner = text[1:-1]
    marks = re.escape(text[0] + closing)
    # apostrophes within a word are none
    found = list(re.finditer(rf"(?<!\w)[{marks}]|[{marks}](?!\w)", inner))
    if not found:
        return inner.strip()
    first, last = found[0], found[-1]
    opens = first.start() == 0 or not inner[first.start() - 1].isalnum()
    opens = opens and first.end() < len(inner) and not inner[first.end()].isspace()
    closes = last.start() > 0 and not inner[last.start() - 1].isspace()
    nested = opens and closes and len(found) % 2 == 0
    return inner.strip() if nested else text
