"""The frozen records that pass between stages.

Words are those of the README's glossary. This module holds data and no behaviour beyond spelling
out names; it knows nothing about files, engines or models.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Role = Literal["system", "user", "assistant"]
# empty: no model of this run wrote it
FinishReason = Literal["stop", "length", ""]

#: Stands for the strategy of a corpus brought along: it takes the place of a generator, and nobody
#: here knows how its texts were asked for.
EXTERNAL = "brought"


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text of a real or synthetic data set.

    Attributes:
        id: unique within its data set.
        text: as it is trained on.
        annotations: what single annotators called it, where that is known; ``None`` where one of
            them did not rate it. Nothing is trained on it.
    """

    id: str
    text: str
    label: str
    annotations: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation, as chat templates take it."""

    role: Role
    content: str


Conversation = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """One planned text, fixed before anything is generated.

    Attributes:
        id: ``<task>.<strategy>.<label index>.<position>``; the slot's identity.
        position: from 0, within the label; plan order is (position, label index).
        chain: number of the chain, unique within the plan.
        turn: from 0, within the chain.
        seed: in [0, 2**63), derived from the root seed and the slot's names.
        exemplar_ids: ids of the pool's examples that the prompt shows, in order.
        style: one of the task's styles, or empty.
    """

    id: str
    task: str
    strategy: str
    label: str
    position: int
    chain: int
    turn: int
    seed: int
    exemplar_ids: tuple[str, ...] = ()
    style: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What an engine is asked for: one completion of a rendered prompt.

    Attributes:
        id: the slot's id; engines hand it back and never interpret it.
        prompt_ids: token ids of the rendered conversation.
        max_tokens: upper bound of new tokens.
    """

    id: str
    prompt_ids: tuple[int, ...]
    seed: int
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Completion:
    """What an engine answers; ``text`` is raw, special tokens left out."""

    id: str
    text: str
    num_prompt_tokens: int
    num_tokens: int
    finish_reason: FinishReason


@dataclass(frozen=True, slots=True)
class Continuation:
    """A given answer to a rendered prompt, whose probability an engine is asked for.

    Attributes:
        prompt_ids: token ids of the rendered conversation, at least one.
        answer_ids: token ids of the answer, its end included, at least one.
    """

    prompt_ids: tuple[int, ...]
    answer_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says of one raw completion.

    Attributes:
        text: the cleaned text; what was left of it where it is refused.
        reason: empty where the text passes, else the named reason of the drop.
        culprit_kind: what it clashes with: ``train``, ``test``, ``exemplar``, ``slot`` or empty.
        culprit_id: the id of that text, or empty.
    """

    text: str
    reason: str = ""
    culprit_kind: str = ""
    culprit_id: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One line of the ledger: a slot, its raw completion and the row checks' verdict."""

    slot: Slot
    completion: Completion
    prompt_digest: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one admitted slot: accepted (``reason`` empty) or dropped."""

    turn: Turn
    round: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Cell:
    """One training condition; ``-`` where a part does not apply.

    Attributes:
        source: as in the run file; ``-`` for the generator itself, which is trained on nothing.
        generator: the generator's name, or ``-``.
        strategy: the strategy's name, or ``-``; where a set of real rows is of other counts per
            label than its number of rows says, these counts.
        num_train: rows of the training set.
    """

    task: str
    source: str
    generator: str
    strategy: str
    student: str
    num_train: int
    seed: int

    @classmethod
    def parse(cls, name: str) -> Cell:
        """Return the parts of a name.

        Args:
            name: of a cell, or of a condition or curve, which lack seed and rows: these are 0
                then. One over all tasks has no task before its source.
        """
        parts = name.split("__")
        named, numbers = (parts[:5], parts[5:]) if len(parts) > 4 else (["-", *parts], [])
        task, source, generator, strategy, student = named
        rows, seed = [*(int(number[1:]) for number in numbers), 0, 0][:2]
        return cls(task, source, generator, strategy, student, rows, seed)

    @property
    def made_of(self) -> tuple[str, ...]:
        """Return source, generator and strategy, as far as they apply."""
        return tuple(part for part in (self.source, self.generator, self.strategy) if part != "-")

    @property
    def name(self) -> str:
        """Return ``task__source__generator__strategy__student__n<rows>__s<seed>``."""
        parts = (self.task, self.source, self.generator, self.strategy, self.student)
        return "__".join((*parts, f"n{self.num_train}", f"s{self.seed}"))

    @property
    def draws(self) -> str:
        """Return the name under which random numbers are drawn: the same rows, the same numbers.

        ``real_all`` of the rows that ``real`` has elsewhere is the same training.
        """
        return replace(self, source=self.source.removesuffix("_all")).name


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one student says of one test item.

    Attributes:
        gold: the label's name in the data.
        predicted: the label's name with the highest probability.
        probabilities: of each label in the task's order, each in [0, 1], sum 1.
    """

    id: str
    gold: str
    predicted: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One row of results.csv; empty strings where a column does not apply."""

    task: str
    source: str
    generator: str
    strategy: str
    student: str
    seed: int
    metric: str
    value: float
    num_train: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Interval:
    """A point estimate with a confidence interval; ``low`` and ``high`` in the point's unit."""

    point: float
    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What an engine says of itself, for the manifest.

    Attributes:
        name: ``vllm``, ``transformers`` or ``fake``.
        dtype: ``float32``, ``bfloat16`` or ``float16``.
        device: ``cpu`` or ``cuda``.
        grade: reproducibility: ``exact``, ``seeded`` or ``unseeded``.
        context_length: most tokens of prompt and completion together.
        notes: what a reader of the manifest should know.
        num_devices: GPUs that one model was spread over; 1 on a CPU.
    """

    name: str
    version: str
    dtype: str
    device: str
    grade: Literal["exact", "seeded", "unseeded"]
    context_length: int
    notes: tuple[str, ...] = field(default=())
    num_devices: int = 1
