from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from synth_local.config import load_run_file
from synth_local.errors import ConfigError

RUN = {
    "tasks": ["sms.yaml"],
    "generators": ["some-model"],
    "strategies": ["zero_shot", {"name": "many", "base": "few_shot", "shots": 8}],
    "students": ["tfidf-logreg"],
}


def write_run(folder: Path, **values: Any) -> Path:
    path = folder / "run.yaml"
    path.write_text(yaml.safe_dump(RUN | values))
    return path


def test_corpora_are_made_once_unless_seeds_are_listed(tmp_path: Path) -> None:
    assert load_run_file(write_run(tmp_path)).corpus_seeds == ()
    config = load_run_file(write_run(tmp_path, corpus_seeds=[3, 1], generate={"seed": 2}))
    assert config.corpus_seeds == (3, 1)


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"corpus_seeds": [-1]}, "corpus_seeds must lie in [0, 2**31), found -1"),
        ({"corpus_seeds": [2**31]}, "found 2147483648"),
        ({"corpus_seeds": [1, 1]}, "corpus_seeds: '1' stands twice"),
        ({"corpus_seeds": [1, 0]}, "holds 0, which is generate.seed"),
        ({"corpus_seeds": [1, 5], "generate": {"seed": 5}}, "holds 5, which is generate.seed"),
        ({"corpus_seeds": [1], "generators": [], "strategies": [], "corpora": {"old": "old.csv"}},
         "it needs generators and strategies"),
        ({"corpus_seeds": [1], "sources": ["real", "pool"]}, "it needs a synthetic source"),
        ({"corpus_seeds": [1, 2], "strategies": ["zero_shot",
          {"name": "zero_shot.c2", "base": "zero_shot", "chain_length": 1}]},
         "'zero_shot.c2' has the name of the repeat of 'zero_shot' from the seed 2"),
    ],
)  # fmt: skip
def test_seeds_that_repeat_nothing_or_another_corpus_are_refused(
    tmp_path: Path, values: dict[str, Any], what: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_run_file(write_run(tmp_path, **values))
    assert what in caught.value.fix


def test_a_name_like_that_of_a_repeat_is_free_while_no_repeat_takes_it(tmp_path: Path) -> None:
    named = ["zero_shot", {"name": "zero_shot.c2", "base": "zero_shot", "chain_length": 1}]
    load_run_file(write_run(tmp_path, strategies=named))
    load_run_file(write_run(tmp_path, strategies=named, corpus_seeds=[1]))
