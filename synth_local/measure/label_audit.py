"""Do the labels of a corpus hold? A judge trained on real texts is asked about synthetic ones.

Beside its answers stand those on real test rows, and the reverse: a judge trained on the synthetic
rows is asked about real training rows. Stores no real text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from synth_local.errors import UndefinedMetricError
from synth_local.measure.audit_records import (
    MAX_TEXT,
    SHARES,
    AuditRow,
    DoubtedRow,
    LabelAudit,
    Share,
)
from synth_local.measure.draw import draw
from synth_local.measure.shares import average_both, average_labels, share_of
from synth_local.measure.word_judge import FloatArray, IntArray, WordJudge, fit_judge, number_labels
from synth_local.records import Example

NUM_DOUBTED = 20
#: Below this many held-out real rows a label has no threshold.
MIN_HELD_OUT = 5
#: Below this many rows that the judge is sure of, nothing is said of wrong ones.
MIN_SURE = 10
#: Rows of a label that a cut leaves, where it has them.
_MIN_KEPT = 20
_NOBODY = -1  # the judge is sure of no label


@dataclass(frozen=True, slots=True)
class RealParts:
    """The real rows of a task.

    Attributes:
        train: what the judge is trained on, and what the reverse is asked about.
        test: held out; nothing is chosen by them.
    """

    train: Sequence[Example]
    validation: Sequence[Example]
    test: Sequence[Example]


def audit_labels(
    real: RealParts, synthetic: Sequence[Example], labels: Sequence[str], most: int, seed: int
) -> LabelAudit:
    """Ask a judge trained on real rows about every synthetic row, and the other way round.

    Args:
        labels: names, in the task's order.
        most: rows that a judge is trained on, and real rows that the reverse is asked about,
            about; fewer by the same share of each label, but 20 of a label that has them.

    Returns:
        Shares by label and over all, and the rows to be read first. What cannot be said says why.

    References:
        C. Northcutt, L. Jiang, I. Chuang (2021), Confident Learning: Estimating Uncertainty in
        Dataset Labels. https://arxiv.org/abs/1911.00068
    """
    train = _cut(real.train, labels, most, seed)
    kept = _cut(synthetic, labels, most, seed)
    judged = _judge_synthetic(train, real, synthetic, labels)
    found = {**judged.found, "real": _judge_real(kept, train, labels)}
    overall = AuditRow(
        label="",
        **average_both(found, "synthetic", "test"),
        **average_both(found, "wrong", "wrong_test"),
        real=average_labels(found["real"]),
    )
    rows = [
        AuditRow(label=label, **{name: shares[place] for name, shares in found.items()})
        for place, label in enumerate(labels)
    ]
    return LabelAudit(
        rows=(overall, *rows),
        doubted=judged.doubted,
        thresholds=judged.thresholds,
        num_train=len(train),
        num_synthetic_train=len(kept),
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the judge trained on real rows says: shares of each label, rows, thresholds."""

    found: dict[str, list[Share]]
    doubted: tuple[DoubtedRow, ...] = ()
    thresholds: dict[str, float] = field(default_factory=dict)


def _judge_synthetic(
    train: Sequence[Example], real: RealParts, synthetic: Sequence[Example], labels: Sequence[str]
) -> _Judged:
    try:
        judge = fit_judge(train, labels)
    except UndefinedMetricError as error:
        why = f"no judge can be trained on the real rows: {error.what}"
        return _Judged({name: [Share(None, 0, why)] * len(labels) for name in SHARES[:-1]})
    answers = _Answers.ask(judge, synthetic, labels)
    on_test = _Answers.ask(judge, real.test, labels)
    limits = _Answers.ask(judge, real.validation, labels).join(on_test).find_thresholds()
    found = {
        "synthetic": answers.share_labels("accepted row"),
        "test": on_test.share_labels("real test row"),
        "wrong": answers.share_wrong(limits, "accepted row"),
        "wrong_test": on_test.share_wrong(limits, "real test row"),
    }
    thresholds = {
        label: float(limit)
        for label, limit in zip(labels, limits, strict=True)
        if np.isfinite(limit)
    }
    return _Judged(found, _list_doubted(answers, synthetic, labels), thresholds)


def _judge_real(
    kept: Sequence[Example], train: Sequence[Example], labels: Sequence[str]
) -> list[Share]:
    try:
        judge = fit_judge(kept, labels)
    except UndefinedMetricError as error:
        why = f"no judge can be trained on the synthetic rows: {error.what}"
        return [Share(None, 0, why)] * len(labels)
    return _Answers.ask(judge, train, labels).share_labels("real training row")


@dataclass(frozen=True, slots=True)
class _Answers:
    """What a judge says of rows.

    Attributes:
        asked: (rows,) the rows' own labels.
        probabilities: (rows, labels).
        is_known: (labels,) which labels the judge was trained on.
    """

    asked: IntArray
    probabilities: FloatArray
    is_known: Sequence[bool]

    @classmethod
    def ask(cls, judge: WordJudge, rows: Sequence[Example], labels: Sequence[str]) -> _Answers:
        known = set(judge.model.classes_.tolist())
        return cls(
            number_labels(rows, labels),
            judge.ask([row.text for row in rows]),
            [place in known for place in range(len(labels))],
        )

    def join(self, other: _Answers) -> _Answers:
        """Return these answers and those of the same judge on other rows."""
        return _Answers(
            np.concatenate([self.asked, other.asked]),
            np.concatenate([self.probabilities, other.probabilities]),
            self.is_known,
        )

    def share_labels(self, kind: str) -> list[Share]:
        """Return, for each label, the share of its rows that the judge calls so."""
        judged = self.probabilities.argmax(axis=1)
        shares = []
        for place, is_known in enumerate(self.is_known):
            mine = judged[self.asked == place]
            if not is_known:
                shares.append(Share(None, len(mine), "the judge was trained on no row of it"))
            else:
                shares.append(
                    share_of(int((mine == place).sum()), len(mine), f"there is no {kind}")
                )
        return shares

    def find_thresholds(self) -> FloatArray:
        """Return (labels,) mean probability of their own label; infinite where too few rows."""
        limits = np.full(len(self.is_known), np.inf)
        for place, is_known in enumerate(self.is_known):
            own = self.probabilities[self.asked == place, place]
            if is_known and len(own) >= MIN_HELD_OUT:
                limits[place] = own.mean()
        return limits

    def share_wrong(self, limits: FloatArray, kind: str) -> list[Share]:
        """Return, for each label, the share of rows that are likely of another one.

        A row counts as the likeliest of the labels whose probability reaches that label's
        threshold. Rows that reach none are not counted: Northcutt's calibration takes it that
        they are spread like those that are.
        """
        settled = settle(self.probabilities, limits)
        shares = []
        for place, limit in enumerate(limits):
            mine = settled[self.asked == place]
            sure = mine[mine != _NOBODY]
            if not np.isfinite(limit):
                why = f"fewer than {MIN_HELD_OUT} held-out real rows give no threshold"
                shares.append(Share(None, len(mine), why))
                continue
            if len(mine) and len(sure) < MIN_SURE:
                why = f"the judge is sure of fewer than {MIN_SURE} {kind}s"
                shares.append(Share(None, len(sure), why))
                continue
            shares.append(share_of(int((sure != place).sum()), len(sure), f"there is no {kind}"))
        return shares


def settle(probabilities: FloatArray, thresholds: FloatArray) -> IntArray:
    """Return (rows,) the likeliest label among those whose threshold is reached, -1 for none.

    Args:
        probabilities: (rows, labels).
        thresholds: (labels,); infinite for a label that no row can reach.

    Returns:
        Label numbers, or -1.
    """
    reached = np.where(probabilities >= thresholds, probabilities, -1.0)
    best: IntArray = reached.argmax(axis=1)
    best[(reached < 0).all(axis=1)] = _NOBODY
    return best


def _list_doubted(
    answers: _Answers, rows: Sequence[Example], labels: Sequence[str]
) -> tuple[DoubtedRow, ...]:
    own = answers.probabilities[np.arange(len(rows)), answers.asked]
    judged = answers.probabilities.argmax(axis=1)
    order = sorted(range(len(rows)), key=lambda place: (own[place], rows[place].id))
    return tuple(
        DoubtedRow(
            id=rows[place].id,
            text=rows[place].text[:MAX_TEXT],
            label=rows[place].label,
            judged=labels[judged[place]],
            probability=float(own[place]),
        )
        for place in order[:NUM_DOUBTED]
    )


def _cut(rows: Sequence[Example], labels: Sequence[str], most: int, seed: int) -> list[Example]:
    """Return the rows, or about ``most`` of them with the same mix of labels."""
    have = Counter(row.label for row in rows)
    total = sum(have.values())
    counts: Mapping[str, int] = {
        label: have[label]
        if total <= most
        else max(have[label] * most // total, min(have[label], _MIN_KEPT))
        for label in labels
    }
    return draw(rows, counts, seed)
