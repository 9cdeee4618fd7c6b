"""The task file: what a classification problem is, before any text is read.

Knows the fields and what makes each of them wrong. Knows nothing about where data files lie, how
they are read or how they are split.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from synth_local.core.section import RuntimeOnly, Section
from synth_local.errors import nearest, quote, shorten
from synth_local.task.decoding import check_encoding

NAME = re.compile(r"[a-z0-9._+-]+")


def compose(label: str) -> str:
    """Return a label in Unicode's composed form (NFC), in which spellings are compared."""
    return unicodedata.normalize("NFC", label)


def check_task_name(name: str) -> str:
    """Return ``name`` where it may be part of a cell's name.

    Raises:
        ValueError: other characters than ``[a-z0-9._+-]``, two underscores, or a leading dot or
            dash.
    """
    if not NAME.fullmatch(name) or "__" in name or name[0] in ".-":
        rule = "must match [a-z0-9._+-]+, hold no '__' and not start with . or -"
        msg = f"the name {quote(name)} {rule}"
        raise ValueError(msg)
    return name


#: Mappings of a task file whose values are labels: they are kept as spelled.
AS_SPELLED = (("data", "label_map"),)


class LabelSpec(Section):
    """One label of the task.

    Attributes:
        description: one or two sentences that tell a writer what texts of this label are like.
        phrase: stands in prompts where the label's name would read badly; empty: the name.
    """

    description: str = Field(min_length=1)
    phrase: str = ""


class LengthSpec(Section):
    """How long a text is, in words between blanks.

    Attributes:
        max_words: most words; ``null`` is no bound.
    """

    min_words: int = Field(default=1, ge=1)
    max_words: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def validate_order(self) -> Self:
        """Require that some length lies between the bounds."""
        if self.max_words is not None and self.max_words < self.min_words:
            msg = f"max_words={self.max_words} is below min_words={self.min_words}"
            raise ValueError(msg)
        return self


class DataSpec(Section):
    """Where the labelled texts are. Paths are no part of the task's identity, their content is.

    Attributes:
        train: a file of labelled texts, or a saved ``datasets`` folder. Relative paths start at
            ``$SYNTH_LOCAL_DATA`` where it is set and has the file, else at the task file.
        test: the official test part; ``null``: cut from ``train``.
        encoding: of the text files, where they are not UTF-8, such as ``windows-1252``.
        label_map: label in the data to label of the task; labels not named stay as they are.
        annotations: the column that holds the list of all annotators' labels, or one column per
            annotator. It says how much people agree; nothing is trained on it.
    """

    train: Annotated[str, Field(min_length=1), RuntimeOnly]
    test: Annotated[str | None, Field(min_length=1), RuntimeOnly] = None
    encoding: str | None = None
    text: str = Field(default="text", min_length=1)
    label: str = Field(default="label", min_length=1)
    label_map: dict[str, str] = Field(default_factory=dict)
    annotations: Annotated[tuple[str, ...], RuntimeOnly] = ()

    @field_validator("annotations", mode="before")
    @classmethod
    def expand_column(cls, value: Any) -> Any:
        """Let one name stand for a list of one."""
        return [value] if isinstance(value, str) else value

    @field_validator("encoding")
    @classmethod
    def validate_encoding(cls, value: str | None) -> str | None:
        """Require an encoding of texts that is known."""
        return value if value is None else check_encoding(value)

    @field_validator("label_map", mode="before")
    @classmethod
    def format_labels(cls, value: Any) -> Any:
        """Let whole numbers of a mapping that no file spells stand for labels."""
        if not isinstance(value, dict):
            return value
        return {_format(key): _format(label) for key, label in value.items()}

    @field_validator("label_map", mode="after")
    @classmethod
    def validate_map(cls, value: dict[str, str]) -> dict[str, str]:
        """Require that no two keys are one label spelled in two ways."""
        twice = _find_repeats([compose(key) for key in value])
        if twice:
            msg = f"{twice[0]!r} stands twice: its accents are spelled in two ways"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def validate_distinct(self) -> Self:
        """Refuse one file, or one column, in two parts."""
        # of a folder that holds both splits, each key reads its own
        if self.train == self.test and Path(self.train).suffix:
            msg = "train and test are the same file; leave test out and one will be cut from train"
            raise ValueError(msg)
        if self.text == self.label:
            msg = f"text and label are the same column, {self.text!r}"
            raise ValueError(msg)
        twice = {self.text, self.label} & set(self.annotations)
        if twice or len(set(self.annotations)) < len(self.annotations):
            msg = "annotations must be columns of their own, each named once"
            raise ValueError(msg)
        return self


class TaskFile(Section):
    """A task file.

    Attributes:
        name: part of every cell's name.
        language: of the texts, as a language tag such as ``en``.
        labels: in order; the order of probabilities and tables follows it.
        context: puts a writer into the domain, as "You are ...".
        kind: what one text is, such as ``text message``; fits behind "Write one".
        styles: phrases of which one is asked for per text; none: no style is asked for.
        other_labels: what a row with a label that the task does not have is: an ``error``, or a
            row to ``drop`` and count.
        clean: regular expressions whose matches are replaced by a blank, in train, test
            and synthetic texts alike.
        split_seed: of the cuts; runs never change it.
        test_share: share of all rows that becomes the test part where there is no test file.
        validation_share: share of the rows (of the train file, where there is a test file).
        pool_share: share of the training part that serves as the small real set.
        prompts: folder whose templates replace the shipped wording, relative to the task file.
        homepage: where the data set is described.
        license_note: what its licence allows, and what is not known about it.
    """

    name: str
    language: str = Field(default="en", pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*$")
    labels: dict[str, LabelSpec]
    context: str = Field(min_length=1)
    kind: str = Field(min_length=1)
    length: LengthSpec = LengthSpec()
    styles: tuple[str, ...] = ()
    other_labels: Literal["error", "drop"] = "error"
    clean: tuple[str, ...] = ()
    split_seed: int = Field(default=0, ge=0)
    data: DataSpec
    test_share: float = Field(default=0.25, gt=0, lt=1)
    validation_share: float = Field(default=0.05, gt=0, lt=1)
    pool_share: float = Field(default=0.1, gt=0, le=1)
    prompts: Annotated[str | None, Field(min_length=1), RuntimeOnly] = None
    homepage: Annotated[str, RuntimeOnly] = ""
    citation: Annotated[str, RuntimeOnly] = ""
    license_note: Annotated[str, RuntimeOnly] = ""

    @field_validator("name")
    @classmethod
    def validate_name(cls, value: str) -> str:
        """Require a name that fits into a cell's name."""
        return check_task_name(value)

    @field_validator("labels", mode="before")
    @classmethod
    def require_descriptions(cls, value: Any) -> Any:
        """Say what a label needs where it has a name alone, or a text in place of a mapping."""
        if isinstance(value, list):
            first = value[0] if value and isinstance(value[0], str) else "pos"
            msg = f"a label needs a description: write {_show_label(first)} and so on"
            raise ValueError(msg)
        if isinstance(value, dict):
            for name, spec in value.items():
                if not isinstance(spec, dict | LabelSpec):
                    msg = f"a label needs a description: write {_show_label(str(name))}"
                    raise ValueError(msg)
            return {_format(name): spec for name, spec in value.items()}
        return value

    @field_validator("labels")
    @classmethod
    def validate_labels(cls, value: dict[str, LabelSpec]) -> dict[str, LabelSpec]:
        """Require two labels at least that nobody can mix up."""
        if len(value) < 2:
            msg = f"a task needs two labels at least, found {len(value)}"
            raise ValueError(msg)
        for name in value:
            if not name or name != " ".join(name.split()):
                msg = (
                    f"the label {quote(name)} is empty or has blanks around it or line breaks in it"
                )
                raise ValueError(msg)
        twice = _find_repeats([compose(compose(name).casefold()) for name in value])
        if twice:
            msg = f"label names must differ by more than case: {quote(twice[0])} stands twice"
            raise ValueError(msg)
        return value

    @field_validator("styles")
    @classmethod
    def validate_styles(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Require styles that say something, each once."""
        if not all(style.strip() for style in value):
            msg = "a style is empty"
            raise ValueError(msg)
        twice = _find_repeats(value)
        if twice:
            msg = f"the style {twice[0]!r} stands twice"
            raise ValueError(msg)
        return value

    @field_validator("clean")
    @classmethod
    def validate_patterns(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Require regular expressions that match something."""
        for pattern in value:
            try:
                compiled = re.compile(pattern)
            except re.error as error:
                msg = f"{quote(pattern)} is not a regular expression: {error}"
                raise ValueError(msg) from error
            if compiled.match(""):
                msg = f"{quote(pattern)} matches the empty text, so it would put blanks everywhere"
                raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def validate_whole(self) -> Self:
        """Require that mapped labels exist and that the shares leave something to train on."""
        known = {compose(name) for name in self.labels}
        for target in self.data.label_map.values():
            if compose(target) not in known:
                near = nearest(target, self.labels)
                msg = (
                    f"data.label_map leads to {quote(target)}, which is no label of the task{near}"
                )
                raise ValueError(msg)
        if self.data.test is None:
            if self.test_share + self.validation_share >= 1:
                msg = "test_share and validation_share together leave nothing to train on"
                raise ValueError(msg)
        elif "test_share" in self.model_fields_set:
            msg = "test_share has no meaning beside data.test; remove one of the two"
            raise ValueError(msg)
        return self


def _format(label: Any) -> Any:
    return str(label) if isinstance(label, int) and not isinstance(label, bool) else label


def _show_label(name: str) -> str:
    return f"`{shorten(name, 40)}: {{description: ...}}`"


def _find_repeats(names: Any) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
