"""What the label audit and the discriminator found, as frozen rows that go to JSON and back.

Light: reports read these without anything that computes them. What has no value says why, as the
end of a sentence that begins with "cannot be said because".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from synth_local.records import Interval

#: Characters of a synthetic text that are stored for reading; its id leads to the whole.
MAX_TEXT = 1500


@dataclass(frozen=True, slots=True)
class Share:
    """A share of rows.

    Attributes:
        value: in [0, 1] with its 95 % interval; ``None`` where nothing can be said.
        num: rows that it is a share of.
        why: nothing can be said because of this; empty otherwise.
    """

    value: Interval | None
    num: int
    why: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the share that ``asdict`` wrote."""
        return cls(**{**stored, "value": _read_interval(stored["value"])})


@dataclass(frozen=True, slots=True)
class AuditRow:
    """What was found of one label, or of all labels together.

    Attributes:
        label: the label's name; empty for the mean over labels, each counted the same.
        synthetic: accepted rows of the label that the judge trained on real rows calls so.
        test: real test rows of the label that this judge calls so.
        wrong: accepted rows that are likely of another label, of those that it is sure of.
        wrong_test: the same of real test rows: what is found where labels hold.
        real: real training rows of the label that a judge trained on the synthetic rows calls so.
    """

    label: str
    synthetic: Share
    test: Share
    wrong: Share
    wrong_test: Share
    real: Share

    @property
    def shares(self) -> dict[str, Share]:
        """Return the five shares by their names."""
        return {name: getattr(self, name) for name in SHARES}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the row that ``asdict`` wrote."""
        shares = {name: Share.from_json(stored[name]) for name in SHARES}
        return cls(label=stored["label"], **shares)


SHARES = ("synthetic", "test", "wrong", "wrong_test", "real")


@dataclass(frozen=True, slots=True)
class DoubtedRow:
    """A synthetic row that the judge hardly believes.

    Attributes:
        id: of the row in the corpus.
        text: the synthetic text, up to ``MAX_TEXT`` characters.
        label: that was asked for.
        judged: what the judge calls it.
        probability: of ``label``, in [0, 1].
    """

    id: str
    text: str
    label: str
    judged: str
    probability: float


@dataclass(frozen=True, slots=True)
class LabelAudit:
    """Whether the labels of one corpus hold.

    Attributes:
        rows: over all labels first, then by label in the task's order.
        doubted: the rows that the judge believes least, the least first.
        thresholds: by label, mean probability that the judge gives held-out real rows of the
            label for it; labels with too few such rows are absent.
        num_train: real rows that the judge was trained on.
        num_synthetic_train: synthetic rows that the reverse judge was trained on.
    """

    rows: tuple[AuditRow, ...]
    doubted: tuple[DoubtedRow, ...]
    thresholds: dict[str, float]
    num_train: int
    num_synthetic_train: int

    def to_json(self) -> dict[str, Any]:
        """Return JSON-ready values; ``from_json`` takes them back."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the audit that ``to_json`` wrote."""
        rows = tuple(AuditRow.from_json(row) for row in stored["rows"])
        doubted = tuple(DoubtedRow(**row) for row in stored["doubted"])
        return cls(**{**stored, "rows": rows, "doubted": doubted})


@dataclass(frozen=True, slots=True)
class TellingWord:
    """A word that tells synthetic texts from real ones.

    Attributes:
        word: lower case, or a mark.
        weight: of the classifier; positive speaks for synthetic, negative for real.
        num_synthetic: distinct synthetic texts with the word.
        num_real: distinct real texts with it.
    """

    word: str
    weight: float
    num_synthetic: int
    num_real: int


@dataclass(frozen=True, slots=True)
class Discrimination:
    """How well a classifier tells the synthetic texts of one corpus from real ones.

    Attributes:
        auc: area under the ROC curve over held-out folds; 0.5 cannot be told apart, 1 always;
            ``None`` where nothing can be said.
        num_texts: texts on each side, the same number of each label.
        words: those of synthetic texts first, each side's most telling ones first.
        why: nothing can be said because of this; empty otherwise.
    """

    auc: Interval | None
    num_texts: int
    num_folds: int
    words: tuple[TellingWord, ...] = ()
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return JSON-ready values; ``from_json`` takes them back."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what ``to_json`` wrote."""
        words = tuple(TellingWord(**word) for word in stored["words"])
        return cls(**{**stored, "auc": _read_interval(stored["auc"]), "words": words})


def _read_interval(stored: Mapping[str, float] | None) -> Interval | None:
    return None if stored is None else Interval(**stored)
