from __future__ import annotations

import gzip
import importlib.util
import json
import os
import re
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from synth_local.core.text import match_key
from synth_local.errors import ConfigError, DataError
from synth_local.task import load_splits, load_task
from synth_local.task.downloads import READERS, convert_download
from synth_local.task.downloads.arrange import IN_TEST, REPEAT, TWO_LABELS, arrange_rows
from synth_local.task.downloads.source_rows import Part, SourceRow
from tests.task import downloads_made as made

ROOT = Path(__file__).parents[2]


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def load_script() -> ModuleType:
    path = ROOT / "examples" / "convert_downloads.py"
    spec = importlib.util.spec_from_file_location("convert_downloads", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_row(text: str, label: str = "ham", part: Part = "whole", agreement: str = "") -> SourceRow:
    return SourceRow("made:1", part, text, label, agreement)


@pytest.mark.parametrize("task", sorted(READERS))
def test_a_download_becomes_data_that_the_shipped_task_reads(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.DOWNLOADS[task](tmp_path / "from")
    found = convert_download(task, tmp_path / "from", tmp_path / "out")
    written = sum(sum(labels.values()) for labels in found.labels.values())
    assert found.num_rows == written + sum(found.drops.values())
    monkeypatch.setenv("SYNTH_LOCAL_DATA", str(tmp_path / "out"))
    loaded = load_task(ROOT / "tasks" / f"{task}.yaml")
    parts = load_splits(loaded, min_pool_per_label=2)
    assert {row.label for row in parts.test} == set(loaded.labels)
    assert parts.num_test_matches == 0
    assert not any("<br" in row.text for row in (*parts.train, *parts.test))


def test_the_same_download_gives_the_same_bytes(tmp_path: Path) -> None:
    made.make_messages(tmp_path / "from")
    for name in ("one", "two"):
        convert_download("sms_spam", tmp_path / "from", tmp_path / name)
    for part in ("train", "test"):
        one, two = (tmp_path / name / f"sms_spam/{part}.jsonl.gz" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
        assert one.read_bytes()[4:8] == b"\0\0\0\0"  # the time that gzip would write
    convert_download("sms_spam", tmp_path / "from", tmp_path / "one")  # again, into the same place


def test_files_that_somebody_else_made_are_not_replaced(tmp_path: Path) -> None:
    made.make_messages(tmp_path / "from")
    mine = tmp_path / "out/sms_spam/test.jsonl.gz"
    made.write(mine, "mine")
    with pytest.raises(ConfigError, match="other content"):
        convert_download("sms_spam", tmp_path / "from", tmp_path / "out")
    assert mine.read_text() == "mine"
    assert sorted(path.name for path in mine.parent.iterdir()) == ["test.jsonl.gz"]


def test_a_quarter_of_each_label_and_level_is_cut_whatever_the_order_of_the_file() -> None:
    rows = [
        make_row(f"text {level} {n}", label, agreement=level)
        for level in ("100", "50")
        for label in ("ham", "spam")
        for n in range(100 if label == "ham" else 300, 100 if label == "spam" else 140)
    ]
    rows += [
        make_row(f"bulk {level} {n}", "spam", agreement=level)
        for level in ("100", "50")
        for n in range(8)
    ]
    parts = arrange_rows(rows, [], seed=0)
    assert Counter((row.label, row.agreement) for row in parts.test) == {
        ("ham", "100"): 10, ("ham", "50"): 10, ("spam", "100"): 2, ("spam", "50"): 2,
    }  # fmt: skip
    turned = arrange_rows(rows[::-1], [], seed=0)
    assert set(turned.test) == set(parts.test)
    assert set(arrange_rows(rows, [], seed=1).test) != set(parts.test)


def test_texts_that_stand_on_both_sides_leave_the_train_part() -> None:
    rows = [
        make_row("Win, now!", part="train"),
        make_row("stay", part="train"),
        make_row("win NOW", "spam", part="test"),
    ]
    parts = arrange_rows(rows, [], seed=0)
    assert [row.text for row in parts.train] == ["stay"]
    assert [row.text for row in parts.test] == ["win NOW"]
    assert parts.drops == {IN_TEST: 1}


def test_a_text_with_two_labels_is_left_out_and_a_repeat_is_kept_once() -> None:
    rows = [
        make_row("both", "ham", "train"),
        make_row("Both!", "spam", "train"),
        make_row("again", "ham", "train"),
        make_row("again.", "ham", "train"),
        make_row(" ", "ham", "train"),
        SourceRow("made:1", "train", "odd", "", refused="several emotions"),
    ]
    parts = arrange_rows(rows, [], seed=0)
    assert [row.text for row in parts.train] == ["again"]
    assert parts.drops == {
        TWO_LABELS: 2, REPEAT: 1, "nothing left of the text": 1, "several emotions": 1,
    }  # fmt: skip
    assert parts.num_rows == len(rows)


def test_a_message_without_words_is_counted_as_empty(tmp_path: Path) -> None:
    made.make_messages(tmp_path)
    with (tmp_path / "SMSSpamCollection").open("a") as handle:
        handle.write("ham\t\n")
    found = convert_download("sms_spam", tmp_path, tmp_path / "out")
    assert found.drops == {"nothing left of the text": 1}


def test_texts_are_compared_after_cleaning_but_written_as_they_are() -> None:
    rows = [
        make_row("so glad #irony", part="test"),
        make_row("so glad", part="train"),
        make_row("other #not here", part="train"),
    ]
    parts = arrange_rows(rows, [re.compile(r"(?i)#(irony|sarcasm|not)\b")], seed=0)
    assert [row.text for row in parts.train] == ["other #not here"]
    assert [row.text for row in parts.test] == ["so glad #irony"]


def test_hashtags_that_give_irony_away_never_reach_a_student(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.make_tweets(tmp_path / "from", ["non_irony", "irony"])
    path = tmp_path / "from/test_text.txt"
    lines = path.read_text().splitlines()
    path.write_text(
        "".join(f"{line} {'#Irony #nothing' * (n % 2)}\n" for n, line in enumerate(lines))
    )
    convert_download("tweet_irony", tmp_path / "from", tmp_path)
    monkeypatch.setenv("SYNTH_LOCAL_DATA", str(tmp_path))
    texts = [row.text for row in load_splits(load_task(ROOT / "tasks/tweet_irony.yaml")).test]
    assert len(texts) == len(lines)
    assert not any("#irony" in text.lower() for text in texts)
    assert sum("#nothing" in text for text in texts) == len(lines) // 2


def test_line_breaks_that_tweets_spell_out_are_cleaned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.DOWNLOADS["tweet_emotions"](tmp_path / "from")
    path = tmp_path / "from/train_text.txt"
    path.write_text(path.read_text().replace("tweet number", r"tweet\nnumber"))
    convert_download("tweet_emotions", tmp_path / "from", tmp_path)
    monkeypatch.setenv("SYNTH_LOCAL_DATA", str(tmp_path))
    parts = load_splits(load_task(ROOT / "tasks/tweet_emotions.yaml"))
    assert parts.train[0].text.startswith("train tweet number")


def test_the_other_emotions_are_in_the_files_and_not_in_the_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.make_emotions(tmp_path / "from")
    convert_download("reddit_goemotions", tmp_path / "from", tmp_path)
    written = read_lines(tmp_path / "reddit_goemotions/train.jsonl.gz")
    assert {row["label"] for row in written} == {"anger", "joy", "sadness", "neutral"}
    monkeypatch.setenv("SYNTH_LOCAL_DATA", str(tmp_path))
    parts = load_splits(load_task(ROOT / "tasks/reddit_goemotions.yaml"))
    assert {row.label for row in parts.train} == {"joy", "sadness"}
    assert parts.num_other_labels > 0


def test_the_validation_part_of_fewrel_is_a_twentieth_of_all_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.make_fewrel(tmp_path / "from", count=100)
    convert_download("fewrel", tmp_path / "from", tmp_path)
    monkeypatch.setenv("SYNTH_LOCAL_DATA", str(tmp_path))
    parts = load_splits(load_task(ROOT / "tasks/fewrel.yaml"))
    assert [len(one) for one in (parts.train, parts.validation, parts.test)] == [280, 20, 100]


def test_the_level_of_agreement_stands_beside_the_label(tmp_path: Path) -> None:
    made.make_sentences(tmp_path / "from")
    convert_download("financial_phrasebank", tmp_path / "from", tmp_path)
    levels = Counter(
        row["agreement"] for row in read_lines(tmp_path / "financial_phrasebank/test.jsonl.gz")
    )
    assert levels == dict.fromkeys(("100", "75", "66", "50"), 18)


def test_the_download_of_another_task_is_told_by_its_labels(tmp_path: Path) -> None:
    made.DOWNLOADS["tweet_emotions"](tmp_path)
    with pytest.raises(DataError, match="not one of irony, non_irony") as error:
        convert_download("tweet_irony", tmp_path, tmp_path / "out")
    assert error.value.where.endswith("train_text.txt:1")
    assert not (tmp_path / "out").exists()


def test_a_label_without_rows_is_an_error(tmp_path: Path) -> None:
    made.write(tmp_path / "SMSSpamCollection", "ham\tone\nham\ttwo\nham\tthree\nham\tfour\n")
    with pytest.raises(DataError, match="the label 'spam'"):
        convert_download("sms_spam", tmp_path, tmp_path / "out")


def test_the_script_accounts_for_every_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made.make_messages(tmp_path / "from")
    with (tmp_path / "from/SMSSpamCollection").open("a") as handle:
        handle.write("ham\tmessage number 0\n")
    out = tmp_path / "out"
    arguments = ["sms_spam", "--from", str(tmp_path / "from"), "--out", str(out)]
    assert load_script().main(arguments) == 0
    assert capsys.readouterr().out.splitlines() == [
        "       49 rows read",
        "        1 left out: repeats an earlier row",
        f"       36 in {out}/sms_spam/train.jsonl.gz: ham 18, spam 18",
        f"       12 in {out}/sms_spam/test.jsonl.gz: ham 6, spam 6",
    ]


def test_the_script_says_what_is_missing_and_returns_the_code_of_wrong_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made.write(tmp_path / "aclImdb/README", "")
    arguments = ["imdb", "--from", str(tmp_path), "--out", str(tmp_path / "out")]
    assert load_script().main(arguments) == 3
    assert capsys.readouterr().err.splitlines() == [
        "error: train/neg is missing",
        f"  at:  {tmp_path}",
        "  fix: unpack the download and name the folder that holds train/neg; found aclImdb",
    ]
    assert load_script().main(["imdb", "--from", str(tmp_path / "no"), "--out", "x"]) == 3
    assert load_script().main(["imbd", "--from", "x", "--out", "x"]) == 2


@pytest.mark.data
def test_real_sentences_survive_their_authors_form(tmp_path: Path) -> None:
    folder = Path(os.environ["SYNTH_LOCAL_DATA"]) / "financial_phrasebank"
    rows = [row for part in ("train", "test") for row in read_lines(folder / f"{part}.jsonl.gz")]
    levels = ("100", "75", "66", "50")
    for name, level in zip(("All", "75", "66", "50"), levels, strict=True):
        reached = levels[: levels.index(level) + 1]
        lines = [f"{row['text']}@{row['label']}\n" for row in rows if row["agreement"] in reached]
        made.write(tmp_path / f"Sentences_{name}Agree.txt", "".join(lines), "latin-1")
    found = convert_download("financial_phrasebank", tmp_path, tmp_path / "out")
    assert (found.num_rows, sum(found.drops.values())) == (len(rows), 0)
    written = [row for file in found.labels for row in read_lines(file)]
    assert sorted(map(str, written)) == sorted(map(str, rows))
    assert len({match_key(row["text"]) for row in written}) == len(rows)
