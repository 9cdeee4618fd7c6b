"""Verdicts are told in one way everywhere, and claim no more than their interval."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_local.evaluate.verdicts.verdict import QUESTIONS, Question, Verdict, answer
from synth_local.evaluate.verdicts.words import (
    format_asked,
    format_basis,
    format_difference,
    format_settling,
    format_verdict,
    name_answer,
)

MADE = Verdict(
    task="t",
    student="s",
    question="instead_of_real",
    verdict="as_good",
    condition="t__synthetic__g__few_shot__s__n600",
    partner="t__real__-__-__s__n600",
    gap=0.004,
    low=-0.007,
    high=0.015,
    num_tried=4,
    items_low=-0.002,
    items_high=0.01,
    num_train=600,
    partner_num_train=600,
    num_test=1000,
    score=0.958,
    partner_score=0.962,
    floor=0.462,
)


def test_as_good_names_margin_partner_corpus_and_the_interval_that_decided() -> None:
    assert format_verdict(MADE) == (
        "As good as the same number of real texts within 0.02, for this corpus: "
        "difference -0.004 [-0.015, +0.007] macro-F1."
    )
    assert name_answer(MADE) == "As good within 0.02"


def test_what_it_rests_on_is_told_with_test_items_only_second_and_the_share_of_the_lift() -> None:
    assert format_basis(MADE) == (
        "s trained on 600 rows of synthetic (few_shot texts of g) has macro-F1 0.958, on 600 rows "
        "of real 0.962; 1,000 test texts.",
        "Interval widened for the best of 4; test items only [-0.010, +0.002].",
        "That is 99% of what real teaches above the floor of 0.462.",
    )


def test_a_score_at_the_floor_or_below_is_no_share_of_anything() -> None:
    assert format_basis(replace(MADE, gap=0.6, score=0.362))[-1] == (
        "That is no more than the floor of 0.462."
    )


def test_what_was_asked_names_the_best_condition_and_what_counts_as_good() -> None:
    assert format_asked(MADE) == (
        "Synthetic instead of as many real texts? Student s, few_shot texts of g, the best of 4 "
        "tried. A loss of up to 0.02 counts as good."
    )
    added = replace(MADE, question="with_pool", num_tried=1)
    assert format_asked(added) == "Synthetic added to the pool? Student s, few_shot texts of g."
    nothing = Verdict(task="t", student="s", question="with_pool", verdict="none")
    assert format_asked(nothing) == "Synthetic added to the pool? Student s."


def test_a_margin_of_another_size_is_the_one_that_is_named() -> None:
    assert name_answer(replace(MADE, margin=0.005)) == "As good within 0.005"
    assert "more than 0.1" in format_verdict(
        replace(MADE, verdict="worse", margin=0.1, gap=0.3, low=0.2, high=0.4)
    )


def test_worse_calls_the_difference_a_loss() -> None:
    told = format_verdict(replace(MADE, verdict="worse", gap=0.1, low=0.05, high=0.15))
    assert told.startswith(
        "Worse than the same number of real texts by more than 0.02, for this corpus"
    )
    assert "difference -0.100 [-0.150, -0.050] macro-F1, a loss" in told


def test_an_open_question_says_what_would_settle_it() -> None:
    one = replace(MADE, verdict="open", high=0.03, settles=("about 1,900 test texts (…)",))
    assert format_verdict(one).endswith("; about 1,900 test texts (…) would settle it.")
    assert format_settling(replace(one, settles=("the gap lies at the margin",))) == (
        "the gap lies at the margin"
    )


def test_no_verdict_gives_the_reason_even_where_nothing_was_compared() -> None:
    one = Verdict(task="t", student="s", question="instead_of_real", verdict="none")
    assert format_verdict(one) == "No verdict: nothing was compared."
    assert format_verdict(replace(one, reasons=("1 of 2 trainings failed",))) == (
        "No verdict: 1 of 2 trainings failed."
    )
    assert (format_basis(one), format_difference(one)) == ((), "")


def test_several_corpora_are_counted_in_the_sentence() -> None:
    assert "over 3 corpora" in format_verdict(replace(MADE, num_corpora=3))


@pytest.mark.parametrize(
    ("source", "told"), [("pool", "Helps the pool"), ("real", "Helps all real texts")]
)
def test_an_addition_names_what_was_added_to(source: str, told: str) -> None:
    question: Question = "with_pool" if source == "pool" else "with_all_real"
    partner = f"t__{source}__-__-__s__n60"
    one = replace(MADE, question=question, verdict="helps", partner=partner, gap=-0.05)
    one = replace(one, low=-0.08, high=-0.02)
    assert format_verdict(one).startswith(told)
    assert "difference +0.050 [+0.020, +0.080] macro-F1, a gain" in format_verdict(one)


@given(
    question=st.sampled_from(list(QUESTIONS)),
    low=st.floats(-0.5, 0.5),
    width=st.floats(0, 0.4),
    margin=st.floats(0, 0.5),
)
def test_nothing_is_said_to_lose_or_gain_while_the_interval_holds_zero(
    question: Question, low: float, width: float, margin: float
) -> None:
    high = low + width
    made = answer(question, low, high, margin)
    one = replace(MADE, question=question, verdict=made, gap=(low + high) / 2, margin=margin)
    told = format_verdict(replace(one, low=low, high=high))
    says = re.search(r"\b(loss|gain|higher|lower)\b", told)
    assert (says is not None) == (not low <= 0 <= high)
    assert "No difference" not in told
