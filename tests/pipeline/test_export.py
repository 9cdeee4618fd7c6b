"""``export``: a run's corpora as one table, and a card that says what is in it."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from synth_local.cli.main import main
from tests.pipeline.conftest import SmallRun, make_rows, write_rows

pytestmark = pytest.mark.slow  # looks at a whole run


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def test_all_accepted_rows_are_handed_out_without_exemplars(
    finished_run: SmallRun, tmp_path: Path
) -> None:
    files = [tmp_path / f"notes.{ending}" for ending in ("parquet", "csv", "jsonl")]
    for file in files:
        done = finished_run.call("export", str(finished_run.out), "--out", str(file))
        assert done.returncode == 0, done.stderr
        (tmp_path / "notes.README.md").rename(tmp_path / f"{file.suffix[1:]}.md")
    tables = [read(file) for file in files]
    assert len(tables[0]) == 160
    assert [row["text"] for row in tables[0]] == [row["text"] for row in tables[1]]
    assert tables[0] == tables[2]
    assert set(tables[0][0]) == {
        *("text", "label", "task", "generator", "strategy", "id"),
        *("looks_personal", "personal_in_pool", "closest_real"),
    }
    shares = [row["closest_real"] for row in tables[0]]
    assert all(0 <= share <= 1 for share in shares if share is not None)
    assert any(shares)
    card = (tmp_path / "parquet.md").read_text()
    assert "160 texts with labels" in card
    assert "| fake-a | unknown: its card states none |" in card
    assert "closest\\_real" in card or "closest_real" in card


def test_one_corpus_can_be_chosen_and_an_unknown_one_is_an_error(
    finished_run: SmallRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "one.csv"
    order = ["export", str(finished_run.out), "--out", str(file)]
    assert main([*order, "--corpus", "weather/fake-a/few_shots"]) == 2
    assert "few_shot" in capsys.readouterr().err
    assert not file.exists()
    assert main([*order, "--corpus", "weather/fake-a/few_shot"]) == 0
    assert {row["strategy"] for row in read(file)} == {"few_shot"}
    assert main(order) == 2  # nothing is written over
    assert "already" in capsys.readouterr().err
    assert main(["export", str(finished_run.out), "--out", str(tmp_path / "x.txt")]) == 2


def test_where_the_real_texts_are_not_here_nothing_is_said_of_closeness(
    finished_run: SmallRun, tmp_path: Path
) -> None:
    out = shutil.copytree(finished_run.out, tmp_path / "run")
    gone = finished_run.folder.with_name("gone")
    finished_run.folder.rename(gone)
    try:
        assert main(["export", str(out), "--out", str(tmp_path / "e.jsonl")]) == 0
    finally:
        gone.rename(finished_run.folder)
    rows = read(tmp_path / "e.jsonl")
    assert (
        {row["closest_real"] for row in rows} == {row["personal_in_pool"] for row in rows} == {None}
    )
    assert "its real texts are not here" in (tmp_path / "e.README.md").read_text()


def test_what_looks_personal_is_flagged_and_what_the_pool_has_is_told(small_run: SmallRun) -> None:
    texts = [
        {**row, "text": f"{row['text']}, ring 07700 9001{number:02}"} if number % 2 == 0 else row
        for number, row in enumerate(make_rows(80, 7))
    ]
    write_rows(small_run.folder / "mine.jsonl", texts)
    train = (small_run.folder / "train.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in train]
    for number, row in enumerate(rows):  # every real text holds one of the numbers
        row["text"] += f", or ring 07700 9001{number % 40:02}"
    write_rows(small_run.folder / "train.jsonl", rows)
    small_run.change(generators=[], corpora={"mine": {"weather": "mine.jsonl"}}, strategies=[])
    assert small_run.run("--until", "curate").returncode == 0
    file = small_run.folder / "mine-out.parquet"
    done = small_run.call("export", str(small_run.out), "--out", str(file))
    assert done.returncode == 0, done.stderr
    assert "40 texts hold something that looks personal" in done.stdout
    table = read(file)
    assert {row["looks_personal"] for row in table if row["label"] == "sunny"} == {"phone"}
    assert {row["looks_personal"] for row in table if row["label"] == "rainy"} == {""}
    assert any(row["personal_in_pool"] for row in table)
    card = (small_run.folder / "mine-out.README.md").read_text()
    assert "| mine | unknown: brought along from a file | unknown | unknown |" in card
    assert "| phone numbers | 40 |" in card
    assert "Who or what wrote these texts" in card


def test_before_any_corpus_is_finished_there_is_nothing_to_hand_out(small_run: SmallRun) -> None:
    assert small_run.run("--until", "generate").returncode == 0
    done = small_run.call("export", str(small_run.out), "--out", str(small_run.folder / "e.csv"))
    assert done.returncode == 2
    assert "no corpus of the run is finished" in done.stderr


def test_the_card_of_two_generators_lists_licence_and_condition_of_each(
    small_run: SmallRun,
) -> None:
    readme = small_run.folder / "models" / "fake-b" / "README.md"
    outputs = {
        "may_train": "on_condition",
        "quote": "name the new model after ours",
        "link": "https://example.org/licence",
    }
    front = {"license": "made-up", "synth_local": {"outputs": outputs}}
    readme.write_text("---\n" + yaml.safe_dump(front) + "---\n")
    small_run.change(generators=["fake-a", "fake-b"], strategies=["zero_shot"], per_label=10)
    assert small_run.run("--until", "curate").returncode == 0
    file = small_run.folder / "both.parquet"
    assert small_run.call("export", str(small_run.out), "--out", str(file)).returncode == 0
    card = (small_run.folder / "both.README.md").read_text().replace("\\", "")
    assert "| fake-a | unknown: its card states none | unknown |" in card
    assert '| fake-b | made-up | on condition: "name the new model after ours" (https' in card
