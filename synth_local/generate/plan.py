"""The slot plan: every text is decided before any is written.

A slot is a pure function of (root seed, task, strategy, label, position), so the plan needs no
storage, has no end, and is the same for every generator. Chains are a property of positions:
``position // chain_length`` counts them, whatever rounds or shards do.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from synth_local.core.hashing import derive_seed
from synth_local.generate.prompts import TurnSpec
from synth_local.records import Example, Slot


@dataclass(frozen=True, slots=True)
class Repeat:
    """What makes a strategy the repeat of another: the same settings, other seeds.

    Attributes:
        strategy: name of the strategy that is repeated.
        root_seed: of its slots, in place of that of the run's generate section.
    """

    strategy: str
    root_seed: int


@dataclass(frozen=True, slots=True)
class StrategyPlan:
    """A strategy with every setting decided.

    Attributes:
        base: ``zero_shot`` or ``few_shot``.
        shots: exemplars per prompt; 0 for zero-shot.
        shots_from: where exemplars are drawn from.
        chain_length: turns per conversation.
        diversity_every: every n-th turn asks for something more diverse.
        repeat: of which strategy it makes further corpora; ``None`` for one of the run file.
    """

    name: str
    base: Literal["zero_shot", "few_shot"]
    shots: int
    shots_from: Literal["any_label", "same_label"]
    chain_length: int
    diversity_every: int
    repeat: Repeat | None = None


@dataclass(frozen=True)
class SlotPlan:
    """All slots of one task and strategy.

    Attributes:
        labels: names, in the task's order.
        root_seed: of the run's generate section, or of the strategy's repeat.
        styles: of the task; one is drawn per slot.
        pool: real examples that exemplars come from, in a fixed order.
    """

    task: str
    labels: tuple[str, ...]
    strategy: StrategyPlan
    root_seed: int
    styles: tuple[str, ...]
    pool: tuple[Example, ...]

    def slot(self, label: str, position: int) -> Slot:
        """Return the slot of ``label`` at ``position`` (from 0)."""
        index = self.labels.index(label)
        chain, turn = divmod(position, self.strategy.chain_length)
        seed = derive_seed(self.root_seed, self.task, self.strategy.name, label, position)
        style = ""
        exemplar_ids: tuple[str, ...] = ()
        if self.styles or self.strategy.base == "few_shot":
            # a private source: attributes must not depend on how the sampling seed is used
            source = random.Random(derive_seed(seed, "attributes"))  # noqa: S311 - no secret
            style = source.choice(self.styles) if self.styles else ""
            exemplar_ids = self._draw_exemplars(source, label)
        return Slot(
            id=f"{self.task}.{self.strategy.name}.{index}.{position:06d}",
            task=self.task,
            strategy=self.strategy.name,
            label=label,
            position=position,
            chain=chain * len(self.labels) + index,
            turn=turn,
            seed=seed,
            exemplar_ids=exemplar_ids,
            style=style,
        )

    def find(self, slot_id: str) -> Slot:
        """Return the slot with this id.

        Args:
            slot_id: as ``Slot.id``.

        Raises:
            KeyError: the id is not one of this plan's.
        """
        prefix = f"{self.task}.{self.strategy.name}."
        index, _, position = slot_id.removeprefix(prefix).partition(".")
        if not (slot_id.startswith(prefix) and index.isdigit() and position.isdigit()):
            raise KeyError(slot_id)
        if int(index) >= len(self.labels):
            raise KeyError(slot_id)
        return self.slot(self.labels[int(index)], int(position))

    def admitted(self, counts: Mapping[str, int]) -> Iterator[Slot]:
        """Yield the first ``counts[label]`` slots of each label, in plan order."""
        for position in range(max(counts.values(), default=0)):
            for label in self.labels:
                if position < counts.get(label, 0):
                    yield self.slot(label, position)

    def turn_spec(self, slot: Slot, examples: Mapping[str, Example]) -> TurnSpec:
        """Return what the prompt of ``slot`` says; ``examples`` maps the pool's ids."""
        if self.strategy.base == "few_shot":
            exemplars = tuple(examples[one] for one in slot.exemplar_ids)
            same = self.strategy.shots_from == "same_label"
            return TurnSpec("few_shot", slot.label, slot.style, exemplars, same_label=same)
        diverse = slot.turn > 0 and slot.turn % self.strategy.diversity_every == 0
        return TurnSpec("diversity" if diverse else "zero_shot", slot.label, slot.style)

    def _draw_exemplars(self, source: random.Random, label: str) -> tuple[str, ...]:
        if self.strategy.base != "few_shot":
            return ()
        wanted = label if self.strategy.shots_from == "same_label" else ""
        candidates = self._pool_ids[wanted]
        return tuple(source.sample(candidates, min(self.strategy.shots, len(candidates))))

    @cached_property
    def _pool_ids(self) -> dict[str, list[str]]:
        """Return the pool's ids by label; under the empty name those of all labels."""
        found: dict[str, list[str]] = {label: [] for label in ("", *self.labels)}
        for example in self.pool:
            found[""].append(example.id)
            found[example.label].append(example.id)
        return found


@dataclass(frozen=True, slots=True)
class Chain:
    """The admitted slots of one chain, in turn order."""

    number: int
    slots: tuple[Slot, ...]


def group_chains(slots: Iterator[Slot]) -> list[Chain]:
    """Return the chains of ``slots``, in the order in which their first slots stand."""
    members: dict[int, list[Slot]] = {}
    for slot in slots:
        members.setdefault(slot.chain, []).append(slot)
    return [Chain(number, tuple(found)) for number, found in members.items()]


def shard_of(chain: Chain, num_labels: int, num_shards: int) -> int:
    """Return the shard of a chain, from 0.

    Chain numbers run label by label within a block; adding the label's index to the block keeps
    labels spread over shards also where there are as many shards as labels.
    """
    return sum(divmod(chain.number, num_labels)) % num_shards


def take_shard(
    chains: Sequence[Chain], num_labels: int, shard: int, num_shards: int
) -> list[Chain]:
    """Return the chains of shard ``shard`` (from 0) of ``num_shards``: whole chains, evenly."""
    return [chain for chain in chains if shard_of(chain, num_labels, num_shards) == shard]
