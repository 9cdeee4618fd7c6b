"""Which conditions have a gap to real: tests on made predictions."""

from __future__ import annotations

from collections.abc import Sequence

from synth_local.analyze.real_partners import mark_correct, pair_with_real
from synth_local.evaluate.groups import CellPredictions, group_cells
from synth_local.records import Cell, Prediction

GOLD = ("no", "yes", "yes", "no")


def predict(
    source: str, said: Sequence[str], *, partner: str = "", student: str = "bert"
) -> CellPredictions:
    def name(source: str) -> Cell:
        generator = "-" if source in ("real", "pool") else "g"
        return Cell("task", source, generator, "-", student, 10, 1)

    rows = [
        Prediction(f"i{place}", gold, one, (0.5, 0.5))
        for place, (gold, one) in enumerate(zip(GOLD, said, strict=True))
    ]
    partners = (name(partner),) if partner else ()
    return CellPredictions(
        cell=name(source), labels=("no", "yes"), predictions=rows, partners=partners
    )


def test_a_synthetic_condition_is_paired_with_real_and_the_pool_is_none() -> None:
    cells = [
        predict("real", GOLD),
        predict("pool", GOLD, partner="real"),
        predict("synthetic", ("no", "yes", "no", "no"), partner="real"),
    ]
    ((group, partner, reason),) = pair_with_real(group_cells(cells))
    assert (group.condition.source, reason) == ("synthetic", "")
    assert partner is not None
    assert mark_correct(partner).tolist() == [[1]] * 4
    assert mark_correct(group).tolist() == [[1], [1], [0], [1]]


def test_a_partner_that_learnt_nothing_has_no_gap_and_the_reason_is_told() -> None:
    cells = [predict("real", ["yes"] * 4), predict("synthetic", GOLD, partner="real")]
    ((_, partner, reason),) = pair_with_real(group_cells(cells))
    assert partner is None
    assert reason.endswith("calls all items yes")


def test_a_condition_that_learnt_nothing_keeps_its_gap_to_a_partner_that_did() -> None:
    cells = [predict("real", GOLD), predict("synthetic", ["yes"] * 4, partner="real")]
    ((_, partner, _),) = pair_with_real(group_cells(cells))
    assert partner is not None


def test_a_missing_partner_is_named() -> None:
    ((_, partner, reason),) = pair_with_real(
        group_cells([predict("synthetic", GOLD, partner="real")])
    )
    assert partner is None
    assert reason.endswith("has no predictions")


def test_a_student_that_reads_nothing_has_no_gap() -> None:
    cells = [
        predict("real", ["no"] * 4, student="majority"),
        predict("synthetic", ["yes"] * 4, partner="real", student="majority"),
    ]
    assert not list(pair_with_real(group_cells(cells)))
