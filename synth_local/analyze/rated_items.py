"""The test items that several people rated, lined up with what students say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from synth_local.analyze.agreement import Annotations, ItemAgreement
from synth_local.analyze.ceiling import match_others, share_chosen
from synth_local.analyze.real_partners import mark_correct
from synth_local.core.stats import FloatArray
from synth_local.evaluate.groups import Group


@dataclass(frozen=True)
class Rated:
    """The items that have agreement, in the order of the predictions.

    Attributes:
        items: agreement of each rated item by id.
        order: ids of all items, as the predictions have them.
        ratings: what annotators called each item, by id.
    """

    items: Mapping[str, ItemAgreement]
    order: tuple[str, ...]
    ratings: Mapping[str, Annotations] = field(default_factory=dict)
    _chosen: dict[tuple[str, ...], FloatArray] = field(default_factory=dict, init=False, repr=False)

    @property
    def places(self) -> list[int]:
        """Return where the rated items stand."""
        return [place for place, name in enumerate(self.order) if name in self.items]

    @property
    def found(self) -> list[ItemAgreement]:
        """Return the agreement of each."""
        return [self.items[self.order[place]] for place in self.places]

    @property
    def shares(self) -> np.ndarray:
        """Return (items,) the share of the most frequent label: the study's a_i."""
        return np.array([one.share for one in self.found], dtype=float)

    @property
    def ratings_vary(self) -> bool:
        """Return whether some items have more ratings than others."""
        return len({one.num_ratings for one in self.found}) > 1

    @property
    def agreement(self) -> np.ndarray:
        """Return (items,) what the gap is set against: pairs where the ratings vary in number."""
        if not self.ratings_vary:
            return self.shares
        return np.array([one.pairs for one in self.found], dtype=float)

    def correct(self, group: Group) -> np.ndarray:
        """Return (items, seeds) 1 where the student is right."""
        return np.asarray(mark_correct(group)[self.places])

    @cached_property
    def ceilings(self) -> FloatArray:
        """Return (items,) how often one annotator says what most of the others say."""
        return np.array([match_others(one) for one in self._said], dtype=float)

    def soften(self, group: Group) -> FloatArray:
        """Return (items,) the share of annotators who chose what the student says, seeds averaged.

        A label that no annotator of an item chose has share 0.
        """
        chosen = self._share_labels(group.labels)  # (I, L)
        said = group.table.predicted[:, self.places]  # (S, I)
        shares: FloatArray = np.take_along_axis(chosen, said.T, axis=1).mean(axis=1)
        return shares

    def _share_labels(self, labels: tuple[str, ...]) -> FloatArray:
        """Return (items, labels) the share of an item's annotators who chose each label."""
        if labels not in self._chosen:
            shares = [[share_chosen(one, label) for label in labels] for one in self._said]
            self._chosen[labels] = np.array(shares, dtype=float)
        return self._chosen[labels]

    @property
    def _said(self) -> list[Annotations]:
        return [self.ratings[self.order[place]] for place in self.places]
