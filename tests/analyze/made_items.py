"""Simulated correctness of two students on items whose agreement is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth_local.analyze.gaps import PairedItems

LEVELS = np.array([0.6, 0.8, 1.0])


@dataclass(frozen=True)
class World:
    """Probabilities by level of agreement.

    Attributes:
        weights: of the three levels.
        real: that a student trained on real data is right.
        synthetic: the same for synthetic data.
    """

    weights: tuple[float, float, float]
    real: tuple[float, float, float]
    synthetic: tuple[float, float, float]


#: Agreement says nothing of the gap, nor of how much it varies.
FLAT = World((0.2, 0.3, 0.5), (0.8, 0.8, 0.8), (0.7, 0.7, 0.7))
#: Disputed items are rare and hard for both students: their gaps vary more, with the same mean.
HARD = World((0.1, 0.1, 0.8), (0.5, 0.9, 0.98), (0.5, 0.9, 0.98))
#: Each step of 0.2 in agreement takes 0.2 off the gap: the slope is -1.
FALLING = World((0.2, 0.3, 0.5), (0.9, 0.9, 0.9), (0.5, 0.7, 0.9))


def simulate(rng: np.random.Generator, world: World, num_items: int = 200) -> PairedItems:
    """Return items with three seeds a student; hard items are hard for all seeds of both."""
    levels = rng.choice(3, num_items, p=world.weights)
    ease = rng.random(num_items)[:, None]

    def answer(skill: tuple[float, float, float]) -> np.ndarray:
        # a mixture of two uniform numbers is uniform: the probability of being right is exact
        shares = np.where(rng.random((num_items, 3)) < 0.6, ease, rng.random((num_items, 3)))
        return shares < np.array(skill)[levels][:, None]

    real, synthetic = answer(world.real), answer(world.synthetic)
    return PairedItems(
        agreement=LEVELS[levels],
        is_tie=np.zeros(num_items, dtype=bool),
        real=real,
        synthetic=synthetic,
    )
