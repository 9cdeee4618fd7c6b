"""Small downloads in the authors' form, made here; no text is from a data set."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROWS_PER_LABEL = 24


def write(path: Path, text: str, encoding: str = "utf-8") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))


def write_rows(path: Path, rows: Sequence[Sequence[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows(rows)


def make_news(folder: Path, count: int = ROWS_PER_LABEL) -> None:
    for part in ("train", "test"):
        rows = [
            [str(1 + n % 4), f"{part} headline {n}", f'It, "so", is {n}.'] for n in range(4 * count)
        ]
        write_rows(folder / f"{part}.csv", rows)


def make_relation(number: int, *, tail_first: bool = False) -> dict[str, Any]:
    tokens = ["The", "Upper", f"Nadder{number}", "meets", "the", f"Wylye{number}", "."]
    first, second = [[1, 2]], [[5]]
    head, tail = (second, first) if tail_first else (first, second)
    return {"tokens": tokens, "h": ["head", "Q1", head], "t": ["tail", "Q2", tail]}


def make_fewrel(folder: Path, count: int = ROWS_PER_LABEL) -> None:
    names = ["P17", "P118", "P58", "P974", "P999"]
    train = {
        name: [make_relation(100 * at + n) for n in range(count)] for at, name in enumerate(names)
    }
    write(folder / "train_wiki.json", json.dumps(train))


def make_reviews(folder: Path, count: int = ROWS_PER_LABEL) -> None:
    for part in ("train", "test"):
        for name in ("pos", "neg"):
            for n in range(count):
                text = f"A {name} film, the {part} one.<br /><br />Number {n}."
                write(folder / part / name / f"{n}_7.txt", text)
    write(folder / "train/unsup/0_0.txt", "nobody read me")


def make_messages(folder: Path, count: int = ROWS_PER_LABEL) -> None:
    lines = [f'{("ham", "spam")[n % 2]}\tmessage "number {n}' for n in range(2 * count)]
    write(folder / "SMSSpamCollection", "\n".join(lines) + "\n")


def make_emotions(folder: Path, count: int = ROWS_PER_LABEL) -> None:
    write(folder / "emotions.txt", "anger\njoy\nsadness\nneutral")
    for part in ("train", "dev", "test"):
        lines = [f"{part} comment {n}\t{n % 4}\tid{n}" for n in range(4 * count)]
        write(folder / f"{part}.tsv", "\n".join([*lines, f"{part} both\t1,2\tidx"]) + "\n")


def make_tweets(folder: Path, names: Sequence[str], count: int = ROWS_PER_LABEL) -> None:
    write(folder / "mapping.txt", "\n".join(f"{n}\t{name}" for n, name in enumerate(names)))
    total = count * len(names)
    for part in ("train", "val", "test"):
        texts = "".join(f"{part} tweet number {n} \n" for n in range(total))
        write(folder / f"{part}_text.txt", texts)
        write(folder / f"{part}_labels.txt", "".join(f"{n % len(names)}\n" for n in range(total)))


def make_headlines(folder: Path, count: int = ROWS_PER_LABEL) -> None:
    lines = [
        json.dumps(
            {"article_link": "https://x.example/a", "headline": f"man {n}", "is_sarcastic": n % 2}
        )
        for n in range(2 * count)
    ]
    write(folder / "Sarcasm_Headlines_Dataset.json", "\n".join(lines))


def make_sentences(folder: Path, count: int = ROWS_PER_LABEL) -> None:
    """Each level adds as many sentences of each label."""
    lines: list[str] = []
    for name in ("All", "75", "66", "50"):
        for label in ("positive", "neutral", "negative"):
            lines += [f"Mäkelä {name} {label} grew {n} % .@{label}" for n in range(count)]
        write(folder / f"Sentences_{name}Agree.txt", "\r\n".join(lines) + "\r\n", "latin-1")


def make_jokes(folder: Path, count: int = ROWS_PER_LABEL) -> None:
    rows = [[f"why, {n}?", str(n % 2 == 0)] for n in range(2 * count)]
    write_rows(folder / "dataset.csv", [["text", "humor"], *rows])


DOWNLOADS: dict[str, Callable[[Path], None]] = {
    "ag_news": make_news,
    "fewrel": make_fewrel,
    "financial_phrasebank": make_sentences,
    "humor_colbert": make_jokes,
    "imdb": make_reviews,
    "reddit_goemotions": make_emotions,
    "sarcasm_headlines": make_headlines,
    "sms_spam": make_messages,
    "tweet_emotions": lambda folder: make_tweets(folder, ["anger", "joy", "optimism", "sadness"]),
    "tweet_irony": lambda folder: make_tweets(folder, ["non_irony", "irony"]),
}
