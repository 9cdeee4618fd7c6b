"""What the label audit and the discriminator found, as frozen rows.

Light: reports read these without anything that computes them. What has no value says why, as the
end of a sentence that begins with "cannot be said because".
"""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
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


SHARES = ("synthetic", "test", "wrong", "wrong_test", "real")


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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
