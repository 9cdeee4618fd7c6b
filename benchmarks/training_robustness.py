"""Train ``scratch-bert`` many times over the kinds of training sets of a run; count what failed.

A training has failed where the student got less than half of what a guess leaves right among its
own training rows: its final accuracy lies nearer to the share of the commonest label than to 1.

    python -m benchmarks.training_robustness [--seeds 15] [--part K/N]

Conditions: the two simulated tasks of ``init`` (cuts of 150, 300 and 800 rows per label, the pool,
the pool with notes of another draw), and those of SMS spam where SYNTH_LOCAL_DATA is set. Which
rows a cut or a pool has depends on the seed. One thread; --part 0/2 and --part 1/2 run beside each
other. Prints one JSON line per training, and a summary.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np

from synth_local.commands.init import DIALS, NUM_TRAIN
from synth_local.config import TrainConfig
from synth_local.core.hashing import derive_seed
from synth_local.records import Example
from synth_local.task.simulated import write_simulated_task
from synth_local.train.cell import CellData, TrainReport, prepare_student, report_training
from synth_local.train.students import SCRATCH_BERT, StudentRef

POOL_SHARE = 0.1
CUTS = {"visits": (150, 300, 800), "sms": (150, 400)}
MIXED_PER_LABEL = 300
SETTINGS = {
    "visits": TrainConfig(batch=16, learning_rate=1e-3, max_length=64, min_steps=150),  # of init
    "sms": TrainConfig(batch=16, learning_rate=1e-3, max_length=96),  # of examples/study-small.yaml
}


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of one task.

    Attributes:
        name: of the task.
        family: whose settings and cuts it takes.
        rows: real ones.
        others: that stand in for a corpus.
    """

    name: str
    family: str
    rows: list[Example]
    others: list[Example]


@dataclass(frozen=True, slots=True)
class Training:
    """What one training came to."""

    condition: str
    seed: int
    num_train: int
    failed: bool
    seconds: float
    final_accuracy: float
    majority_share: float
    final_loss: float
    guess_loss: float


def main() -> None:
    """Print every training and a summary."""
    args = parse_arguments()
    logging.disable(logging.WARNING)
    part, _, num_parts = args.part.partition("/")
    with tempfile.TemporaryDirectory() as folder:
        sources = [*make_visits(Path(folder)), *read_sms()]
    plans = [
        (source, condition, seed)
        for seed in range(args.seeds)
        for source in sources
        for condition in list_conditions(source)
    ]
    done = []
    for source, condition, seed in plans[int(part) :: int(num_parts)]:
        done.append(train(source, condition, seed))
        print(json.dumps(asdict(done[-1])), flush=True)
    print(summarise(done))


def parse_arguments() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=15, help="trainings per condition")
    parser.add_argument("--part", default="0/1", metavar="K/N", help="every N-th from the K-th on")
    return parser.parse_args()


def make_visits(folder: Path) -> Iterator[Source]:
    """Yield the tasks of ``init``, with notes of another draw beside them."""
    for name, dial in DIALS.items():
        drawn = []
        for seed in (0, 1):
            place = folder / str(seed)
            write_simulated_task(
                place,
                name,
                dial=dial,
                num_train=NUM_TRAIN,
                num_test=2,
                num_annotators=5,
                seed=seed,
            )
            lines = (place / "data" / name / "train.jsonl").read_text("utf-8").splitlines()
            drawn.append(read_rows(lines, f"{name}-{seed}"))
        yield Source(name, "visits", *drawn)


def read_sms() -> Iterator[Source]:
    """Yield SMS spam where it is; every second row stands in for a corpus."""
    folder = os.environ.get("SYNTH_LOCAL_DATA")
    if folder:
        with gzip.open(
            Path(folder) / "sms_spam" / "train.jsonl.gz", "rt", encoding="utf-8"
        ) as file:
            rows = read_rows(file, "sms")
        yield Source("sms_spam", "sms", rows, rows[1::2])


def read_rows(lines: Iterable[str], prefix: str) -> list[Example]:
    """Return the rows of JSON lines."""
    values = map(json.loads, lines)
    return [
        Example(f"{prefix}-{number}", value["text"], value["label"])
        for number, value in enumerate(values)
    ]


def list_conditions(source: Source) -> list[str]:
    """Return the training sets of a task."""
    return [*(f"real {size}" for size in CUTS[source.family]), "pool", "pool + others"]


def take(source: Source, condition: str, seed: int) -> list[Example]:
    """Return the rows of one training set."""
    order = np.random.default_rng(derive_seed(seed, source.name)).permutation(len(source.rows))
    shuffled = [source.rows[place] for place in order]
    if condition.startswith("real"):
        return cut(shuffled, int(condition.split()[1]))
    pool = shuffled[: int(POOL_SHARE * len(shuffled))]
    more = cut(source.others, MIXED_PER_LABEL) if condition != "pool" else []
    return pool + more


def cut(rows: list[Example], per_label: int) -> list[Example]:
    """Return at most so many rows of each label, the first ones."""
    labels = {row.label for row in rows}
    return [row for label in labels for row in [r for r in rows if r.label == label][:per_label]]


def train(source: Source, condition: str, seed: int) -> Training:
    """Train one student and say what its report says."""
    rows = sorted(take(source, condition, seed), key=lambda row: row.id)
    labels = tuple(sorted({row.label for row in source.rows}))
    data = CellData(rows, source.others[:1], labels)
    start = time.process_time()
    settings = SETTINGS[source.family]
    prepared = prepare_student(StudentRef(SCRATCH_BERT), data, settings)
    trained = prepared.student.train(derive_seed(seed, source.name, condition), settings.min_steps)
    seconds = time.process_time() - start
    report = report_training(trained, rows)
    return Training(
        f"{source.name} {condition}",
        seed,
        len(rows),
        has_failed(report),
        round(seconds, 1),
        round(report.final_accuracy, 4),
        round(report.majority_share, 4),
        round(report.final_loss, 4),
        round(report.guess_loss, 4),
    )


def has_failed(report: TrainReport) -> bool:
    """Return whether a student learnt less than half of what guessing leaves to learn."""
    return report.final_accuracy < (1 + report.majority_share) / 2


def summarise(done: list[Training]) -> str:
    """Return how many failed, what the worst came to and how long it took."""
    worst = min(done, key=lambda one: one.final_accuracy)
    gain = min((one.final_accuracy - one.majority_share) / (1 - one.majority_share) for one in done)
    return (
        f"{sum(one.failed for one in done)} of {len(done)} trainings failed; lowest final accuracy "
        f"{worst.final_accuracy} ({worst.condition}, seed {worst.seed}), smallest share of what "
        f"guessing leaves {gain:.2f}; {sum(one.seconds for one in done):.0f} s of a processor"
    )


if __name__ == "__main__":
    main()
