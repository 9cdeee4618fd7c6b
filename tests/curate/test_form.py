"""What is left of completions that instruct models write, and what people write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from synth_local.core.text import match_key
from synth_local.curate.form import Cleaned, clean_completion
from synth_local.curate.reasons import REASONS

FIXTURES = yaml.safe_load((Path(__file__).parent / "fixtures" / "completions.yaml").read_text())
CASES = FIXTURES["cases"]
LABELS = ["ham", "spam"]


def clean(case: dict[str, Any]) -> Cleaned:
    return clean_completion(case["raw"], label=case["label"], **FIXTURES["sets"][case["set"]])


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["raw"][:60]))
def test_a_completion_becomes_its_text_or_a_reason(case: dict[str, Any]) -> None:
    cleaned = clean(case)
    if "reason" in case:
        assert cleaned.reason == case["reason"]
    else:
        assert cleaned == Cleaned(case["raw"] if case.get("unchanged") else case["text"])


def test_there_are_a_hundred_fixtures_and_thirty_of_them_are_people() -> None:
    num_unchanged = sum("unchanged" in case for case in CASES)
    assert len(CASES) - num_unchanged >= 100
    assert num_unchanged >= 30
    assert {case["reason"] for case in CASES if "reason" in case} <= set(REASONS)


@pytest.mark.parametrize("case", [one for one in CASES if "reason" not in one])
def test_cleaning_a_cleaned_text_changes_nothing(case: dict[str, Any]) -> None:
    text = clean(case).text
    assert clean({**case, "raw": text}) == Cleaned(text)


WRAPPINGS = (
    "Sure! Here is a spam message:\n\n{}",
    "Label: spam\nText: {}",
    "**{}**",
    "1. {}",
    "{}\n\nLet me know if you'd like another one!",
    "<think>hm</think>{}",
)


@given(
    st.lists(st.sampled_from(["win", "cash", "call", "today", "flat", "our", "shop"]), min_size=2),
    st.lists(st.sampled_from(WRAPPINGS), max_size=3, unique=True),
)
def test_wrappings_come_off_in_any_order(words: list[str], wrappings: list[str]) -> None:
    text = " ".join(words)
    raw = f'"{text}"'
    for wrapping in wrappings:
        if wrapping != "**{}**" or "\n" not in raw:  # bold marks enclose a line
            raw = wrapping.format(raw)
    assert match_key(clean_completion(raw, label="spam", labels=LABELS).text) == match_key(text)


@given(st.text())
def test_any_completion_gives_a_text_or_a_known_reason(raw: str) -> None:
    cleaned = clean_completion(raw, label="spam", labels=LABELS)
    assert cleaned.reason in {"", *REASONS}
    assert cleaned.text == cleaned.text.strip()
    assert bool(cleaned.reason) or match_key(cleaned.text)


def test_labels_with_signs_of_patterns_do_no_harm() -> None:
    labels = ["Cause-Effect(e1,e2)", "a|b", "(?P<x>"]
    raw = "Label: Cause-Effect(e1,e2)\nThe <e1>rain</e1> made the <e2>flood</e2>."
    cleaned = clean_completion(raw, label=labels[0], labels=labels, kind="sentence (*)")
    assert cleaned == Cleaned("The <e1>rain</e1> made the <e2>flood</e2>.")
