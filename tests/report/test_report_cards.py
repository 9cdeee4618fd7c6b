"""The card of a corpus opens with Hugging Face's own reader and holds no one else's markup."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from huggingface_hub import DatasetCard
from hypothesis import given
from hypothesis import strategies as st

from synth_local.report.dataset_card import escape_markdown, write_dataset_card
from tests.report.made_report import HOSTILE, make_data, make_task


def make_card(generator: str = "tiny-sms", **changes: object) -> str:
    data = make_data((make_task(),), (generator,), ("zero_shot",), ())
    manifest = replace(data.corpora[0].manifest, **changes)  # type: ignore[arg-type]
    part = replace(data.corpora[0], manifest=manifest)
    return write_dataset_card(data, part)


def test_the_hub_reads_the_front_matter() -> None:
    data: Any = DatasetCard(make_card()).data
    assert data.language == ["en"]
    assert data.license == "other"
    assert data.size_categories == ["n<1K"]
    assert data.task_categories == ["text-classification"]
    assert data.to_dict()["synth_local"]["generator"] == "tiny-sms"


def test_the_card_says_what_was_seen_dropped_and_how_to_load() -> None:
    card = make_card()
    assert 'load_dataset("parquet", data_files="train.parquet"' in card
    assert "has seen 2,816 real texts (train) of this task; the pool has 297" in card
    assert "| near\\_duplicate |" in card
    assert "reproducibility | exact" in card
    assert "Incomplete" not in card


def test_an_incomplete_corpus_says_so() -> None:
    card = make_card(complete=False, shortfall="spam: 284 of 300 rows")
    assert "> **Incomplete.** spam: 284 of 300 rows" in card


def test_hostile_names_neither_add_a_key_nor_a_tag() -> None:
    card = make_card(
        generator=HOSTILE[0] + "\nlicense: mit\n---\n",
        shortfall=HOSTILE[1],
        complete=False,
        engine={"name": HOSTILE[0], "version": "| x |\n\n# y"},
        drops={"ham": {"=<img>|": 2}},
    )
    front = yaml.safe_load(card.split("---\n")[1])
    assert front["license"] == "other"
    body = card.split("---\n", 2)[2]
    assert "<script" not in body.replace("\\<", "")
    assert "<img" not in body.replace("\\<", "")
    assert "\n# y" not in body


@given(st.text())
def test_escaped_markdown_is_one_line_without_live_marks(text: str) -> None:
    escaped = escape_markdown(text)
    assert "\n" not in escaped
    for mark in "<|`[":
        assert escaped.count(mark) == escaped.count(f"\\{mark}")


@pytest.mark.parametrize(
    ("count", "name"), [(999, "n<1K"), (1000, "1K<n<10K"), (10**6, "1M<n<10M")]
)
def test_sizes_are_spelled_as_the_hub_does(count: int, name: str) -> None:
    assert f"- {name}\n" in make_card(accepted={"ham": count})


def test_a_corpus_brought_along_says_its_file_and_names_no_generator() -> None:
    brought = {"file": "old<b>.csv\n---\nlicense: mit", "digest": "ab" * 32, "rows": 1234}
    card = make_card("old-chat", strategy="brought", brought=brought)
    front = yaml.safe_load(card.split("---\n")[1])
    assert front["synth_local"]["file_digest"] == "ab" * 32
    assert (front["license"], front["license_name"]) == ("other", "unknown")
    assert "synthetic" not in front["tags"]
    body = card.split("---\n", 2)[2]
    assert "Nothing is known of what it has seen" in body
    assert "rows in the file | 1,234" in body
    assert "written by the local language model" not in body
    assert "<b>" not in body.replace("\\<", "")
