"""Which Parquet files of a folder make up one split, as the Hugging Face Hub lays them out.

Names tell it: ``data/train-00000-of-00002.parquet``, ``train.parquet``, ``train/0000.parquet``. All
shards of a split are one table. Opens no file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from synth_local.errors import DataError, list_names

WHOLE = "train"  # what the hub calls rows of which nothing is said
_WORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_SPLITS = {word: split for split, words in _WORDS.items() for word in words}
_SHARD = re.compile(r"(?P<name>.*?)-?(?P<number>\d{5})-of-(?P<total>\d{5})(-[0-9a-f]+)?")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The Parquet files of a folder by split.

    Attributes:
        splits: files in the order of their names.
        others: of the splits, those that are not read.
        files: of the split that is read.
    """

    splits: Mapping[str, tuple[Path, ...]]
    others: tuple[str, ...]
    files: tuple[Path, ...]


def is_snapshot(folder: Path) -> bool:
    """Return whether a folder holds Parquet files and is not one that ``datasets`` saved."""
    saved = any((folder / name).is_file() for name in ("state.json", "dataset_dict.json"))
    return not saved and bool(_list_parquet(folder))


def find_split(folder: Path, role: str) -> Snapshot:
    """Return the files of a folder that a key of the task file reads.

    Args:
        folder: that holds Parquet files, perhaps in folders of its own.
        role: ``train`` or ``test``: of a folder with several splits the one of that name is read;
            of one with a single split that one, whatever its name.

    Raises:
        DataError: there is no such split, its files lie in several folders (configurations of one
            data set), or a shard is missing.
    """
    splits: dict[str, list[Path]] = {}
    for file in _list_parquet(folder):
        splits.setdefault(_name_split(file, folder), []).append(file)
    name = role if role in splits or len(splits) > 1 else next(iter(splits))
    if name not in splits:
        raise DataError(
            f"the folder holds the splits {list_names(list(splits))}, and no {name!r}",
            where=folder,
            fix=f"put the files of one split into a folder of their own and name it as data.{role}",
        )
    files = splits[name]
    homes = list(dict.fromkeys(str(file.parent.relative_to(folder)) for file in files))
    if len(homes) > 1:
        raise DataError(
            f"the split {name!r} lies in several folders: {list_names(homes)}",
            where=folder,
            fix="they are configurations of one data set: name one of these folders",
        )
    _check_shards(files)
    found = {split: tuple(members) for split, members in splits.items()}
    return Snapshot(found, tuple(one for one in splits if one != name), tuple(files))


def count_siblings(file: Path) -> int:
    """Return how many shards a split has of which ``file`` is one by its name; 1 where none."""
    shard = _SHARD.fullmatch(file.stem)
    return int(shard["total"]) if shard else 1


def _list_parquet(folder: Path) -> list[Path]:
    files = (
        file
        for file in folder.rglob("*")
        if file.suffix.lower() == ".parquet"
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )
    return sorted(files)


def _name_split(file: Path, folder: Path) -> str:
    """Return the split that a file's name speaks of, else its folders' names."""
    shard = _SHARD.fullmatch(file.stem)
    stem = (shard["name"] if shard else file.stem).lower()
    if shard and stem:
        return _SPLITS.get(stem, stem)
    homes = reversed(file.relative_to(folder).parts[:-1])
    for name in (stem, *(home.lower() for home in homes)):
        for word in re.split(r"[^a-z]+", name):
            if word in _SPLITS:
                return _SPLITS[word]
    return WHOLE


def _check_shards(files: list[Path]) -> None:
    groups: dict[str, list[int]] = {}
    for file in files:
        if shard := _SHARD.fullmatch(file.stem):
            groups.setdefault(f"{shard['name']}-of-{shard['total']}", []).append(
                int(shard["number"])
            )
    for name, numbers in groups.items():
        total = int(name.rpartition("-")[2])
        if missing := sorted(set(range(total)) - set(numbers)):
            raise DataError(
                f"{len(missing)} of {total} shards are missing, the first is number {missing[0]}",
                where=files[0].parent,
                fix="copy the folder again, whole",
            )
