"""What a model card says that some part of the toolkit reads.

Knows the fields alone; nothing about files, folders or weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator

from synth_local.core.section import Section
from synth_local.models.origin import URL, Outputs, Sampling, Source

Role = Literal["generator", "student", "embedder"]
Thinking = Literal["none", "off", "strip"]
Seen = Literal["no", "yes", "unknown"]

UNKNOWN_LICENSE = "unknown"


class HasSeen(Section):
    """Task data that a model's training had.

    Attributes:
        split: which part: ``train``, ``pool``, ``validation`` or ``test``.
        num_rows: how many rows of it, ``rows`` in a card; ``null`` where nobody knows.
        note: in what form, or how sure that is.
    """

    model_config = ConfigDict(populate_by_name=True)

    task: str = Field(min_length=1)
    split: Literal["train", "pool", "validation", "test"]
    num_rows: int | None = Field(default=None, ge=0, alias="rows")
    note: str = ""


def pick_seen(entries: Sequence[HasSeen], task: str, num_pool: int) -> tuple[HasSeen, ...]:
    """Return what a model has seen of a task, where that is more than the task's pool has.

    Args:
        entries: all that it has seen.

    Returns:
        The entries of the task; none where it has seen the pool at most. A number of rows that
        nobody knows is taken as more than the pool; the pool itself is not.
    """
    mine = tuple(entry for entry in entries if entry.task == task)
    if all(one.split == "pool" for one in mine):
        return ()
    if all(one.num_rows is not None for one in mine):
        return mine if sum(one.num_rows or 0 for one in mine) > num_pool else ()
    return mine


def tell_seen(entries: Sequence[HasSeen], task: str, num_pool: int) -> Seen:
    """Return whether a model has seen more of a task than its pool has.

    Args:
        entries: all that it has seen; a card that lists anything lists everything.

    Returns:
        ``unknown`` where nothing is listed: nobody looked, which is no clean bill.
    """
    if not entries:
        return "unknown"
    return "yes" if pick_seen(entries, task, num_pool) else "no"


class Card(Section):
    """The mapping ``synth_local`` of a card's front matter, and the licence beside it.

    Attributes:
        name: what the model is called here; the name of its folder or card file decides.
        license: short name of the licence, as model hubs spell it.
        homepage: where the publisher's card is.
        architecture: class name of the model's code, such as ``Qwen2ForCausalLM``.
        parameters: count, for estimates of time.
        context_length: most tokens of prompt and completion together that generation should use.
            The model's own window may be larger: a smaller cap leaves memory for larger batches.
        system_role: whether its chat template takes a system message; ``null``: find out.
        thinking: ``none``: it does not think aloud; ``off``: its template takes
            ``enable_thinking=false``; ``strip``: remove ``<think>...</think>`` from what it says.
        has_seen: task data its training had, as far as that is known.
        tiny: a miniature made by ``models tiny``, good for trying things out only.
        digest: total digest that its folder must have; empty: not fixed.
        source: where ``models get`` takes the weights from; ``null``: nowhere.
        license_link: where the licence stands.
        weight_bytes: of the safetensors files together.
        gpu_memory_gib: least memory of a GPU that it was served on.
    """

    name: str
    role: Role = "generator"
    license: str = UNKNOWN_LICENSE
    homepage: str = ""
    architecture: str = ""
    parameters: int | None = Field(default=None, ge=1)
    context_length: int | None = Field(default=None, ge=16)
    system_role: bool | None = None
    thinking: Thinking = "none"
    has_seen: tuple[HasSeen, ...] = ()
    tiny: bool = False
    digest: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    source: Source | None = None
    license_link: str = Field(default="", pattern=URL)
    outputs: Outputs = Outputs()
    weight_bytes: int | None = Field(default=None, ge=1)
    gpu_memory_gib: float | None = Field(default=None, gt=0)
    sampling: Sampling = Sampling()

    @field_validator("thinking", mode="before")
    @classmethod
    def format_off(cls, value: Any) -> Any:
        """Take a bare ``off`` for the word: in YAML it means false."""
        return "off" if value is False else value
