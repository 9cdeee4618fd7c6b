"""What was measured, as frozen rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from synth_local.records import Interval

#: Raise by hand when a measure changes its value on some input.
MEASURES_VERSION = 2

Side = Literal["real", "synthetic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureRow:
    """The value of one metric on one side of one view.

    Attributes:
        view: ``before curation`` or ``after curation``.
        side: ``real`` or ``synthetic``. ``similarity_to_real`` of the real side is that of real
            texts among themselves.
        label: the label's name; empty over all labels.
        metric: ``remote_clique``, ``chamfer``, ``similarity_to_real``, ``distinct_1`` to
            ``distinct_3`` or ``compression_ratio``.
        value: with its 95 % interval; alone for ``chamfer`` and ``similarity_to_real``.
    """

    view: str
    side: Side
    label: str
    metric: str
    value: Interval | float
    num_texts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UndefinedRow:
    """A metric that has no value, and why; the fields are those of ``MeasureRow``."""

    view: str
    side: Side
    label: str
    metric: str
    why: str
    num_texts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusMeasures:
    """Everything that was measured of one corpus.

    Attributes:
        embedder: name of the encoder behind all but the lexical metrics.
        counts: texts of each label on each side of each view; labels that a side lacks are absent.
        rows: what has a value.
        undefined: what has none.
        subsamples: behind each interval (fewer for lexical metrics of long texts).
    """

    embedder: str
    embedder_digest: str
    counts: dict[str, int]
    rows: tuple[MeasureRow, ...]
    undefined: tuple[UndefinedRow, ...]
    subsamples: int
    seed: int
    version: int = MEASURES_VERSION
