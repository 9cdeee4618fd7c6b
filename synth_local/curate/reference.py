"""The real texts that a synthetic one is held against: verbatim matches and shares of shingles.

Knows which split a text is from; knows nothing about slots, thresholds or what follows from a
match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

from synth_local.core.hashing import digest_texts
from synth_local.core.text import match_key
from synth_local.curate.shingle_hashes import hash_shingles
from synth_local.curate.shingle_index import ShingleIndex, build_index
from synth_local.records import Example

#: Below this many distinct shingles (20 characters) a text's share says nothing: half of the real
#: comments of that length stand almost whole in some other real comment.
MIN_SHINGLES = 16

Split = Literal["train", "test"]


@dataclass(frozen=True, slots=True)
class Match:
    """A real text that a synthetic one meets.

    Attributes:
        split: ``train`` (pool and validation included) or ``test``.
        share: of the synthetic text's distinct 5-shingles that the real text holds, in [0, 1].
    """

    split: Split
    id: str
    share: float


@dataclass(frozen=True)
class Reference:
    """All real texts of a task.

    Attributes:
        train: training texts (pool included), then validation texts: what a generator may repeat.
        test: texts that must not come back.
    """

    train: tuple[Example, ...]
    test: tuple[Example, ...]

    @classmethod
    def build(
        cls, train: Sequence[Example], validation: Sequence[Example], test: Sequence[Example]
    ) -> Self:
        """Return the reference of a task's splits; ``train`` includes the pool."""
        return cls((*train, *validation), tuple(test))

    @cached_property
    def digest(self) -> str:
        """Return the identity of the texts, their ids and which side they are on."""
        parts = [str(len(self.train))]
        for example in (*self.train, *self.test):
            parts += [example.id, example.text]
        return digest_texts(parts)

    @cached_property
    def _verbatim(self) -> dict[str, Match]:
        # the first of a split, and test before train
        found: dict[str, Match] = {}
        for split, examples in (("test", self.test), ("train", self.train)):
            for example in examples:
                kind: Split = "test" if split == "test" else "train"
                found.setdefault(match_key(example.text), Match(kind, example.id, 1.0))
        found.pop("", None)  # marks alone are no match
        return found

    @cached_property
    def _train_index(self) -> ShingleIndex:
        return build_index([example.text for example in self.train])

    @cached_property
    def _test_index(self) -> ShingleIndex:
        return build_index([example.text for example in self.test])

    def warm_up(self) -> None:
        """Build what row checks need, instead of at the first check."""
        _ = self._verbatim, self._train_index, self._test_index

    def find_verbatim(self, text: str) -> Match | None:
        """Return the real text that equals ``text`` in letters and digits; test before train."""
        return self._verbatim.get(match_key(text))

    def find_copied(self, text: str, *, above: float = 0.0) -> Match | None:
        """Return the training or validation text that holds the largest share of ``text``.

        Args:
            above: shares up to this one do not matter, in [0, 1); a larger value is faster.

        Returns:
            ``None`` where no share is above ``above``, or the text has fewer than
            ``MIN_SHINGLES`` distinct shingles: it may then only be a verbatim match.
        """
        return _find(self._train_index, self.train, "train", text, above)

    def find_near_test(self, text: str, *, above: float = 0.0) -> Match | None:
        """Return the test text that holds the largest share; arguments as in ``find_copied``."""
        return _find(self._test_index, self.test, "test", text, above)


def _find(
    index: ShingleIndex, examples: Sequence[Example], split: Split, text: str, above: float
) -> Match | None:
    if len(text) < 2 * MIN_SHINGLES and len(hash_shingles(text)) < MIN_SHINGLES:
        return None
    found = index.closest(text, above=above)
    return None if found is None else Match(split, examples[found.index].id, found.share)
