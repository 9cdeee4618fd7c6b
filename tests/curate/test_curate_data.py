"""Real texts of people must come through the form check as they are."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from synth_local.curate.form import clean_completion

KINDS = {
    "ag_news": "news text", "financial_phrasebank": "sentence from financial news",
    "hate_hs_brexit": "tweet", "humor_colbert": "short text", "imdb": "film review",
    "irony_multipico_en": "post and reply", "reddit_goemotions": "Reddit comment",
    "relation_semeval2010": "sentence", "sarcasm_headlines": "news headline",
    "sms_spam": "text message", "tweet_irony": "tweet",
}  # fmt: skip
MOST_ROWS = 4000  # of a task; film reviews are long


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("task", sorted(KINDS))
def test_fewer_than_one_percent_of_real_texts_are_refused_or_changed(task: str) -> None:
    path = Path(os.environ["SYNTH_LOCAL_DATA"]) / task / "train.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no {path}")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines][:MOST_ROWS]
    labels = sorted({row["label"] for row in rows})
    outcomes: Counter[str] = Counter()
    for row in rows:
        cleaned = clean_completion(row["text"], label=row["label"], labels=labels, kind=KINDS[task])
        is_same = cleaned.text == row["text"].strip()
        outcomes[cleaned.reason or ("same" if is_same else "changed")] += 1
    share = 1 - outcomes["same"] / len(rows)
    assert share < 0.01, f"{task}: {share:.2%} of {len(rows)}: {dict(outcomes)}"
