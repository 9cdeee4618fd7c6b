"""A task whose subjectivity is a dial: notes with a known score, read by simulated annotators.

Each annotator calls a note ``pleased`` when its score lies above a threshold. At dial 0 all
thresholds are 0 and all annotators agree. As the dial goes up, thresholds spread: each annotator
has a leaning that never changes, and a mood that is drawn anew for every note. Gold is the
majority, so that with the dial the borderline notes become a matter of taste.

The effect is put in by rule, for demonstrations and as a control; it says nothing about people.
The same seed gives the same notes at every dial: only what annotators make of them changes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

from synth_local.core.files import write_text
from synth_local.core.hashing import derive_seed
from synth_local.core.text import match_key
from synth_local.errors import ConfigError
from synth_local.task.grammar import MAX_WORDS, MIN_WORDS, write_note
from synth_local.task.task_file import check_task_name

LABELS = ("pleased", "displeased")
LEANING = 0.3  # standard deviation of annotators' fixed thresholds at dial 1, in units of score
MOOD = 0.6  # standard deviation of what a mood adds to them at dial 1
MAX_ATTEMPTS = 1000  # draws for one new note; the grammar has far more notes than anybody needs

TASK_TEMPLATE = """\
# A simulated task: notes about visits, made by a grammar, labelled by simulated annotators.
# dial {dial} (0: everybody agrees, 1: a matter of taste), {num_annotators} annotators, seed {seed}.
# {train_comment}
name: {name}
language: en
labels:                       # the order decides the order of columns in tables
  pleased:
    description: The writer liked the visit, all in all. What is praised outweighs what is not.
    phrase: pleased with the visit
  displeased:
    description: The writer did not like the visit, all in all. What is wrong outweighs the rest.
    phrase: displeased with the visit
context: >-
  You keep a pocket diary. After each visit to a cafe, a shop, a hostel or the like you write down
  where and when it was and how two or three things there were.
kind: visit note              # what one text is; stands behind "Write one" in prompts
length: {{min_words: {min_words}, max_words: {max_words}}}
split_seed: 0                 # decides which rows are validation and pool; runs never change it
data:                         # relative to this file, unless SYNTH_LOCAL_DATA holds the same path
  train: {train}
  test: {test}
  text: text
  label: label
  annotations: annotations    # what each annotator called it: how much people agree
pool_share: 0.1               # the small real set that few-shot examples come from
license_note: Made by a program; use it as you like.
"""


@dataclass(frozen=True, slots=True)
class SimulatedFiles:
    """What was written for one simulated task.

    Attributes:
        train_file: all training rows, one JSON object a line: text, label, annotations.
        others_task_file: of a task of other notes, for a simulated generator to be trained on: it
            has seen no text of the task itself.
        others_train_file: its training rows: of as many further notes as the task has training
            rows those on which all annotators agree.
    """

    task_file: Path
    train_file: Path
    test_file: Path
    others_task_file: Path
    others_train_file: Path
    num_others: int


@dataclass(frozen=True, slots=True)
class AnnotatedNote:
    """A note, what each annotator called it, and the majority."""

    text: str
    label: str
    annotations: tuple[str, ...]

    @property
    def is_unanimous(self) -> bool:
        """Return whether all annotators agree."""
        return len(set(self.annotations)) == 1


def write_simulated_task(  # noqa: PLR0913 - keywords, each of which makes another task
    folder: Path,
    name: str,
    *,
    dial: float,
    num_train: int,
    num_test: int,
    num_annotators: int,
    seed: int,
) -> SimulatedFiles:
    """Write a simulated task under ``folder``; it works wherever the folder is moved to.

    Args:
        folder: gets ``tasks/<name>.yaml``, ``tasks/<name>_others.yaml`` and ``data/<name>/``.
        dial: subjectivity, in [0, 1].
        num_train: training rows, at least 2.
        num_test: test rows, at least 2.
        num_annotators: odd, so that there always is a majority.

    Returns:
        The paths of all that was written.

    Raises:
        ConfigError: a value lies outside its range.
        MachineError: the folder cannot be written.
    """
    _check_arguments(name, dial, num_annotators, min(num_train, num_test))
    # distinct notes: what the generator is trained on is in neither part of the task
    notes = draw_notes(2 * num_train + num_test, dial, num_annotators, seed)
    train, test = notes[:num_train], notes[num_train : num_train + num_test]
    others = [note for note in notes[num_train + num_test :] if note.is_unanimous]
    others_name = f"{name}_others"
    data = folder / "data" / name
    files = SimulatedFiles(
        task_file=folder / "tasks" / f"{name}.yaml",
        train_file=data / "train.jsonl",
        test_file=data / "test.jsonl",
        others_task_file=folder / "tasks" / f"{others_name}.yaml",
        others_train_file=data / "others.jsonl",
        num_others=len(others),
    )
    _write_rows(files.train_file, train)
    _write_rows(files.test_file, test)
    _write_rows(files.others_train_file, others)
    for path, written, rows, comment in (
        (files.task_file, name, files.train_file, "All training rows."),
        (
            files.others_task_file,
            others_name,
            files.others_train_file,
            "Other notes on which all annotators agree: to train a simulated generator on.",
        ),
    ):
        text = TASK_TEMPLATE.format(
            name=json.dumps(written),
            dial=dial,
            num_annotators=num_annotators,
            seed=seed,
            train_comment=comment,
            min_words=MIN_WORDS,
            max_words=MAX_WORDS,
            train=json.dumps(f"../data/{name}/{rows.name}"),
            test=json.dumps(f"../data/{name}/{files.test_file.name}"),
        )
        write_text(path, text)
    return files


def draw_notes(num_notes: int, dial: float, num_annotators: int, seed: int) -> list[AnnotatedNote]:
    """Return distinct annotated notes; the texts depend on ``seed`` alone.

    Args:
        num_notes: how many; the first ones stay the same when more are asked for.
        dial: subjectivity, in [0, 1].
    """
    normal = NormalDist()
    leanings = [
        LEANING * normal.inv_cdf((position + 0.5) / num_annotators)
        for position in range(num_annotators)
    ]
    seen: set[str] = set()
    notes = []
    for index in range(num_notes):
        note = _draw_new_note(seed, index, seen)
        rng = random.Random(derive_seed(seed, "reading", index))  # noqa: S311 - no secret
        annotations = tuple(
            LABELS[0] if note[1] > dial * (leaning + MOOD * rng.gauss()) else LABELS[1]
            for leaning in leanings
        )
        majority = max(LABELS, key=annotations.count)
        notes.append(AnnotatedNote(note[0], majority, annotations))
    return notes


def _draw_new_note(seed: int, index: int, seen: set[str]) -> tuple[str, float]:
    for attempt in range(MAX_ATTEMPTS):
        rng = random.Random(derive_seed(seed, "note", index, attempt))  # noqa: S311 - no secret
        note = write_note(rng)
        key = match_key(note.text)
        if key not in seen:
            seen.add(key)
            return note.text, note.score
    msg = f"the grammar has no new note after {MAX_ATTEMPTS} draws"
    raise AssertionError(msg)


def _check_arguments(name: str, dial: float, num_annotators: int, fewest_rows: int) -> None:
    where = f"simulated task {name!r}"
    try:
        check_task_name(name)
    except ValueError as error:
        raise ConfigError(str(error), where=where) from error
    if not 0 <= dial <= 1:
        raise ConfigError(f"dial={dial} lies outside [0, 1]", where=where)
    if num_annotators < 1 or num_annotators % 2 == 0:
        raise ConfigError(
            f"num_annotators={num_annotators} leaves ties", where=where, fix="use an odd number"
        )
    if fewest_rows < 2:
        raise ConfigError(
            f"a part has {fewest_rows} row(s)", where=where, fix="ask for 2 rows at least"
        )


def _write_rows(path: Path, notes: Iterable[AnnotatedNote]) -> None:
    lines = [
        json.dumps(
            {"text": note.text, "label": note.label, "annotations": list(note.annotations)},
            ensure_ascii=False,
        )
        for note in notes
    ]
    write_text(path, "".join(f"{line}\n" for line in lines))
