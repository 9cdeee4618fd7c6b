"""Agreement on real data: what the toolkit reads and says, against the library on the raw file."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import krippendorff
import numpy as np
import pytest

from synth_local.analyze.agreement import measure_task
from synth_local.task import load_splits, load_task

pytestmark = pytest.mark.data
TASKS = Path(__file__).resolve().parents[2] / "tasks"


@pytest.mark.parametrize("name", ["hate_hs_brexit", "irony_multipico_en"])
def test_alpha_is_the_librarys_on_the_same_items(name: str) -> None:
    task = load_task(TASKS / f"{name}.yaml")
    test = load_splits(task).test
    found = measure_task([one.annotations for one in test])
    path = Path(os.environ["SYNTH_LOCAL_DATA"]) / name / "test.jsonl.gz"
    with gzip.open(path, "rt") as handle:
        rows = [json.loads(line) for line in handle]
    annotators = sorted({who for row in rows for who in row["annotators"]})
    matrix = np.full((len(annotators), len(rows)), np.nan)
    for place, row in enumerate(rows):
        for who, label in zip(row["annotators"], row["annotations"], strict=True):
            matrix[annotators.index(who), place] = task.labels.index(label)
    assert found.num_items == len(rows)
    alpha = krippendorff.alpha(reliability_data=matrix, level_of_measurement="nominal")
    assert found.alpha == pytest.approx(alpha, abs=1e-9)
    shares = [
        max(map(row["annotations"].count, set(row["annotations"]))) / len(row["annotations"])
        for row in rows
        if len(row["annotations"]) > 1
    ]
    assert found.mean_share == pytest.approx(np.mean(shares))
