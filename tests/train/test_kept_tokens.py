"""Texts are tokenised once per task and student, however many training sets they are in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synth_local.train.cell import prepare_student
from synth_local.train.encoder import tokens
from synth_local.train.students import StudentRef
from tests.train.made_students import QUICK, make_data, make_encoder

pytestmark = pytest.mark.slow  # torch and transformers take seconds to import


def test_further_training_sets_of_a_student_tokenise_only_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    tokenise = tokens.tokenise

    def note(tokenizer: Any, texts: list[str], limit: int) -> Any:
        seen.append(list(texts))
        return tokenise(tokenizer, texts, limit)

    monkeypatch.setattr(tokens, "tokenise", note)
    student = StudentRef("tiny", make_encoder(tmp_path / "tiny"))
    data = make_data(30)
    cut = replace(data, train=[*data.train[5:20], *data.train[5:8]])  # rows may come twice
    grown = make_data(33)
    kept: dict[StudentRef, Any] = {}
    for one in (data, cut, grown):
        prepare_student(student, one, QUICK, kept)
    texts = [text for batch in seen for text in batch]
    assert len(texts) == len(set(texts))
    assert set(texts) == {row.text for row in (*grown.train, *grown.test)}

    shared: Any = prepare_student(student, cut, QUICK, kept).student
    alone: Any = prepare_student(student, cut, QUICK).student
    for ours, theirs in (
        (shared.train_rows, alone.train_rows),
        (shared.test_rows, alone.test_rows),
    ):
        assert [row.tolist() for row in ours.ids] == [row.tolist() for row in theirs.ids]
        assert np.array_equal(ours.lengths, theirs.lengths)
        assert ours.pad_id == theirs.pad_id


def test_a_student_from_scratch_never_reads_texts_of_another_training_set() -> None:
    kept: dict[StudentRef, Any] = {}
    student = StudentRef("scratch-bert")
    few, many = make_data(10), make_data(48)
    prepare_student(student, many, QUICK, kept)
    shared: Any = prepare_student(student, few, QUICK, kept).student
    alone: Any = prepare_student(student, few, QUICK).student
    assert shared.tokenizer.get_vocab() == alone.tokenizer.get_vocab()
    assert not kept
