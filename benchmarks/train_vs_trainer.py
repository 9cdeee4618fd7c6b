"""Train the same student by our loop and by transformers' Trainer, in turns, and print the ratio.

Both get the same initial weights, texts, batch, steps, learning rate, padding to the longest row
of a batch, grouping by length and bfloat16. The Trainer runs as its authors set it up; nothing is
logged, evaluated or saved on either side. Making models and Trainers is not timed.

    python benchmarks/train_vs_trainer.py [--hidden 128 --layers 2 --steps 100 --repeats 5]

Texts are those of SMS spam where SYNTH_LOCAL_DATA is set, else made ones of such lengths.
"""

from __future__ import annotations

import argparse
import copy
import gzip
import json
import logging
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GOMP_SPINCOUNT", "2000")  # as the command line sets it

import numpy as np
import torch
import transformers
from accelerate.state import AcceleratorState
from datasets import Dataset

from synth_local.records import Example
from synth_local.train.encoder.loop import LoopSettings, helps_bf16, open_accelerator, train_model
from synth_local.train.encoder.tokens import TokenRows, tokenise, train_tokenizer

Preparation = Callable[[], Callable[[], object]]
LABELS = ("ham", "spam")
RATE = 1e-3


def main() -> None:
    """Print seconds of each repeat and the median ratio; fail where ours is slower."""
    args = parse_arguments()
    logging.disable(logging.WARNING)
    examples = read_sms() or make_sms(3128)
    texts = [row.text for row in examples]
    tokenizer = train_tokenizer(texts, 4000, args.max_length)
    rows = tokenise(tokenizer, texts, args.max_length)
    targets = np.array([LABELS.index(row.label) for row in examples])
    model = make_model(args, len(tokenizer))
    ours = make_our_run(args, model, rows, targets)
    theirs = make_trainer_run(args, model, rows, targets, tokenizer)
    print(
        f"{len(texts)} texts, mean {rows.lengths.mean():.0f} tokens, batch {args.batch}, "
        f"{args.steps} steps, {args.layers} layers of {args.hidden}, "
        f"{torch.get_num_threads()} threads, bf16 {helps_bf16(find_device())}"
    )
    ratios = []
    for repeat in range(args.repeats + 1):
        seconds = {name: measure(run) for name, run in (("ours", ours), ("Trainer", theirs))}
        ratio = seconds["Trainer"] / seconds["ours"]
        note = " (warm-up, left out)" if repeat == 0 else ""
        print(
            f"ours {seconds['ours']:.2f} s, Trainer {seconds['Trainer']:.2f} s, "
            f"ratio {ratio:.3f}{note}",
            flush=True,
        )
        ratios += [ratio] if repeat else []
    median = statistics.median(ratios)
    print(
        f"Trainer's seconds over ours: median {median:.3f}, "
        f"{min(ratios):.3f} to {max(ratios):.3f} in {args.repeats} repeats"
    )
    if median < 1:
        raise SystemExit(1)


def parse_arguments() -> argparse.Namespace:
    """Return the command line's settings."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (
        ("hidden", 128),
        ("layers", 2),
        ("batch", 64),
        ("steps", 100),
        ("max-length", 128),
        ("repeats", 5),
        ("threads", 2),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    return args


def read_sms() -> list[Example]:
    """Return the training texts of SMS spam, or nothing where they are not there."""
    path = Path(os.environ.get("SYNTH_LOCAL_DATA", "")) / "sms_spam" / "train.jsonl.gz"
    if not path.is_file():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Example(str(place), row["text"], row["label"]) for place, row in enumerate(rows)]


def make_sms(num_rows: int) -> list[Example]:
    """Return made texts whose lengths are spread like those of text messages."""
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefghij"), 4)) for _ in range(3000)]
    lengths = np.clip(rng.lognormal(2.5, 0.6, num_rows), 2, 100).astype(int)
    return [
        Example(str(place), " ".join(rng.choice(words, length)), LABELS[int(rng.random() < 0.13)])
        for place, length in enumerate(lengths)
    ]


def make_model(args: argparse.Namespace, vocab_size: int) -> Any:
    """Return the BERT that both sides start from."""
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=vocab_size,
        hidden_size=args.hidden,
        num_hidden_layers=args.layers,
        num_attention_heads=max(1, args.hidden // 64),
        intermediate_size=4 * args.hidden,
    )
    return transformers.BertForSequenceClassification(config)  # type: ignore[no-untyped-call]


def make_our_run(
    args: argparse.Namespace, model: Any, rows: TokenRows, targets: Any
) -> Preparation:
    """Return what prepares a training of a copy of ``model`` by our loop."""
    settings = LoopSettings(args.steps, args.batch, args.batch, RATE, 0.1, 0.01, 0)

    def prepare() -> Callable[[], object]:
        own, accelerator = copy.deepcopy(model), open_accelerator()
        return lambda: train_model(own, rows, targets, settings, accelerator)

    return prepare


def make_trainer_run(
    args: argparse.Namespace, model: Any, rows: TokenRows, targets: Any, tokenizer: Any
) -> Preparation:
    """Return what prepares a training of a copy of ``model`` by transformers' Trainer."""
    data = Dataset.from_dict(
        {
            "input_ids": [row.tolist() for row in rows.ids],
            "labels": targets.tolist(),
            "length": rows.lengths.tolist(),
        }
    )
    settings = transformers.TrainingArguments(
        output_dir="trainer_output",
        max_steps=args.steps,
        per_device_train_batch_size=args.batch,
        learning_rate=RATE,
        warmup_steps=int(0.1 * args.steps),
        weight_decay=0.01,
        train_sampling_strategy="group_by_length",
        bf16=helps_bf16(find_device()),
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=not torch.accelerator.is_available(),
    )

    def prepare() -> Callable[[], object]:
        trainer = transformers.Trainer(
            model=copy.deepcopy(model),
            args=settings,
            train_dataset=data,
            data_collator=transformers.DataCollatorWithPadding(tokenizer),
        )
        trainer.remove_callback(transformers.PrinterCallback)
        return trainer.train

    return prepare


def find_device() -> torch.device:
    """Return where both sides train."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def measure(prepare: Preparation) -> float:
    """Return the wall-clock seconds of one training, without its preparation."""
    AcceleratorState._reset_state(reset_partial_state=False)  # the two sides cast in other places
    train = prepare()
    start = time.perf_counter()
    train()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
