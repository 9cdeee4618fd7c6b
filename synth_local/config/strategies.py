"""Strategies of a run file: a base and what differs from the section generate."""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from synth_local.core.section import Section
from synth_local.errors import quote
from synth_local.records import EXTERNAL

NAME = re.compile(r"[a-z0-9._+-]+")


Base = Literal["zero_shot", "few_shot"]


def check_name(name: str) -> str:
    """Return ``name`` where it may be part of a cell's name.

    Args:
        name: part of a cell's name.

    Raises:
        ValueError: other characters, two underscores, or a leading dot or dash.
    """
    if not NAME.fullmatch(name) or "__" in name or name[0] in ".-":
        rule = "must match [a-z0-9._+-]+, hold no '__' and not start with . or -"
        msg = f"the name {quote(name)} {rule}"
        raise ValueError(msg)
    return name


def name_repeat(strategy: str, seed: int) -> str:
    """Return the name of the strategy that repeats another from a further seed of generation."""
    return f"{strategy}.c{seed}"


class StrategySpec(Section):
    """One way of making prompts: a base and the settings that differ from ``generate``."""

    name: str
    base: Base
    shots: int | None = Field(default=None, ge=1, le=64)
    shots_from: Literal["any_label", "same_label"] | None = None
    chain_length: int | None = Field(default=None, ge=1, le=1000)
    diversity_every: int | None = Field(default=None, ge=1)

    @model_validator(mode="before")
    @classmethod
    def expand_word(cls, value: Any) -> Any:
        """Let ``few_shot`` stand for ``{name: few_shot, base: few_shot}``."""
        return {"name": value, "base": value} if isinstance(value, str) else value

    @field_validator("name")
    @classmethod
    def validate_name(cls, value: str) -> str:
        """Require a name that fits into a cell's name."""
        if value == EXTERNAL:
            msg = f"the name {EXTERNAL!r} is taken: it stands for corpora brought along"
            raise ValueError(msg)
        return check_name(value)

    @model_validator(mode="after")
    def validate_shots(self) -> Self:
        """Refuse shots where nothing would read them."""
        if self.base != "few_shot" and (self.shots or self.shots_from):
            msg = (
                f"strategy {self.name!r} is {self.base}: shots and shots_from have no meaning there"
            )
            raise ValueError(msg)
        return self
