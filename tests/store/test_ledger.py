from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_local.records import Completion, Slot, Turn, Verdict
from synth_local.store.ledger import LedgerWriter, read_ledger, read_segments, sum_seconds


def turn(name: str, text: str = "text", reason: str = "") -> Turn:
    slot = Slot(name, "t", "zero_shot", "a", 0, 0, 0, 1)
    return Turn(slot, Completion(name, text, 3, 2, "stop"), "0" * 16, Verdict(text, reason))


def writer(folder: Path, shard: int = 0, num_shards: int = 1) -> LedgerWriter:
    return LedgerWriter(folder, shard, num_shards, "checks", "{}")


def test_what_is_appended_is_read_back_unchanged(tmp_path: Path) -> None:
    nasty = 'a "quote"\n\u2028 \x00 \ud800 é 😀'
    with writer(tmp_path) as ledger:
        ledger.append(turn("a", nasty, "refusal"))
    row = read_ledger(tmp_path)["a"]
    assert row.completion == Completion("a", nasty, 3, 2, "stop")
    assert row.verdict == Verdict(nasty, "refusal")
    assert row.checks == "checks"


def test_a_torn_last_line_is_ignored_and_the_rest_counts(tmp_path: Path) -> None:
    with writer(tmp_path) as ledger:
        ledger.append(turn("a"))
        ledger.append(turn("b"))
    path = read_segments(tmp_path)[0].path
    path.write_bytes(path.read_bytes()[:-7])
    assert list(read_ledger(tmp_path)) == ["a"]


def test_a_segment_killed_in_its_first_line_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "n00001-k00000-s000000.jsonl").write_bytes(b'{"format": 1, "sha')
    with writer(tmp_path) as ledger:
        ledger.append(turn("a"))
    assert list(read_ledger(tmp_path)) == ["a"]


def test_a_writer_believed_dead_cannot_add_rows_after_it_was_fenced(tmp_path: Path) -> None:
    with writer(tmp_path) as zombie:
        zombie.append(turn("a", "first"))
        with writer(tmp_path) as heir:
            zombie.append(turn("b", "from the zombie"))
            heir.append(turn("b", "from the heir"))
    rows = read_ledger(tmp_path)
    assert {name: row.completion.text for name, row in rows.items()} == {
        "a": "first",
        "b": "from the heir",
    }


def test_live_siblings_do_not_fence_each_other(tmp_path: Path) -> None:
    with writer(tmp_path, 0, 2) as one:
        one.append(turn("a"))
        with writer(tmp_path, 1, 2) as two:
            two.append(turn("b"))
            one.append(turn("c"))
    assert sorted(read_ledger(tmp_path)) == ["a", "b", "c"]


def test_another_number_of_shards_takes_over_what_is_there(tmp_path: Path) -> None:
    with writer(tmp_path, 0, 1) as old:
        old.append(turn("a"))
        with writer(tmp_path, 3, 5) as new:
            old.append(turn("late"))
            new.append(turn("b"))
    assert sorted(read_ledger(tmp_path)) == ["a", "b"]


def test_seconds_are_summed_over_segments_also_of_killed_writers(tmp_path: Path) -> None:
    for start in (0.0, 100.0):
        ledger = LedgerWriter(
            tmp_path, 0, 1, "c", "{}", clock=iter([start, start + 2.0, start + 5.0]).__next__
        )
        with ledger:
            ledger.append(turn(f"{start}-a"))
            ledger.append(turn(f"{start}-b"))
    assert sum_seconds(read_ledger(tmp_path).values()) == pytest.approx(10.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=6), max_size=12, unique=True), st.integers(0, 4000))
def test_cutting_a_ledger_at_any_byte_loses_only_its_tail(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    with writer(folder) as ledger:
        for name in names:
            ledger.append(turn(name))
    path = next(folder.glob("*.jsonl"))
    path.write_bytes(path.read_bytes()[:cut])
    kept = list(read_ledger(folder))
    assert kept == names[: len(kept)]
    with writer(folder) as ledger:
        for name in names[len(kept) :]:
            ledger.append(turn(name))
    assert list(read_ledger(folder)) == names


def _write_forever(folder: Path, total: int) -> None:
    done = read_ledger(folder)
    with writer(folder) as ledger:
        for number in range(total):
            if str(number) not in done:
                ledger.append(turn(str(number), "x" * (number % 200)))
                time.sleep(0.0002)


def test_kill_at_random_moments_loses_and_doubles_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    source = random.Random(0)
    total = 1500
    for _ in range(12):
        child = context.Process(target=_write_forever, args=(tmp_path, total))
        child.start()
        time.sleep(source.uniform(0.01, 0.08))
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
    _write_forever(tmp_path, total)
    assert sorted(map(int, read_ledger(tmp_path))) == list(range(total))
    # a kill may come before a segment has its first line, which counts no turn
    lines = [len(path.read_bytes().splitlines()) for path in tmp_path.glob("*.jsonl")]
    assert sum(max(0, count - 1) for count in lines) >= total
