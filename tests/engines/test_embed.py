"""Embedders: unit rows, no NaN, a text's vector does not depend on its neighbours."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_local.engines.embed.choose import open_embedder
from synth_local.engines.embed.hashed import HASHED
from synth_local.engines.embed.vectors import normalize_rows
from synth_local.errors import MachineError

TEXTS = st.lists(st.text(max_size=60), min_size=1, max_size=8)


@given(TEXTS)
@settings(max_examples=50, deadline=None)
def test_hashed_rows_have_length_one_whatever_the_text(texts: list[str]) -> None:
    vectors = open_embedder(None).encode(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(texts), 4096)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)


@given(TEXTS)
@settings(max_examples=50, deadline=None)
def test_a_hashed_row_depends_on_its_own_text_alone(texts: list[str]) -> None:
    embedder = open_embedder(None)
    together = embedder.encode(texts)
    alone = np.concatenate([embedder.encode([text]) for text in texts])
    assert np.array_equal(together, alone)


def test_hashed_vectors_are_near_where_texts_share_spelling() -> None:
    win, won, meet = open_embedder(None).encode(
        ["You have won a prize, call now", "You have won prizes, call us now", "see you at seven"]
    )
    assert win @ won > 0.6
    assert abs(win @ meet) < 0.2


def test_unrelated_texts_are_orthogonal_on_average() -> None:
    generator = np.random.default_rng(0)
    words = ["".join(generator.choice(list("abcdefghijklmnopqrstuvwxyz"), 7)) for _ in range(1200)]
    texts = [" ".join(words[start : start + 12]) for start in range(0, 1200, 12)]
    vectors = open_embedder(None).encode(texts)
    cosines = (vectors @ vectors.T)[np.triu_indices(len(texts), k=1)]
    assert abs(cosines.mean()) < 0.005


def test_empty_texts_equal_one_another_and_nothing_is_nan() -> None:
    vectors = open_embedder(None).encode(["", "   ", "a text"])
    assert vectors[0] @ vectors[1] == 1.0
    assert np.isfinite(vectors).all()


def test_no_texts_give_no_rows() -> None:
    assert open_embedder(None).encode([]).shape == (0, 4096)


def test_the_method_without_a_folder_is_named_and_has_a_fixed_identity() -> None:
    embedder = open_embedder(None)
    assert embedder.name == HASHED == "hashed-char-ngrams"
    assert embedder.digest == open_embedder(None).digest
    assert len(embedder.digest) == 64


def test_rows_of_zeros_become_the_first_unit_vector() -> None:
    rows = normalize_rows(np.array([[0.0, 0.0], [3.0, 4.0]]))
    assert rows.tolist() == [[1.0, 0.0], [pytest.approx(0.6), pytest.approx(0.8)]]


@pytest.mark.parametrize("content", [None, "[]", "{not json"])
def test_a_folder_without_settings_is_the_machines_problem(
    tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(MachineError, match="embedder") as error:
        open_embedder(tmp_path)
    assert error.value.fix


def test_a_broken_static_folder_is_the_machines_problem(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "model2vec"}))
    with pytest.raises(MachineError, match="embedder"):
        open_embedder(tmp_path)


@pytest.mark.data
def test_a_real_static_embedder_knows_what_sentences_mean() -> None:
    folder = Path(os.environ["SYNTH_LOCAL_DATA"]).parent / "models" / "potion-base-4m-int8"
    if not folder.is_dir():
        pytest.skip("no static embedder beside the data")
    embedder = open_embedder(folder)
    film, movie, parcel, nothing = embedder.encode(
        ["a wonderful film", "this movie is great", "your parcel is at the post office", ""]
    )
    assert film @ movie > film @ parcel + 0.1
    assert np.linalg.norm(nothing) == pytest.approx(1.0)
    assert embedder.name == "potion-base-4m-int8"
    assert embedder.encode([]).shape == (0, 128)
    assert np.allclose(embedder.encode(["a wonderful film"])[0], film, atol=1e-6)
