"""Downloads with one row a line: news, text messages, comments, headlines, short texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from synth_local.task.downloads.source_rows import (
    Part,
    SourceRow,
    find_part,
    name_label,
    read_plain_lines,
    read_tabbed_lines,
)
from synth_local.task.examples import check_text
from synth_local.task.formats.json_rows import read_json_rows
from synth_local.task.formats.separated import read_fields, read_separated

NEWS_DESKS = {"1": "World", "2": "Sports", "3": "Business", "4": "Sci/Tech"}
NEWS_HEADER = ["Class Index", "Title", "Description"]  # one republisher adds it
SPAM_LABELS = {"ham": "ham", "spam": "spam"}
SARCASM_LABELS = {"0": "not_sarcastic", "1": "sarcastic"}
HUMOR_LABELS = {"True": "humor", "False": "not_humor"}


def read_ag_news(folder: Path) -> Iterator[SourceRow]:
    """Yield AG News: ``train.csv`` and ``test.csv`` with class number, title and description.

    Yields:
        SourceRow: headline, a blank and the summary, with the source's escapes.

    Raises:
        DataError: a file is missing, or a row does not fit.
    """
    parts: tuple[Part, ...] = ("train", "test")
    for part in parts:
        for record in read_fields(find_part(folder, f"{part}.csv"), ",", width=3):
            number, title, description = record.fields
            if record.fields == NEWS_HEADER:
                continue
            label = name_label(number, NEWS_DESKS, record.where)
            yield SourceRow(record.where, part, f"{title.strip()} {description.strip()}", label)


def read_sms_spam(folder: Path) -> Iterator[SourceRow]:
    """Yield the SMS Spam Collection: ``SMSSpamCollection`` with label, tab, message.

    Yields:
        SourceRow: of no official part.

    Raises:
        DataError: the file is missing, or a row does not fit.
    """
    for record in read_tabbed_lines(find_part(folder, "SMSSpamCollection"), width=2):
        label, text = record.fields
        yield SourceRow(record.where, "whole", text, name_label(label, SPAM_LABELS, record.where))


def read_goemotions(folder: Path) -> Iterator[SourceRow]:
    """Yield GoEmotions: ``{train,dev,test}.tsv`` with text, emotion numbers and comment.

    All 28 emotions are kept, so that other task files can choose other labels; rows with more than
    one emotion are refused. The authors' train and dev rows are the train part.

    Args:
        folder: that holds the three files and ``emotions.txt``, or ``labels.txt`` as some
            republishers call it.

    Yields:
        SourceRow: one emotion each, or refused.

    Raises:
        DataError: a file is missing, or a row does not fit.
    """
    listed = "labels.txt" if (folder / "labels.txt").is_file() else "emotions.txt"
    lines = [record.fields[0].strip() for record in read_plain_lines(find_part(folder, listed))]
    emotions = {str(number): name for number, name in enumerate(filter(None, lines))}
    files: tuple[tuple[str, Part], ...] = (("train", "train"), ("dev", "train"), ("test", "test"))
    for name, part in files:
        for record in read_tabbed_lines(find_part(folder, f"{name}.tsv"), width=3):
            text, numbers, _ = record.fields
            labels = [name_label(one, emotions, record.where) for one in numbers.split(",")]
            if len(labels) == 1:
                yield SourceRow(record.where, part, text, labels[0])
            else:
                yield SourceRow(record.where, part, text, "", refused="several emotions")


def read_sarcasm(folder: Path) -> Iterator[SourceRow]:
    """Yield the sarcasm headlines, version 1: ``Sarcasm_Headlines_Dataset.json``.

    Args:
        folder: that holds the file, one JSON object a line.

    Yields:
        SourceRow: of no official part; the link to the article, which names the outlet and so the
            label, is left behind.

    Raises:
        DataError: the file is missing, or a row does not fit.
    """
    path = find_part(folder, "Sarcasm_Headlines_Dataset.json")
    for row in read_json_rows(path, "headline", "is_sarcastic"):
        label = name_label(str(row.label), SARCASM_LABELS, row.where)
        text = check_text(row.text, "headline", row.where)
        yield SourceRow(row.where, "whole", text, label)


def read_humor(folder: Path) -> Iterator[SourceRow]:
    """Yield ColBERT's 200,000 short texts: ``dataset.csv`` with the columns text and humor.

    Yields:
        SourceRow: of no official part.

    Raises:
        DataError: the file is missing, or a row does not fit.
    """
    for row in read_separated(find_part(folder, "dataset.csv"), "text", "humor", ","):
        label = name_label(str(row.label), HUMOR_LABELS, row.where)
        yield SourceRow(row.where, "whole", row.text, label)
