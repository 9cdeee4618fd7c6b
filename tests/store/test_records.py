from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from synth_local.core.files import write_json
from synth_local.errors import DataError
from synth_local.records import Interval
from synth_local.store.records import load, parse


@dataclass(frozen=True, slots=True)
class Leaf:
    name: str
    value: Interval | float | None
    by_size: dict[int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    leaves: tuple[Leaf, ...]
    ends: tuple[int, int] | None = None
    notes: tuple[tuple[str, ...], ...] = ()


TREE = Tree(
    leaves=(
        Leaf("a", Interval(0.1, 0.0, 1 / 3), {10: 0.5, 2: 1.0}),
        Leaf("b", 0.1 + 0.2, {}),
        Leaf("c", None, {}),
    ),
    ends=(3, 80),
    notes=(("x", "y"), ()),
)


def test_a_record_comes_back_from_its_file_and_goes_there_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "tree.json"
    write_json(path, asdict(TREE))
    found = load(path, Tree)
    assert found == TREE
    written = path.read_bytes()
    write_json(path, asdict(found))
    assert path.read_bytes() == written


def test_a_record_may_stand_under_a_key(tmp_path: Path) -> None:
    path = tmp_path / "marker.json"
    write_json(path, {"fingerprint": "f", "tree": asdict(TREE), "nothing": None})
    assert load(path, Tree, "tree") == TREE
    assert load(path, Tree, "nothing") is load(path, Tree, "absent") is None


def test_a_missing_file_is_no_record(tmp_path: Path) -> None:
    assert load(tmp_path / "none.json", Tree) is None


def test_what_is_no_number_survives() -> None:
    stored = json.loads(json.dumps(asdict(Leaf("a", math.nan, {1: math.inf}))))
    found = parse(stored, Leaf)
    assert isinstance(found.value, float)
    assert math.isnan(found.value)
    assert found.by_size == {1: math.inf}


def test_files_of_other_versions_are_read_where_their_meaning_is_the_same() -> None:
    assert parse({"leaves": [], "later": 1}, Tree) == Tree(leaves=())
    assert parse([asdict(TREE)], tuple[Tree, ...]) == (TREE,)


@pytest.mark.parametrize("stored", [{}, {"leaves": 1}, {"leaves": [], "ends": [1]}, []])
def test_another_form_is_named_with_its_file_and_what_to_do(tmp_path: Path, stored: object) -> None:
    path = tmp_path / "tree.json"
    write_json(path, stored)
    with pytest.raises(DataError, match="another form") as caught:
        load(path, Tree)
    assert caught.value.where == str(path)
    assert "synth-local run" in caught.value.fix
