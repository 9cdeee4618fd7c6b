"""The texts as generated, beside which a corpus is measured: copies are in it, refusals are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from synth_local.core.tables import write_parquet
from synth_local.pipeline.steps.measure import read_generated
from synth_local.records import Example
from synth_local.store.corpus import DROP_FIELDS
from synth_local.store.run_dir import CorpusKey, RunDir


def test_texts_as_generated_hold_copies_and_repeats_but_no_refusals(tmp_path: Path) -> None:
    run, key = RunDir(tmp_path), CorpusKey("sms", "tiny", "zero_shot")
    drops = [
        ("c", "I cannot", "refusal"),
        ("a", "a real text", "verbatim_copy"),
        ("d", "home", "duplicate"),
        ("e", "left over", "surplus"),
    ]
    blank: dict[str, Any] = dict.fromkeys(name for name, _ in DROP_FIELDS)
    run.corpus(key).mkdir(parents=True)
    write_parquet(
        run.corpus(key) / "drops.parquet",
        [
            {**blank, "id": name, "text": text, "label": "ham", "reason": reason}
            for name, text, reason in drops
        ],
        pa.schema(DROP_FIELDS),
    )
    texts = read_generated(run.corpus(key), [Example("b", "home", "ham")])
    assert [text.text for text in texts] == ["a real text", "home", "home", "left over"]
