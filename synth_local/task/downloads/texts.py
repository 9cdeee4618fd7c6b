"""Downloads spread over several files: tweets beside their labels, reviews, sentences by level."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from synth_local.errors import DataError
from synth_local.task.downloads.source_rows import (
    Part,
    SourceRow,
    find_part,
    name_label,
    read_plain_lines,
    read_tabbed_lines,
)

TWEET_FILES: tuple[tuple[str, Part], ...] = (("train", "train"), ("val", "train"), ("test", "test"))
REVIEW_LABELS = {"neg": "negative", "pos": "positive"}
SENTIMENTS = {name: name for name in ("negative", "neutral", "positive")}
# strictest first: each file holds all sentences of those before it
AGREEMENTS = {"All": "100", "75": "75", "66": "66", "50": "50"}


def read_tweets(folder: Path) -> Iterator[SourceRow]:
    """Yield a task of TweetEval: ``{train,val,test}_{text,labels}.txt`` and ``mapping.txt``.

    The authors' train and val rows are the train part. A line with a tab in it is several records
    that ran into one when the authors read their source; which label it has cannot be told.

    Args:
        folder: of one task, such as ``datasets/irony``.

    Yields:
        SourceRow: one tweet each, or refused.

    Raises:
        DataError: a file is missing, a label has no name, or texts and labels differ in number.
    """
    mapping = read_tabbed_lines(find_part(folder, "mapping.txt"), width=2)
    names = {record.fields[0].strip(): record.fields[1].strip() for record in mapping}
    for name, part in TWEET_FILES:
        texts = list(read_plain_lines(find_part(folder, f"{name}_text.txt")))
        labels = list(read_plain_lines(find_part(folder, f"{name}_labels.txt")))
        if len(texts) != len(labels):
            raise DataError(
                f"{len(texts)} texts stand beside {len(labels)} labels",
                where=folder / f"{name}_text.txt",
                fix=f"copy {name}_text.txt and {name}_labels.txt again, byte by byte",
            )
        for text, number in zip(texts, labels, strict=True):
            label = name_label(number.fields[0], names, number.where)
            refused = "several records in one line" if "\t" in text.fields[0].strip() else ""
            yield SourceRow(text.where, part, text.fields[0], label, refused=refused)


def read_imdb(folder: Path) -> Iterator[SourceRow]:
    """Yield the Large Movie Review Dataset: ``{train,test}/{neg,pos}/*.txt``, one review a file.

    Line breaks of the web page (``<br />``) stay: the task file's ``clean`` replaces them, in
    synthetic texts as well. The unlabelled reviews are not read.

    Args:
        folder: ``aclImdb``.

    Yields:
        SourceRow: in the order of file names.

    Raises:
        DataError: a folder is missing or empty, or a review is not UTF-8.
    """
    parts: tuple[Part, ...] = ("train", "test")
    for part in parts:
        for name, label in REVIEW_LABELS.items():
            reviews = sorted(find_part(folder, f"{part}/{name}").glob("*.txt"))
            if not reviews:
                raise DataError(
                    "the folder holds no reviews",
                    where=folder / part / name,
                    fix="unpack the download again",
                )
            for path in reviews:
                text = "\n".join(record.fields[0] for record in read_plain_lines(path))
                yield SourceRow(str(path), part, text, label)


def read_phrasebank(folder: Path) -> Iterator[SourceRow]:
    """Yield the Financial PhraseBank: ``Sentences_{All,75,66,50}Agree.txt``, ``sentence@label``.

    A sentence stands in every file whose level of agreement it reaches; it is yielded once for
    each label, with the strictest level.

    Args:
        folder: that holds the four files, in Latin-1 as published or in UTF-8.

    Yields:
        SourceRow: of no official part, strictest level first.

    Raises:
        DataError: a file is missing, or a line has no ``@`` or another label.
    """
    stricter: set[tuple[str, str]] = set()
    for name, level in AGREEMENTS.items():
        found = list(_read_sentences(find_part(folder, f"Sentences_{name}Agree.txt"), level))
        yield from (row for row in found if (row.text, row.label) not in stricter)
        stricter.update((row.text, row.label) for row in found)


def _read_sentences(path: Path, level: str) -> Iterator[SourceRow]:
    for number, line in enumerate(_decode_sentences(path).split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        text, at, label = line.rpartition("@")
        if not at:
            raise DataError(
                "the line has no @ before a label",
                where=where,
                fix="take the file as it was published: sentence@label",
            )
        yield SourceRow(where, "whole", text.strip(), name_label(label, SENTIMENTS, where), level)


def _decode_sentences(path: Path) -> str:
    data = path.read_bytes()
    try:
        # somebody saved it anew; the published files are no valid UTF-8, so the two never mix up
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
