"""What was measured, as frozen rows that go to JSON and back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from synth_local.records import Interval

#: Raise by hand when a measure changes its value on some input.
MEASURES_VERSION = 2

Side = Literal["real", "synthetic"]


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class UndefinedRow:
    """A metric that has no value, and why; the fields are those of ``MeasureRow``."""

    view: str
    side: Side
    label: str
    metric: str
    why: str
    num_texts: int


@dataclass(frozen=True, slots=True)
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

    def to_json(self) -> dict[str, Any]:
        """Return JSON-ready values; ``from_json`` takes them back."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Return the measures that ``to_json`` wrote."""
        rows = tuple(
            MeasureRow(**{**row, "value": _read_value(row["value"])}) for row in value["rows"]
        )
        undefined = tuple(UndefinedRow(**row) for row in value["undefined"])
        return cls(**{**value, "rows": rows, "undefined": undefined})


def _read_value(stored: dict[str, float] | float) -> Interval | float:
    return Interval(**stored) if isinstance(stored, dict) else stored
