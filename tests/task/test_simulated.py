from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_local.core.text import match_key, shingles
from synth_local.errors import ConfigError
from synth_local.task import load_splits, load_task
from synth_local.task.grammar import DEGREES, STRENGTHS
from synth_local.task.simulated import AnnotatedNote, SimulatedFiles, draw_notes
from synth_local.task.simulated import write_simulated_task as write_task


def write(folder: Path, dial: float = 0.6, name: str = "visits-06") -> SimulatedFiles:
    return write_task(
        folder, name, dial=dial, num_train=300, num_test=100, num_annotators=5, seed=0
    )


def test_what_is_written_loads_as_a_task(tmp_path: Path) -> None:
    files = write(tmp_path)
    task = load_task(files.task_file)
    parts = load_splits(task, min_pool_per_label=4)
    assert task.name == "visits-06"
    assert len(parts.test) == 100
    assert len(parts.train) + len(parts.validation) == 300
    lengths = [len(row.text.split()) for row in (*parts.train, *parts.test)]
    assert task.spec.length.max_words is not None
    assert task.spec.length.min_words <= min(lengths) <= max(lengths) <= task.spec.length.max_words


def test_the_folder_may_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = load_task(write(tmp_path / "a").task_file).digest
    shutil.move(tmp_path / "a", tmp_path / "b")
    monkeypatch.setenv("SYNTH_LOCAL_DATA", str(tmp_path / "nowhere"))
    assert load_task(tmp_path / "b/tasks/visits-06.yaml").digest == digest


def test_a_generator_is_given_other_notes_of_the_same_kind_that_all_agree_about(
    tmp_path: Path,
) -> None:
    files = write(tmp_path)
    whole, others = load_task(files.task_file), load_task(files.others_task_file)
    assert others.name == f"{whole.name}_others"
    same = {"data", "name"}
    assert others.spec.model_dump(exclude=same) == whole.spec.model_dump(exclude=same)
    rows = [json.loads(line) for line in files.others_train_file.open(encoding="utf-8")]
    assert 0 < len(rows) == files.num_others < 300
    assert all(len(set(row["annotations"])) == 1 for row in rows)
    known = {
        match_key(json.loads(line)["text"])
        for path in (files.train_file, files.test_file)
        for line in path.open(encoding="utf-8")
    }
    assert not known & {match_key(row["text"]) for row in rows}


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 1), st.sampled_from([1, 3, 5, 7]), st.integers(0, 2**31))
def test_gold_is_the_majority_and_texts_are_distinct(
    dial: float, num_annotators: int, seed: int
) -> None:
    notes = draw_notes(60, dial, num_annotators, seed)
    assert len({match_key(note.text) for note in notes}) == 60
    for note in notes:
        assert len(note.annotations) == num_annotators
        assert note.annotations.count(note.label) * 2 > num_annotators


def test_the_dial_changes_readings_and_never_texts() -> None:
    dials = [draw_notes(400, dial, 5, seed=1) for dial in (0.0, 0.4, 0.8)]
    assert len({tuple(note.text for note in notes) for notes in dials}) == 1
    shares = [sum(note.is_unanimous for note in notes) / 400 for notes in dials]
    assert shares[0] == 1.0
    assert shares[0] > shares[1] > shares[2]
    assert 0.4 < Counter(note.label for note in dials[2])["pleased"] / 400 < 0.6


def test_more_notes_begin_with_the_same_notes() -> None:
    assert draw_notes(50, 0.5, 3, seed=2)[:20] == draw_notes(20, 0.5, 3, seed=2)


def test_words_of_the_grammar_are_in_one_grade_each() -> None:
    words = [word for level in STRENGTHS.values() for word in level]
    assert len(words) == len(set(words))
    assert sorted(STRENGTHS) == sorted(-level for level in STRENGTHS)
    assert all(factor > 0 for factor in DEGREES.values())


@pytest.mark.parametrize(
    ("name", "dial", "num_annotators", "num_test", "said"),
    [
        ("a__b", 0.5, 3, 9, "hold no '__'"),
        ("a", 1.5, 3, 9, "outside"),
        ("a", 0.5, 4, 9, "leaves ties"),
        ("a", 0.5, 3, 1, r"1 row\(s\)"),
    ],
)
def test_values_out_of_range_are_refused(
    tmp_path: Path, name: str, dial: float, num_annotators: int, num_test: int, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        write_task(
            tmp_path, name, dial=dial, num_train=9, num_test=num_test,
            num_annotators=num_annotators, seed=0,
        )  # fmt: skip
    assert not list(tmp_path.iterdir())


def score_student(notes: list[AnnotatedNote]) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.metrics import f1_score  # noqa: PLC0415

    texts, labels = [note.text for note in notes], [note.label for note in notes]
    vectors = TfidfVectorizer(sublinear_tf=True).fit(texts[:2000])
    model = LogisticRegression(C=10, max_iter=1000)
    model.fit(vectors.transform(texts[:2000]), labels[:2000])
    predicted = model.predict(vectors.transform(texts[2000:]))
    return float(f1_score(labels[2000:], predicted, average="macro"))


@pytest.mark.slow
def test_the_label_is_learnable_and_less_so_as_the_dial_goes_up() -> None:
    objective = score_student(draw_notes(3000, 0.0, 5, seed=0))
    subjective = score_student(draw_notes(3000, 0.8, 5, seed=0))
    assert objective > 0.9
    assert 0.7 < subjective < objective - 0.06


@pytest.mark.slow
def test_few_of_three_thousand_notes_are_near_duplicates() -> None:
    from sklearn.feature_extraction.text import CountVectorizer  # noqa: PLC0415

    texts = [note.text for note in draw_notes(3000, 0.0, 1, seed=0)]
    counts = CountVectorizer(analyzer=shingles, binary=True, dtype="int32").fit_transform(texts)
    shared = (counts @ counts.T).toarray()  # (texts, texts)
    sizes = shared.diagonal()
    jaccard = shared / (sizes[:, None] + sizes[None, :] - shared)
    repeats = (jaccard >= 0.7).sum(axis=1) > 1
    assert repeats.mean() < 0.1


def test_four_thousand_distinct_notes_are_easily_had() -> None:
    assert len({match_key(note.text) for note in draw_notes(4000, 0.0, 1, seed=9)}) == 4000
