from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_local.core.text import identify, match_key
from synth_local.errors import DataError
from synth_local.records import Example
from synth_local.task import Splits, load_splits, load_task
from synth_local.task.splits import Screened

Rows = Sequence[tuple[str, str]]


def make_rows(num_a: int, num_b: int) -> list[tuple[str, str]]:
    return [(f"a text {n}", "a") for n in range(num_a)] + [
        (f"b text {n}", "b") for n in range(num_b)
    ]


def split(
    folder: Path, train: Rows, test: Rows | None = None, pool: int = 1, **changes: Any
) -> Splits:
    value: dict[str, Any] = {
        "name": "t",
        "labels": {"a": {"description": "x"}, "b": {"description": "y"}},
        "context": "You write.",
        "kind": "text",
        "data": {"train": "train.jsonl"} | ({"test": "test.jsonl"} if test else {}),
    }
    for name, rows in (("train", train), ("test", test or [])):
        lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "t.yaml").write_text(yaml.safe_dump(value | changes), encoding="utf-8")
    return load_splits(load_task(folder / "t.yaml"), min_pool_per_label=pool)


def ids(rows: tuple[Example, ...]) -> set[str]:
    return {row.id for row in rows}


def texts(rows: tuple[Example, ...]) -> set[str]:
    return {row.text for row in rows}


def count(rows: tuple[Example, ...]) -> dict[str, int]:
    return dict(Counter(row.label for row in rows))


@settings(max_examples=40, deadline=None)
@given(st.integers(7, 80), st.integers(7, 80), st.booleans(), st.integers(1, 4), st.integers(0, 9))
def test_parts_never_overlap_and_no_row_is_lost(
    tmp_path_factory: pytest.TempPathFactory,
    num_a: int,
    num_b: int,
    official: bool,
    pool: int,
    seed: int,
) -> None:
    rows = make_rows(num_a, num_b)
    test = [("c", "a"), ("d", "b")] if official else None
    parts = split(tmp_path_factory.mktemp("t"), rows, test, pool, split_seed=seed)
    train, validation, test_ids = ids(parts.train), ids(parts.validation), ids(parts.test)
    assert not train & validation
    assert not train & test_ids
    assert not validation & test_ids
    assert ids(parts.pool) <= train
    assert len(train | validation | test_ids) == len(rows) + (2 if official else 0)
    assert all(number >= pool for number in count(parts.pool).values())
    assert all(set(count(part)) == {"a", "b"} for part in (parts.train, parts.validation))


def test_an_official_split_keeps_its_test_rows_and_cuts_the_rest_by_share(tmp_path: Path) -> None:
    parts = split(tmp_path, make_rows(200, 100), [("x", "a"), ("y", "b")])
    assert count(parts.validation) == {"a": 10, "b": 5}
    assert count(parts.train) == {"a": 190, "b": 95}
    assert count(parts.pool) == {"a": 19, "b": 10}
    assert [row.id for row in parts.test] == ["test-000000", "test-000001"]
    assert parts.train[-1].id.startswith("train-000")


def test_without_an_official_split_the_shares_are_70_5_25(tmp_path: Path) -> None:
    parts = split(tmp_path, make_rows(200, 100))
    assert count(parts.test) == {"a": 50, "b": 25}
    assert count(parts.validation) == {"a": 10, "b": 5}
    assert count(parts.train) == {"a": 140, "b": 70}
    assert all(row.id.startswith("row-") for row in (*parts.train, *parts.test))


def test_verbatim_test_matches_leave_training_and_are_counted(tmp_path: Path) -> None:
    rows = [*make_rows(30, 30), ("Win, WIN: now!", "a"), ("Win! win... \uff2e\uff2f\uff37", "b")]
    parts = split(tmp_path, rows, [("win win now", "b"), ("fresh", "a")])
    assert parts.num_test_matches == 2
    keys = {match_key(row.text) for row in (*parts.train, *parts.validation)}
    assert "winwinnow" not in keys
    assert len(parts.train) + len(parts.validation) == 60


def test_texts_without_letters_match_only_when_they_are_the_same(tmp_path: Path) -> None:
    rows = [*make_rows(30, 30), (":-)", "a"), (":-(", "b")]
    parts = split(tmp_path, rows, [(":-)", "b"), ("fresh", "a")])
    assert parts.num_test_matches == 1
    assert ":-(" in texts(parts.train) | texts(parts.validation)


def test_repeats_of_a_text_stay_out_of_a_test_part_that_is_cut(tmp_path: Path) -> None:
    rows = make_rows(40, 40) * 2
    parts = split(tmp_path, rows)
    test = {identify(row.text) for row in parts.test}
    assert not test & {identify(row.text) for row in (*parts.train, *parts.validation)}


def test_the_order_of_rows_decides_nothing(tmp_path: Path) -> None:
    rows = make_rows(60, 40)
    shuffled = random.Random(3).sample(rows, len(rows))
    before, after = split(tmp_path, rows), split(tmp_path, shuffled)
    for part in ("train", "validation", "pool", "test"):
        assert texts(getattr(before, part)) == texts(getattr(after, part))


def test_a_row_more_moves_few_others(tmp_path: Path) -> None:
    rows = make_rows(60, 40)
    before = split(tmp_path, rows, [("x", "a"), ("y", "b")])
    after = split(tmp_path, [*rows, ("new", "a")], [("x", "a"), ("y", "b")])
    assert len(texts(before.pool) ^ texts(after.pool)) <= 3


def test_a_larger_pool_contains_the_smaller_one(tmp_path: Path) -> None:
    rows = make_rows(60, 12)
    small, large = split(tmp_path, rows, pool=1), split(tmp_path, rows, pool=5)
    assert ids(small.pool) < ids(large.pool)
    assert ids(small.validation) == ids(large.validation)


def test_another_split_seed_gives_another_split(tmp_path: Path) -> None:
    rows = make_rows(60, 60)
    assert ids(split(tmp_path, rows).test) != ids(split(tmp_path, rows, split_seed=1).test)


def test_a_large_share_still_leaves_rows_for_the_other_parts(tmp_path: Path) -> None:
    test = [("x", "a"), ("y", "b")]
    parts = split(tmp_path, make_rows(10, 10), test, pool=3, validation_share=0.99)
    assert count(parts.validation) == {"a": 7, "b": 7}
    assert count(parts.pool) == count(parts.train) == {"a": 3, "b": 3}


@pytest.mark.parametrize(("test", "part"), [(None, "test"), ([("x", "a"), ("y", "b")], "valid")])
def test_a_label_too_small_to_split_is_an_error_with_its_count(
    tmp_path: Path, test: Rows | None, part: str
) -> None:
    with pytest.raises(DataError, match=rf"'b' has 4 row\(s\) left.*as {part}") as caught:
        split(tmp_path, make_rows(50, 4), test, pool=4)
    assert caught.value.where == str(tmp_path / "train.jsonl")
    assert "fewer shots" in caught.value.fix


def test_a_label_whose_training_rows_all_stand_in_the_test_part_is_an_error(tmp_path: Path) -> None:
    rows = [*make_rows(20, 0), ("same", "b")]
    with pytest.raises(DataError, match="stands in the test part too"):
        split(tmp_path, rows, [("same", "b"), ("x", "a")])


def test_the_same_rows_give_the_same_split_on_every_machine(tmp_path: Path) -> None:
    parts = split(tmp_path, make_rows(12, 12))
    assert (
        " ".join(row.id for row in parts.test)
        == "row-000004 row-000009 row-000011 row-000014 row-000017 row-000022"
    )
    assert " ".join(row.id for row in parts.pool) == "row-000010 row-000012"


def test_a_label_that_a_screen_would_empty_keeps_its_rows_and_the_file_says_so(
    tmp_path: Path,
) -> None:
    """Texts made by a pattern all come near each other: the task can be split all the same."""
    rows: Rows = [(f"{label} text {n}", label) for n in range(20) for label in ("a", "b")]
    whole = split(tmp_path, rows)
    task = load_task(tmp_path / "t.yaml")
    label = whole.train[0].label

    def screen(unseen: Sequence[Example], test: Sequence[Example]) -> Screened:
        del test
        return Screened({row.id: "near a test text" for row in unseen if row.label == label}, 0)

    screened = load_splits(task, screen=screen)
    assert {row.id for row in screened.train} == {row.id for row in whole.train}
    assert any("too few would be left" in line for line in screened.files[0].list_lines())
