"""The rows of an export: texts and labels, where each is from, and what a reader should know of it.

Pure. No exemplar, prompt or real text comes near these rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from synth_local.commands.export.personal import PersonalText, find_personal
from synth_local.curate.reference import MIN_SHINGLES, Reference
from synth_local.curate.shingle_hashes import hash_shingles
from synth_local.records import Example
from synth_local.store.run_dir import CorpusKey

#: A text of which a real one holds more is counted as close.
CLOSE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRow:
    """One text that is handed out.

    Attributes:
        id: of its slot, or of its row in a file that was brought along.
        looks_personal: kinds of what looks personal in it, with ``;`` between: ``email``,
            ``phone``, ``account``.
        personal_in_pool: the same address or number stands in a pool text; ``None`` where the
            real texts are not here.
        closest_real: the largest share of its distinct 5-shingles that one real text holds, in
            [0, 1]; ``None`` where the real texts are not here, or the text is too short to say.
    """

    text: str
    label: str
    task: str
    generator: str
    strategy: str
    id: str
    looks_personal: str
    personal_in_pool: bool | None
    closest_real: float | None


@dataclass(frozen=True, slots=True)
class RealSide:
    """The real texts of a task that an export is held against.

    Attributes:
        pool_personal: what looks personal in the pool's texts.
        num_pool_personal: pool texts that hold such a thing.
    """

    reference: Reference
    pool_personal: frozenset[PersonalText]
    num_pool_personal: int


def look_at_pool(reference: Reference, pool: Sequence[Example]) -> RealSide:
    """Return what an export of a task is held against."""
    by_text = [frozenset(find_personal(example.text)) for example in pool]
    return RealSide(
        reference, frozenset().union(*by_text), sum(1 for personal in by_text if personal)
    )


def make_rows(
    examples: Sequence[Example], corpus: CorpusKey, real: RealSide | None
) -> Iterator[ExportRow]:
    """Yield the rows of one corpus.

    Args:
        real: ``None`` where the real texts of the task are not here.
    """
    for example in examples:
        personal = set(find_personal(example.text))
        yield ExportRow(
            text=example.text,
            label=example.label,
            task=corpus.task,
            generator=corpus.generator,
            strategy=corpus.strategy,
            id=example.id,
            looks_personal=";".join(sorted({part.kind for part in personal})),
            personal_in_pool=None if real is None else bool(personal & real.pool_personal),
            closest_real=None if real is None else _measure_closest(example.text, real.reference),
        )


def _measure_closest(text: str, reference: Reference) -> float | None:
    if reference.find_verbatim(text):
        return 1.0
    train = reference.find_copied(text)
    test = reference.find_near_test(text, above=train.share if train else 0.0)
    nearest = test or train
    if nearest:
        return nearest.share
    return 0.0 if len(hash_shingles(text)) >= MIN_SHINGLES else None


def count_close(shares: Collection[float]) -> int:
    """Return how many shares are above ``CLOSE``."""
    return sum(1 for share in shares if share > CLOSE)
