"""What a generator is told: templates, replaceable per task, rendered for one slot or one text.

Templates are Jinja, rendered in a sandbox; exemplars enter as data and are never parsed. This
module knows nothing about tokens, chat templates or engines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from synth_local.core.hashing import digest_json
from synth_local.errors import ConfigError, nearest
from synth_local.records import Conversation, Example, Message
from synth_local.task import TaskFile

WRITING = ("context", "zero_shot", "diversity", "few_shot")
CLASSIFY = "classify"
TEMPLATES = (*WRITING, CLASSIFY)
LANGUAGES = {
    "de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian",
    "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "sv": "Swedish", "tr": "Turkish",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TurnSpec:
    """What distinguishes one prompt from the next of the same task.

    Attributes:
        template: ``zero_shot``, ``diversity`` or ``few_shot``.
        style: one of the task's styles, or empty.
        exemplars: real examples to show, in order.
        same_label: all exemplars have the asked label, so that none is shown with its own.
    """

    template: str
    label: str
    style: str = ""
    exemplars: tuple[Example, ...] = ()
    same_label: bool = False


@dataclass(frozen=True)
class PromptSet:
    """The wording for one task.

    Attributes:
        task: the task whose words are filled in.
        sources: template name to template text.
        origins: template name to where it comes from, for error messages.
    """

    task: TaskFile
    sources: Mapping[str, str]
    origins: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """Return the identity of what asks for texts: SHA-256 over the four templates."""
        return digest_json({name: self.sources[name] for name in WRITING})

    @cached_property
    def classify_digest(self) -> str:
        """Return the identity of what asks for a text's category: SHA-256 of the template."""
        return digest_json(self.sources[CLASSIFY])

    @cached_property
    def answers(self) -> dict[str, str]:
        """Return label to the answer that names it: its phrase, or its name.

        All answers are names where two labels share a phrase.
        """
        phrases = {name: one.phrase or name for name, one in self.task.labels.items()}
        if len({phrase.strip() for phrase in phrases.values()}) < len(phrases):
            return {name: name for name in phrases}
        return phrases

    @cached_property
    def _templates(self) -> dict[str, jinja2.Template]:
        environment = SandboxedEnvironment(
            undefined=jinja2.StrictUndefined,
            autoescape=False,
            keep_trailing_newline=False,
        )
        found = {}
        for name, source in self.sources.items():
            try:
                found[name] = environment.from_string(source)
            except jinja2.TemplateSyntaxError as error:
                where = f"{self.origins[name]}:{error.lineno}"
                raise ConfigError(f"template {name}: {error.message}", where=where) from error
        return found

    def context(self) -> Message:
        """Return the system message that puts the model into the task's domain."""
        return Message("system", self._render("context", context=self.task.context))

    def user_turn(self, spec: TurnSpec) -> Message:
        """Return the user's message of one turn."""
        labels = self.task.labels
        exemplars = [
            {
                "text": exemplar.text,
                "label": exemplar.label,
                "phrase": labels[exemplar.label].phrase or exemplar.label,
            }
            for exemplar in spec.exemplars
        ]
        label = labels[spec.label]
        return Message(
            "user",
            self._render(
                spec.template,
                label={
                    "name": spec.label,
                    "phrase": label.phrase or spec.label,
                    "description": label.description,
                },
                style=spec.style,
                exemplars=exemplars,
                same_label=spec.same_label,
                min_words=self.task.length.min_words,
                max_words=self.task.length.max_words,
            ),
        )

    def classify(self, text: str, exemplars: Sequence[Example] = ()) -> Conversation:
        """Return the messages that ask for the category of ``text``; it is shown as data."""
        shown = [
            {"text": exemplar.text, "phrase": self.answers[exemplar.label]}
            for exemplar in exemplars
        ]
        labels = [
            {"name": name, "phrase": answer, "description": self.task.labels[name].description}
            for name, answer in self.answers.items()
        ]
        context = self.task.context
        values = {"context": context, "labels": labels, "exemplars": shown, "text": text}
        return (Message("user", self._render(CLASSIFY, **values)),)

    def check(self) -> None:
        """Render every template once, so that a wrong one is found before work begins.

        Raises:
            ConfigError: a template is not valid or uses an unknown name.
        """
        label = next(iter(self.task.labels))
        example = Example("", "text", label)
        self.context()
        for name in ("zero_shot", "diversity", "few_shot"):
            self.user_turn(TurnSpec(name, label, "style", (example,)))
        self.classify("text", (example,))

    def _render(self, name: str, **values: Any) -> str:
        language = LANGUAGES.get(self.task.language, self.task.language)
        try:
            text = self._templates[name].render(kind=self.task.kind, language=language, **values)
        except (jinja2.UndefinedError, jinja2.exceptions.SecurityError) as error:
            raise ConfigError(
                f"template {name}: {error}",
                where=self.origins[name],
                fix=f"known names: kind, language, {', '.join(sorted(values))}",
            ) from error
        return text.strip()


def load_prompts(task: TaskFile, folder: Path | None) -> PromptSet:
    """Return the shipped wording, with files of ``folder`` (``<template>.txt``) in its place.

    Args:
        folder: of the task's own templates, or ``None``.

    Raises:
        ConfigError: ``folder`` is missing or holds a text file that no template is named after.
    """
    shipped = resources.files("synth_local.generate") / "templates"
    sources = {name: (shipped / f"{name}.txt").read_text(encoding="utf-8") for name in TEMPLATES}
    origins = {name: f"the shipped template {name}.txt" for name in TEMPLATES}
    if folder is not None:
        if not folder.is_dir():
            raise ConfigError("the prompts folder does not exist", where=folder)
        for path in sorted(folder.glob("*.txt")):
            if path.stem not in TEMPLATES:
                raise ConfigError(
                    f"no template is called {path.stem!r}{nearest(path.stem, TEMPLATES)}",
                    where=path,
                    fix=f"use {', '.join(f'{name}.txt' for name in TEMPLATES)}",
                )
            sources[path.stem] = path.read_text(encoding="utf-8")
            origins[path.stem] = str(path)
    return PromptSet(task, sources, origins)


def build_conversation(
    prompts: PromptSet, turns: Sequence[TurnSpec], replies: Sequence[str]
) -> Conversation:
    """Return the messages that ask for the last turn, given the raw replies to the ones before.

    The first user message is always a data-generation prompt: where earlier exchanges were left
    out, asking for something "more diverse than before" would have nothing to refer to.

    Args:
        turns: the turns shown, oldest first; one more than ``replies``.
        replies: raw completions of all turns but the last.
    """
    messages = [prompts.context()]
    for index, turn in enumerate(turns):
        spec = turn
        if index == 0 and turn.template == "diversity":
            spec = TurnSpec("zero_shot", turn.label, turn.style)
        messages.append(prompts.user_turn(spec))
        if index < len(replies):
            messages.append(Message("assistant", replies[index]))
    return tuple(messages)
