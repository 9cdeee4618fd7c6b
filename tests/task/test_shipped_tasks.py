from __future__ import annotations

import os
from pathlib import Path

import pytest

from synth_local.core.section import parse_section, read_yaml
from synth_local.task import TaskFile, load_splits, load_task

TASKS = sorted((Path(__file__).parents[2] / "tasks").glob("*.yaml"))
NAMES = {
    "ag_news", "fewrel", "financial_phrasebank", "hate_hs_brexit", "humor_colbert", "imdb",
    "irony_multipico_en", "reddit_goemotions", "relation_semeval2010", "sarcasm_headlines",
    "sms_spam", "tweet_emotions", "tweet_irony",
}  # fmt: skip


def load_spec(path: Path) -> TaskFile:
    value, lines = read_yaml(path)
    return parse_section(TaskFile, value, path, lines)


def test_all_tasks_are_there() -> None:
    assert {path.stem for path in TASKS} == NAMES


@pytest.mark.parametrize("path", TASKS, ids=lambda path: path.stem)
def test_a_shipped_task_file_is_valid_and_says_what_it_is(path: Path) -> None:
    spec = load_spec(path)
    assert spec.name == path.stem
    assert spec.context.startswith("You ")
    assert spec.license_note
    assert spec.length.max_words is not None
    assert spec.data.train == f"{spec.name}/train.jsonl.gz"
    assert all(label.description.endswith(".") and label.phrase for label in spec.labels.values())
    assert len({label.phrase for label in spec.labels.values()}) == len(spec.labels)
    assert "Licence" in path.read_text(encoding="utf-8")


@pytest.mark.data
@pytest.mark.parametrize("path", TASKS, ids=lambda path: path.stem)
def test_a_shipped_task_fits_its_data(path: Path) -> None:
    if not (Path(os.environ["SYNTH_LOCAL_DATA"]) / path.stem).is_dir():
        pytest.skip(f"the folder of {path.stem} is not under SYNTH_LOCAL_DATA")
    task = load_task(path)
    parts = load_splits(task, min_pool_per_label=4)
    assert not ({row.id for row in parts.train} & {row.id for row in parts.validation})
    assert {row.label for row in parts.test} == set(task.labels)
    bounds = task.spec.length
    assert bounds.max_words is not None
    lengths = [len(row.text.split()) for row in parts.train]
    outside = sum(not bounds.min_words <= length <= bounds.max_words for length in lengths)
    # reviews are longer than one generation of the default length; the task file says so
    assert outside / len(lengths) < (0.5 if task.name == "imdb" else 0.08)
    for row in (*parts.train, *parts.test):
        assert "<br" not in row.text
        assert task.name != "tweet_irony" or "#sarcasm " not in row.text.lower()
