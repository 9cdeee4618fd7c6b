from __future__ import annotations

import json
from pathlib import Path

import pytest

from synth_local.errors import DataError
from synth_local.task.downloads.readers import READERS
from synth_local.task.downloads.relations import mark_entities, read_fewrel
from synth_local.task.downloads.tables import (
    read_ag_news,
    read_goemotions,
    read_humor,
    read_sarcasm,
    read_sms_spam,
)
from synth_local.task.downloads.texts import read_imdb, read_phrasebank, read_tweets
from tests.task import downloads_made as made


def test_every_task_of_the_study_has_a_reader_and_a_made_download() -> None:
    assert len(READERS) == 10
    assert set(READERS) == set(made.DOWNLOADS)


def test_news_are_headline_and_summary_with_a_named_desk(tmp_path: Path) -> None:
    made.make_news(tmp_path)
    rows = list(read_ag_news(tmp_path))
    assert [row.label for row in rows[:4]] == ["World", "Sports", "Business", "Sci/Tech"]
    assert rows[0].text == 'train headline 0 It, "so", is 0.'
    assert {row.part for row in rows} == {"train", "test"}


def test_a_header_that_a_republisher_put_before_the_news_is_no_row(tmp_path: Path) -> None:
    made.make_news(tmp_path)
    plain = len(list(read_ag_news(tmp_path)))
    path = tmp_path / "train.csv"
    path.write_text("Class Index,Title,Description\n" + path.read_text())
    assert len(list(read_ag_news(tmp_path))) == plain


def test_head_and_tail_are_marked_by_what_they_are_not_by_where_they_stand(tmp_path: Path) -> None:
    rows = {"P974": [made.make_relation(7), made.make_relation(7, tail_first=True)]}
    made.write(tmp_path / "train_wiki.json", json.dumps(rows))
    texts = [row.text for row in read_fewrel(tmp_path)]
    assert texts == [
        "The <e1>Upper Nadder7</e1> meets the <e2>Wylye7</e2> .",
        "The <e2>Upper Nadder7</e2> meets the <e1>Wylye7</e1> .",
    ]


def test_only_four_relations_of_either_file_are_read(tmp_path: Path) -> None:
    made.make_fewrel(tmp_path)
    whole = json.loads((tmp_path / "train_wiki.json").read_text())
    made.write(tmp_path / "val_wiki.json", json.dumps({"P58": whole.pop("P58"), "P1": [{}]}))
    made.write(tmp_path / "train_wiki.json", json.dumps(whole))
    rows = list(read_fewrel(tmp_path))
    assert {row.label for row in rows} == {"country", "league", "screenwriter", "tributary"}
    assert len(rows) == 4 * made.ROWS_PER_LABEL


def test_a_marker_of_one_token_opens_and_closes_on_it() -> None:
    assert mark_entities(["Fowey", "joins"], [0], [1]) == "<e1>Fowey</e1> <e2>joins</e2>"


def test_entities_that_overlap_are_refused_not_garbled(tmp_path: Path) -> None:
    row = {"tokens": ["a", "b", "c"], "h": ["", "", [[0, 1]]], "t": ["", "", [[1, 2]]]}
    made.write(tmp_path / "train_wiki.json", json.dumps({"P17": [row]}))
    assert [found.refused for found in read_fewrel(tmp_path)] == ["entities overlap"]


@pytest.mark.parametrize(
    "row",
    [
        {"tokens": ["a", "b"], "h": ["", "", [[0]]]},
        {"tokens": ["a", "b"], "h": ["", "", [[0]]], "t": ["", "", [[2]]]},
        {"tokens": ["a", "b"], "h": ["", "", [[]]], "t": ["", "", [[1]]]},
        {"tokens": ["a", "b"], "h": ["", "", [[-1]]], "t": ["", "", [[1]]]},
        ["a"],
    ],
)
def test_a_relation_in_another_form_names_its_number_and_row(tmp_path: Path, row: object) -> None:
    rows = {"P118": [made.make_relation(1), row]}
    made.write(tmp_path / "train_wiki.json", json.dumps(rows))
    with pytest.raises(DataError) as error:
        list(read_fewrel(tmp_path))
    assert error.value.where == f"{tmp_path / 'train_wiki.json'}: P118, row 2"


def test_reviews_keep_their_line_breaks_for_the_task_to_clean(tmp_path: Path) -> None:
    made.make_reviews(tmp_path, count=2)
    rows = list(read_imdb(tmp_path))
    assert len(rows) == 8  # none of the unlabelled ones
    assert all("<br /><br />" in row.text for row in rows)
    assert {(row.part, row.label) for row in rows} == {
        (part, label) for part in ("train", "test") for label in ("positive", "negative")
    }


def test_quotes_in_messages_are_letters_like_others(tmp_path: Path) -> None:
    made.make_messages(tmp_path)
    rows = list(read_sms_spam(tmp_path))
    assert len(rows) == 2 * made.ROWS_PER_LABEL
    assert (rows[1].label, rows[1].text) == ("spam", 'message "number 1')


def test_a_message_with_another_number_of_fields_names_file_and_line(tmp_path: Path) -> None:
    made.write(tmp_path / "SMSSpamCollection", "ham\tone\nspam\ttwo\tthree\n")
    with pytest.raises(DataError, match="3 fields") as error:
        list(read_sms_spam(tmp_path))
    assert error.value.where == f"{tmp_path / 'SMSSpamCollection'}:2"


def test_comments_with_several_emotions_are_refused_and_all_labels_are_kept(tmp_path: Path) -> None:
    made.make_emotions(tmp_path)
    rows = list(read_goemotions(tmp_path))
    assert [row.text for row in rows if row.refused] == ["train both", "dev both", "test both"]
    assert {row.label for row in rows if not row.refused} == {"anger", "joy", "sadness", "neutral"}
    assert {row.part for row in rows if row.text.startswith("dev")} == {"train"}


def test_an_emotion_without_a_name_is_an_error(tmp_path: Path) -> None:
    made.make_emotions(tmp_path)
    (tmp_path / "emotions.txt").write_text("anger\njoy\nsadness\n")
    with pytest.raises(DataError, match="'3'") as error:
        list(read_goemotions(tmp_path))
    assert error.value.where == f"{tmp_path / 'train.tsv'}:4"


def test_a_line_separator_inside_a_tweet_does_not_shift_the_labels(tmp_path: Path) -> None:
    made.make_tweets(tmp_path, ["non_irony", "irony"])
    texts = (tmp_path / "val_text.txt").read_text().split("\n")
    texts[0] = "two\u2028lines\u0085and \x0b more"
    (tmp_path / "val_text.txt").write_text("\n".join(texts))
    rows = {row.text.strip(): row.label for row in read_tweets(tmp_path)}
    assert rows["val tweet number 1"] == "irony"
    assert rows["two\u2028lines\u0085and \x0b more"] == "non_irony"


def test_tweets_beside_too_few_labels_are_an_error(tmp_path: Path) -> None:
    made.make_tweets(tmp_path, ["non_irony", "irony"], count=2)
    (tmp_path / "test_labels.txt").write_text("0\n1\n")
    with pytest.raises(DataError, match="4 texts stand beside 2 labels"):
        list(read_tweets(tmp_path))


def test_records_that_ran_together_are_refused(tmp_path: Path) -> None:
    made.make_tweets(tmp_path, ["non_irony", "irony"], count=1)
    (tmp_path / "train_text.txt").write_text("one tweet 17\t0\tanother \nplain\n")
    assert [bool(row.refused) for row in read_tweets(tmp_path)][:2] == [True, False]


def test_headlines_lose_the_link_that_gives_their_label_away(tmp_path: Path) -> None:
    made.make_headlines(tmp_path)
    rows = list(read_sarcasm(tmp_path))
    assert [row.label for row in rows[:2]] == ["not_sarcastic", "sarcastic"]
    assert not any("example" in row.text for row in rows)


def test_a_headline_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "Sarcasm_Headlines_Dataset.json"
    made.write(path, '{"headline": "a", "is_sarcastic": 0}\n{"headline": null, "is_sarcastic": 1}')
    with pytest.raises(DataError, match="missing") as error:
        list(read_sarcasm(tmp_path))
    assert error.value.where == f"{path}:2"


def test_jokes_are_told_by_true_and_false(tmp_path: Path) -> None:
    made.make_jokes(tmp_path)
    rows = list(read_humor(tmp_path))
    assert [(row.text, row.label) for row in rows[:2]] == [
        ("why, 0?", "humor"),
        ("why, 1?", "not_humor"),
    ]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_a_sentence_is_given_once_with_its_strictest_level(tmp_path: Path, encoding: str) -> None:
    made.make_sentences(tmp_path, count=2)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes().decode("latin-1").encode(encoding))
    rows = list(read_phrasebank(tmp_path))
    assert len({row.text for row in rows}) == len(rows) == 24
    levels = {"All": "100", "75": "75", "66": "66", "50": "50"}
    assert all(row.agreement == levels[row.text.split()[1]] for row in rows)
    assert all(row.text.startswith("Mäkelä ") and row.text.endswith(" % .") for row in rows)


def test_a_sentence_may_hold_the_sign_that_stands_before_its_label(tmp_path: Path) -> None:
    for name in ("All", "75", "66", "50"):
        made.write(tmp_path / f"Sentences_{name}Agree.txt", "mail a@b.example@neutral\n")
    assert [(row.text, row.label) for row in read_phrasebank(tmp_path)] == [
        ("mail a@b.example", "neutral")
    ]


def test_a_sentence_without_a_label_names_file_and_line(tmp_path: Path) -> None:
    made.make_sentences(tmp_path)
    made.write(tmp_path / "Sentences_75Agree.txt", "fine@neutral\nbroken\n")
    with pytest.raises(DataError, match="no @") as error:
        list(read_phrasebank(tmp_path))
    assert error.value.where == f"{tmp_path / 'Sentences_75Agree.txt'}:2"


def test_a_relation_without_a_list_of_rows_is_named(tmp_path: Path) -> None:
    (tmp_path / "train_wiki.json").write_text('{"P17": 3}')
    with pytest.raises(DataError, match="P17 has no list of rows but int"):
        list(read_fewrel(tmp_path))
