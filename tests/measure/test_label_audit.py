from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pytest

from synth_local.errors import UndefinedMetricError
from synth_local.measure.audit_records import AuditRow, LabelAudit, Share
from synth_local.measure.label_audit import (
    RealParts,
    audit_labels,
    settle,
)
from synth_local.measure.shares import average_labels, share_of
from synth_local.measure.word_judge import fit_judge
from synth_local.records import Example, Interval
from synth_local.store.records import parse

LABELS = ("good", "bad", "odd")


def make_rows(
    num: int, seed: int, labels: Sequence[str] = LABELS, clues: int = 3, kind: str = "r"
) -> list[Example]:
    """Return texts of eight common words and some clues: words of their label, mostly."""
    source = random.Random(seed)
    rows = []
    for number in range(num):
        label = labels[number % len(labels)]
        clue = [
            f"{label if source.random() < 0.9 else source.choice(LABELS)}{source.randrange(12)}"
            for _ in range(clues)
        ]
        words = [f"word{source.randrange(60)}" for _ in range(8)] + clue
        source.shuffle(words)
        rows.append(Example(f"{kind}{seed}.{number}", " ".join(words), label))
    return rows


REAL = RealParts(make_rows(600, 1), make_rows(90, 2), make_rows(600, 3))


def audit(rows: Sequence[Example], real: RealParts = REAL) -> LabelAudit:
    return audit_labels(real, rows, LABELS, 3000, 0)


def point(share: Share) -> float:
    assert share.value is not None, share.why
    return share.value.point


def flip(rows: Sequence[Example], share: float) -> tuple[list[Example], set[str]]:
    source = random.Random(9)
    flipped = [
        Example(one.id, one.text, source.choice([x for x in LABELS if x != one.label]))
        if source.random() < share
        else one
        for one in rows
    ]
    return flipped, {new.id for new, old in zip(flipped, rows, strict=True) if new != old}


def test_a_fifth_of_wrong_labels_is_found_and_none_where_labels_hold() -> None:
    rows = make_rows(900, 4, kind="s")
    clean, (flipped, wrong) = audit(rows), flip(rows, 0.2)
    dirty = audit(flipped)
    assert len(wrong) / len(rows) == pytest.approx(0.2, abs=0.03)
    assert point(dirty.rows[0].wrong) == pytest.approx(0.2, abs=0.04)
    assert point(clean.rows[0].wrong) < 0.03
    assert point(dirty.rows[0].wrong_test) < 0.03  # the judge saw no synthetic row
    assert point(clean.rows[0].synthetic) == pytest.approx(point(clean.rows[0].test), abs=0.03)
    assert point(dirty.rows[0].synthetic) < point(clean.rows[0].synthetic) - 0.15
    assert {one.id for one in dirty.doubted} <= wrong
    assert len(dirty.doubted) == 20
    assert [one.probability for one in dirty.doubted] == sorted(
        one.probability for one in dirty.doubted
    )


def test_only_the_label_that_is_wrong_is_found_wrong() -> None:
    rows = make_rows(900, 5)
    swapped = [
        Example(one.id, one.text, "good") if one.label == "bad" and number % 2 else one
        for number, one in enumerate(rows)
    ]
    by_label = {row.label: row for row in audit(swapped).rows}
    assert point(by_label["good"].wrong) == pytest.approx(1 / 3, abs=0.05)
    assert point(by_label["bad"].wrong) < 0.04
    assert point(by_label["odd"].wrong) < 0.04


def test_texts_easier_than_real_ones_are_agreed_on_but_do_not_teach_real_ones() -> None:
    easy = [
        Example(one.id, f"{one.label}0 {one.label}0 {one.label}1", one.label)
        for one in make_rows(600, 6)
    ]
    hard = RealParts(*(make_rows(600, seed, clues=1) for seed in (1, 2, 3)))
    overall = audit(easy, hard).rows[0]
    assert point(overall.synthetic) > 0.99
    assert point(overall.test) < 0.95
    assert point(overall.real) < point(overall.test) - 0.15


def test_the_mean_over_labels_compares_a_balanced_corpus_with_a_skewed_test_part() -> None:
    skewed = [one for number, one in enumerate(make_rows(900, 7)) if one.label == "good"]
    test = [*skewed, *make_rows(60, 8)]
    found = audit(make_rows(300, 4), RealParts(REAL.train, REAL.validation, test))
    overall, *rows = found.rows
    assert point(overall.test) == pytest.approx(np.mean([point(one.test) for one in rows]))


def test_thresholds_are_of_held_out_real_rows_alone() -> None:
    one, other = audit(make_rows(300, 4)), audit(flip(make_rows(300, 4), 0.5)[0])
    assert one.thresholds == other.thresholds
    assert set(one.thresholds) == set(LABELS)


def test_no_real_text_is_stored_and_records_survive_json() -> None:
    found = audit(make_rows(300, 4, kind="s"))
    stored = asdict(found)
    assert parse(stored, LabelAudit) == found
    spelled = repr(stored)
    assert not any(one.text in spelled for one in (*REAL.train, *REAL.validation, *REAL.test))
    assert all(one.id.startswith("s4.") for one in found.doubted)


def test_settle_takes_the_likeliest_label_whose_threshold_is_reached() -> None:
    asked = np.array([[0.5, 0.4, 0.1], [0.5, 0.3, 0.2], [0.7, 0.3, 0.0], [0.4, 0.3, 0.3]])
    assert settle(asked, np.array([0.6, 0.35, np.inf])).tolist() == [1, -1, 0, -1]


def test_intervals_of_wilson_and_of_a_mean_over_labels() -> None:
    one = share_of(8, 10, "")
    assert one.value is not None
    # Wilson (1927), as in Newcombe (1998), table I has it for 8 of 10
    assert (one.value.low, one.value.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    both = average_labels([one, one, Share(None, 0, "none")]).value
    assert both is not None
    assert both.point == pytest.approx(0.8)
    assert both.low == pytest.approx(0.8 - (0.8 - one.value.low) / 2**0.5)
    perfect = share_of(10, 10, "").value
    assert perfect is not None
    assert (perfect.high, perfect.low < 0.75) == (1.0, True)


def shares(row: AuditRow) -> dict[str, str]:
    return {name: share.why for name, share in row.shares.items() if share.value is None}


def test_a_label_without_synthetic_rows_is_named_and_left_out_of_both_means() -> None:
    found = audit([one for one in make_rows(300, 4) if one.label != "odd"])
    by_label = {row.label: row for row in found.rows}
    assert shares(by_label["odd"]) == {
        "synthetic": "there is no accepted row",
        "wrong": "there is no accepted row",
        "real": "the judge was trained on no row of it",
    }
    mean = np.mean([point(by_label[label].test) for label in ("good", "bad")])
    assert point(found.rows[0].test) == pytest.approx(mean)


def test_a_label_with_few_held_out_rows_has_no_threshold_and_the_others_do() -> None:
    rare = [one for one in REAL.test if one.label != "odd"]
    rare += [one for one in REAL.test if one.label == "odd"][:1]
    none = [one for one in REAL.validation if one.label != "odd"]
    found = audit(make_rows(300, 4), RealParts(REAL.train, none, rare))
    by_label = {row.label: row for row in found.rows}
    why = "fewer than 5 held-out real rows give no threshold"
    assert shares(by_label["odd"]) == {"wrong": why, "wrong_test": why}
    assert not shares(by_label["good"])
    assert set(found.thresholds) == {"good", "bad"}


@pytest.mark.parametrize(
    "rows",
    [
        [],
        make_rows(1, 4),
        make_rows(40, 4, labels=("odd",)),
        [Example("s1", " \t", "good"), Example("s2", "\n", "bad")],
    ],
    ids=["none", "one", "one label", "no word"],
)
def test_poor_corpora_are_named_and_are_no_error(rows: list[Example]) -> None:
    found = audit(rows)
    assert all(row.real.why.startswith("no judge can be trained on the syn") for row in found.rows)
    assert all(share.why or share.value for row in found.rows for share in row.shares.values())
    assert found.rows[0].test.value is None or len(rows) > 0
    assert len(found.doubted) == min(20, len(rows))


def test_real_rows_of_one_label_train_no_judge() -> None:
    one_label = make_rows(40, 1, labels=("odd",))
    found = audit(make_rows(90, 4), RealParts(one_label, [], one_label))
    assert found.doubted == ()
    assert "no judge can be trained on the real rows" in found.rows[0].synthetic.why
    with pytest.raises(UndefinedMetricError, match="two labels"):
        fit_judge(one_label, LABELS)


def test_a_cut_leaves_twenty_rows_of_a_rare_label() -> None:
    common = [one for one in make_rows(3000, 1) if one.label != "odd"]
    rare = [one for one in make_rows(75, 2) if one.label == "odd"]
    real = RealParts([*common, *rare], REAL.validation, REAL.test)
    found = audit_labels(real, make_rows(90, 4), LABELS, 200, 0)
    assert 210 <= found.num_train <= 225
    assert found.rows[-1].real.num == 20


def test_a_share_of_interval_type_is_read_back() -> None:
    share = Share(Interval(0.5, 0.4, 0.6), 10)
    stored = {"value": {"point": 0.5, "low": 0.4, "high": 0.6, "level": 0.95}, "num": 10, "why": ""}
    assert parse(stored, Share) == share
